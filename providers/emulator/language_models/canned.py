"""Models without a model: replies from a list, and an echo of the caller."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from providers.emulator.conversation.ports import Messages, ToolWish

HEARD = "You said: "
"""Before the words of an echo that a person shall take for one."""


class ScriptedReplies:
    """A model that gives its replies in turn; after the last one it begins again."""

    def __init__(self, replies: Sequence[str]) -> None:
        self._replies = tuple(replies)
        self._given = 0

    async def answer(self, messages: Messages, /) -> AsyncGenerator[str | ToolWish, None]:
        """The next reply, as one piece."""
        if self._replies:
            reply = self._replies[self._given % len(self._replies)]
            self._given += 1
            yield reply


class EchoReplies:
    """A model that says what the caller said."""

    def __init__(self, before: str = "") -> None:
        self._before = before

    async def answer(self, messages: Messages, /) -> AsyncGenerator[str | ToolWish, None]:
        """The caller's last words."""
        words = last_words(messages)
        if words:
            yield f"{self._before}{words}"


def last_words(messages: Messages) -> str:
    """What the caller said last: every message since the assistant's own last one."""
    said: list[str] = []
    for message in reversed(messages):
        if message.get("role") == "assistant" and message.get("content"):
            break
        if message.get("role") == "user":
            said.append(str(message.get("content") or ""))
    return " ".join(reversed(said)).strip()

"""The assistant's words in the playground: an echo, lines that were written down, or any OpenAI-compatible model."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from providers.emulator.conversation.ports import Messages, ModelPort, PortError, ToolWish
from providers.playground.wire import ModelChoice

__all__ = ["model_of"]

_SECONDS = httpx.Timeout(30.0)
_NOTHING_HEARD = "I did not hear anything."


def model_of(chosen: ModelChoice, client: httpx.AsyncClient) -> ModelPort:
    """The model that a page has chosen."""
    if chosen.kind == "url":
        return _Remote(chosen.url.rstrip("/"), chosen.name, client)
    return _Script(list(chosen.replies)) if chosen.kind == "scripted" and chosen.replies else _Echo()


@dataclass(frozen=True, slots=True)
class _Echo:
    """Says what the caller said."""

    async def answer(self, messages: Messages, /) -> AsyncGenerator[str | ToolWish, None]:
        """One sentence."""
        heard = next((str(one.get("content") or "") for one in reversed(messages) if one.get("role") == "user"), "")
        yield f"You said: {heard}" if heard else _NOTHING_HEARD


@dataclass(slots=True)
class _Script:
    """Gives its replies in order, then the last one again."""

    replies: list[str]
    given: int = field(default=0)

    async def answer(self, messages: Messages, /) -> AsyncGenerator[str | ToolWish, None]:
        """The next reply."""
        reply = self.replies[min(self.given, len(self.replies) - 1)]
        self.given += 1
        yield reply


@dataclass(frozen=True, slots=True)
class _Remote:
    """Any server with the chat completions of OpenAI's API."""

    base: str
    name: str
    client: httpx.AsyncClient

    async def answer(self, messages: Messages, /) -> AsyncGenerator[str | ToolWish, None]:
        """Pieces of text as they come."""
        body = {"model": self.name, "messages": list(messages), "stream": True}
        try:
            async with self.client.stream(
                "POST", f"{self.base}/chat/completions", json=body, timeout=_SECONDS
            ) as response:
                if response.status_code != 200:
                    raise PortError(f"model: HTTP {response.status_code}")
                async for line in response.aiter_lines():
                    if piece := _piece(line):
                        yield piece
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise PortError(f"model: {type(error).__name__}") from None


def _piece(line: str) -> str:
    """The text of one server-sent line; empty without one."""
    data = line.removeprefix("data:").strip()
    if not line.startswith("data:") or data == "[DONE]":
        return ""
    try:
        chunk: Any = msgspec.json.decode(data)
        return str(chunk["choices"][0]["delta"].get("content") or "")
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError):
        return ""

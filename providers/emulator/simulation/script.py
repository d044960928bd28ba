"""The model of a scenario: replies by what the caller said, or one after the other."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio

from providers.emulator.conversation.ports import Messages, ToolWish
from providers.emulator.conversation.virtual_parts import ModelPlan
from providers.emulator.simulation.scenario import Reply, ScriptedModel
from providers.emulator.utterances import words

_LAST = Reply(say="All right.")
"""What the model says when its replies have run out."""


class ScriptedAnswers:
    """A model that follows a script; for the virtual driver by `plan`, for the live one by `answer`."""

    def __init__(self, script: ScriptedModel) -> None:
        self._script = script
        replies = [Reply(say=one) if isinstance(one, str) else one for one in script.replies]
        self._in_turn = [one for one in replies if one.when is None]
        self._by_words = [one for one in replies if one.when is not None]
        self._in_turn_used: dict[int, bool] = {}
        """For each turn of the caller's, by its number, whether a reply of the plain list answered it."""

    def plan(self, messages: Messages) -> ModelPlan:
        """The answer to a request, with its delays."""
        reply = self._reply(messages)
        if reply.tool is not None and not _answered(messages):
            return ModelPlan((), ((reply.tool, reply.parameters),), self._script.delay)
        return ModelPlan.saying(reply.say, self._script.delay, self._script.words_per_second)

    async def answer(self, messages: Messages, /) -> AsyncGenerator[str | ToolWish, None]:
        """The same in real time."""
        plan, now = self.plan(messages), 0.0
        for delay, piece in plan.words:
            await anyio.sleep(delay - now)
            now = delay
            yield piece
        for index, (name, parameters) in enumerate(plan.tools):
            await anyio.sleep(max(plan.ends - now, 0.0))
            now = plan.ends
            yield ToolWish(f"call-{_turn(messages)}-{index}", name, parameters)

    def _reply(self, messages: Messages) -> Reply:
        """The answer to the caller's latest turn; asked again for the same turn, it may be another."""
        turn = _turn(messages)
        said = [str(message.get("content") or "") for message in messages if message.get("role") == "user"]
        heard = " ".join(words(said[-1])) if said else ""
        for reply in self._by_words:
            if " ".join(words(reply.when or "")) in heard:
                self._in_turn_used[turn] = False
                return reply
        self._in_turn_used[turn] = True
        place = sum(used for earlier, used in self._in_turn_used.items() if earlier < turn)
        return self._in_turn[place] if place < len(self._in_turn) else _LAST


def _turn(messages: Messages) -> int:
    """How often the caller had a turn; what is said without an answer between is one."""
    return sum(message.get("role") == "user" for message in messages)


def _answered(messages: Messages) -> bool:
    """Whether the last thing that happened is a tool's answer."""
    return bool(messages) and messages[-1].get("role") == "tool"

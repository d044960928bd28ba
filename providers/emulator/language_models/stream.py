"""The stream of a chat completion: server-sent events in, pieces of text and wishes for tools out. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from providers.emulator.conversation.ports import PortError, ToolWish

_LONGEST_LINE = 1 << 20
"""Characters."""


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct):
    index: int = 0
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Fault(msgspec.Struct):
    message: str = ""


class _Event(msgspec.Struct):
    choices: list[_Choice] = []
    error: _Fault | str | None = None


@dataclass(slots=True)
class _Wish:
    """A tool call whose arguments are still coming."""

    id: str = ""
    name: str = ""
    arguments: str = ""


class CompletionStream:
    """One answer of a model; fed with the lines of its body."""

    def __init__(self) -> None:
        self._wishes: dict[int, _Wish] = {}
        self._finished = False
        self.done = False
        """True after the server's last event."""

    def feed(self, line: str) -> str:
        """The text in a line; empty in most.

        Raises
        ------
        PortError
            The server reports an error, or the line is no event of a chat completion.
        """
        if len(line) > _LONGEST_LINE:
            raise PortError(
                f"the model's stream has a line of {len(line)} characters; at most {_LONGEST_LINE} are read"
            )
        field, _, value = line.partition(":")
        if field != "data" or self.done:  # comments, event names and the lines between
            return ""
        value = value.strip()
        if value == "[DONE]":
            self.done = True
            return ""
        try:
            event = msgspec.json.decode(value, type=_Event)
        except msgspec.DecodeError as fault:
            raise PortError(f"the model's stream: expected events of a chat completion: {fault}") from fault
        if event.error is not None:
            told = event.error if isinstance(event.error, str) else event.error.message
            raise PortError(f"the model failed: {told[:300]}")
        return "".join(self._delta(choice) for choice in event.choices[:1])

    def _delta(self, choice: _Choice) -> str:
        self._finished = self._finished or choice.finish_reason is not None
        delta = choice.delta
        if delta is None:
            return ""
        for call in delta.tool_calls or ():
            wish = self._wishes.setdefault(call.index, _Wish())
            wish.id = call.id or wish.id
            if call.function is not None:
                wish.name = call.function.name or wish.name
                wish.arguments += call.function.arguments or ""
        return delta.content or ""

    def finish(self) -> list[ToolWish]:
        """The tools that the model wants, once the body has ended.

        Raises
        ------
        PortError
            The body broke off, or the arguments of a tool are no JSON object.
        """
        if not (self.done or self._finished):
            raise PortError("the model's stream broke off before its end")
        return [
            ToolWish(wish.id or f"call_{index}", wish.name, _arguments(wish))
            for index, wish in sorted(self._wishes.items())
        ]


def _arguments(wish: _Wish) -> dict[str, Any]:
    try:
        return msgspec.json.decode(wish.arguments or "{}", type=dict[str, Any])
    except msgspec.DecodeError as fault:
        raise PortError(f"the model's arguments for the tool {wish.name!r} are no JSON object: {fault}") from fault

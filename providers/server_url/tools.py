"""Calls of tools, in each of the forms that are sent: parameters or arguments, as an object or as a string of JSON."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["Tool", "ToolCall", "ToolWithCall"]


class Tool(msgspec.Struct, rename="camel"):
    """One call of a tool, in either of the forms that are sent."""

    id: str = ""
    name: str = ""
    parameters: dict[str, Any] | str | None = None
    arguments: dict[str, Any] | str | None = None
    function: _Function | None = None

    def as_call(self) -> ToolCall:
        """The call with its name and arguments wherever they stood."""
        inner = self.function or _Function()
        for given in (self.parameters, self.arguments, inner.arguments, inner.parameters):
            if given is not None:
                return ToolCall(self.id, self.name or inner.name, _arguments(given))
        return ToolCall(self.id, self.name or inner.name, {})


class _Function(msgspec.Struct):
    name: str = ""
    arguments: dict[str, Any] | str | None = None
    parameters: dict[str, Any] | str | None = None


class ToolCall(msgspec.Struct, frozen=True):
    """One call of a tool: name and arguments."""

    id: str
    name: str
    arguments: dict[str, Any]


class ToolWithCall(msgspec.Struct, rename="camel"):
    """Call of a tool beside the tool's own definition."""

    name: str = ""
    tool_call: Tool | None = None


def _arguments(given: dict[str, Any] | str) -> dict[str, Any]:
    """A tool's arguments, which older assistants send as a string of JSON."""
    if isinstance(given, dict):
        return given
    try:
        found = msgspec.json.decode(given)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

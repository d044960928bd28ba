"""Sources of answers: the user's own code, a file of answers, one assistant, another server.

Each is asked in this order, and the first one that has an answer for a type gives it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol

import msgspec

from providers.errors import SettingsError, one_line
from providers.server_url.answers import Json, tool_results
from providers.server_url.messages import TYPES, ServerMessage, ToolCalls

__all__ = ["HANDLERS_GROUP", "AnswerSource", "CodeHandler", "FixedAssistant", "StaticAnswers", "load_handler", "method"]

HANDLERS_GROUP = "vapi_providers.handlers"
"""Entry points of other packages."""

_LARGEST_FILE = 1024 * 1024
"""Bytes of a file of answers."""


class AnswerSource(Protocol):
    """Something that may answer messages."""

    @property
    def name(self) -> str:
        """For logs and errors."""
        ...

    def takes(self, message: ServerMessage) -> bool:
        """Whether it has something to do with this message."""
        ...

    async def answer(self, message: ServerMessage) -> Any:
        """The answer: an object, a struct of `providers.server_url.answers`, or None for an empty object.

        Whatever it raises is logged and told to the platform as a failure.
        """
        ...


def method(kind: str) -> str:
    """Name of a handler's method for a type.

    >>> method("assistant-request"), method("assistant.speechStarted"), method("call.artifact.upload")
    ('assistant_request', 'assistant_speech_started', 'call_artifact_upload')
    """
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()
    return re.sub(r"\W+", "_", snake).strip("_")


class CodeHandler:
    """The user's own object: an async method for each type that it takes, named after the type."""

    def __init__(self, name: str, handler: Any) -> None:
        self.name = name
        self._methods = {kind: found for kind in TYPES if callable(found := getattr(handler, method(kind), None))}
        if not self._methods:
            known = ", ".join(method(kind) for kind in list(TYPES)[:3])
            raise SettingsError(
                [f"--handlers: expected an object with methods such as {known}, found none on {name!r}"]
            )

    def takes(self, message: ServerMessage) -> bool:
        """Whether the object has a method for this type."""
        return message.type in self._methods

    async def answer(self, message: ServerMessage) -> Any:
        """What the method returns."""
        return await self._methods[message.type](message)


class StaticAnswers:
    """Answers of a JSON file, by type; those of ``tool-calls`` by the tool's name."""

    name = "--answers"

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers

    @classmethod
    def read(cls, path: str) -> StaticAnswers:
        """Read the file.

        Raises
        ------
        SettingsError
            It cannot be read, or holds something else.
        """
        try:
            with Path(path).open("rb") as file:
                content = file.read(_LARGEST_FILE)
            answers = msgspec.json.decode(content, type=dict[str, dict[str, Any]])
        except OSError as error:
            raise SettingsError([f"--answers: cannot read {path!r}: {error.strerror or error}"]) from None
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            expected = f"expected a JSON object of objects by type in {path!r}"
            raise SettingsError([f"--answers: {expected}, found something else"]) from None
        if unknown := sorted(set(answers) - set(TYPES)):
            raise SettingsError([f"--answers: expected types of messages in {path!r}, found {unknown[0]!r}"])
        return cls(answers)

    def takes(self, message: ServerMessage) -> bool:
        """Whether the file has an answer for this type, and for one of its tools."""
        found = self._answers.get(message.type)
        if found is None or not isinstance(message, ToolCalls):
            return found is not None
        return any(call.name in found for call in message.calls)

    async def answer(self, message: ServerMessage) -> Json:
        """The file's answer."""
        found: Json = self._answers[message.type]
        if not isinstance(message, ToolCalls):
            return found
        known = [call for call in message.calls if call.name in found]
        return tool_results({call.id: found[call.name] for call in known}, {call.id: call.name for call in known})


class FixedAssistant:
    """One saved assistant for every inbound call."""

    name = "--assistant-id"

    def __init__(self, assistant_id: str) -> None:
        self._id = assistant_id

    def takes(self, message: ServerMessage) -> bool:
        """Whether an assistant is asked for."""
        return message.type == "assistant-request"

    async def answer(self, message: ServerMessage) -> Json:
        """The assistant's id."""
        return {"assistantId": self._id}


def load_handler(name: str) -> CodeHandler:
    """The handler of an installed package by its name, or of a module as ``module:object``.

    A class is made an object of, without arguments.

    Raises
    ------
    SettingsError
        There is none of this name, or it does not import.
    """
    points = {point.name: point for point in entry_points(group=HANDLERS_GROUP)}
    point = points.get(name) or (EntryPoint(name, name, HANDLERS_GROUP) if ":" in name else None)
    if point is None:
        known = f"one of {', '.join(sorted(points))}, or " if points else ""
        raise SettingsError([f"--handlers: expected {known}module:object, found {name!r}"])
    try:
        found = point.load()
        handler = found() if isinstance(found, type) else found
    except Exception as error:
        raise SettingsError([f"--handlers: {name} does not load: {one_line(error)}"]) from error
    return CodeHandler(name, handler)

"""Answers to the platform's questions: what each type may be answered with, checked before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.errors import ProvidersError
from providers.jsonbody import sentence

__all__ = ["Answer", "AssistantAnswer", "BadAnswer", "ToolResult", "checked", "named", "tool_results"]

Json = dict[str, Any]


class BadAnswer(ProvidersError):
    """An answer of the user's own code that the platform would not understand."""


class AssistantAnswer(msgspec.Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """Who takes an inbound call: one of an assistant, a squad, a destination or an error that is spoken."""

    assistant_id: str | None = None
    assistant: Json | None = None
    assistant_overrides: Json | None = None
    squad_id: str | None = None
    squad: Json | None = None
    squad_overrides: Json | None = None
    workflow_id: str | None = None
    workflow: Json | None = None
    workflow_overrides: Json | None = None
    destination: Json | None = None
    error: str | None = None


class ToolResult(msgspec.Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """The result of one call of a tool; what is no text is sent as JSON."""

    tool_call_id: str
    name: str = ""
    result: Any = None
    error: str | None = None
    message: Any = None
    metadata: Json | None = None


class ToolResults(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The results of calls of tools."""

    results: list[ToolResult] | None = None
    error: str | None = None


class DestinationAnswer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Where a call goes."""

    destination: Json | None = None
    message: Any = None
    result: str | None = None
    error: str | None = None


class Document(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Something that is known."""

    content: str
    similarity: float
    uuid: str | None = None


class Documents(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is known about a question."""

    documents: list[Document] | None = None
    message: Any = None


class PredialAnswer(msgspec.Struct):
    """Whether a contact may be called."""

    eligible: bool


Answer = AssistantAnswer | ToolResults | DestinationAnswer | Documents | PredialAnswer

_SHAPES: Mapping[str, Any] = {
    "assistant-request": AssistantAnswer,
    "tool-calls": ToolResults,
    "transfer-destination-request": DestinationAnswer,
    "handoff-destination-request": DestinationAnswer,
    "knowledge-base-request": Documents,
    "campaign.predial": PredialAnswer,
}


def checked(kind: str, answer: Any) -> Json:
    """An answer as JSON, of a shape that the platform reads for this type of message.

    Fields that are not known are kept. None is an empty object.

    Raises
    ------
    BadAnswer
        It has a field of another type, or is no object.
    """
    plain = {} if answer is None else msgspec.to_builtins(answer)
    if not isinstance(plain, dict):
        raise BadAnswer(f"answer to {kind}: expected an object, found {type(plain).__name__}")
    shape = _SHAPES.get(kind)
    if shape is None:
        return plain
    try:
        msgspec.convert(plain, shape)
    except msgspec.ValidationError as error:
        what, where = sentence(error)
        place = f", {where.lstrip('.')}" if where else ""
        raise BadAnswer(f"answer to {kind}{place}: {what}") from None
    if kind == "assistant-request" and not any(plain.values()):
        raise BadAnswer("answer to assistant-request: expected an assistant, a destination or an error, found none")
    return plain


def named(answer: Json, names: Mapping[str, str]) -> Json:
    """Results of tools with the names that the platform wants beside their ids.

    Parameters
    ----------
    names
        The tools' names by the ids of their calls.
    """
    results = answer.get("results")
    if not results:
        return answer
    complete = [{"name": names.get(one["toolCallId"], ""), **_plain(one)} for one in results]
    return {**answer, "results": complete}


def _plain(result: Json) -> Json:
    """A result whose value is text, as the platform reads it; anything else is sent as JSON."""
    value = result.get("result")
    if value is None or isinstance(value, str):
        return result
    return {**result, "result": msgspec.json.encode(value).decode()}


def tool_results(results: Mapping[str, Any], names: Mapping[str, str]) -> Json:
    """Results by the id of the call of a tool, as the platform reads them.

    Parameters
    ----------
    names
        The tools' names by the same ids.
    """
    entries = []
    for call_id, result in results.items():
        text = result if isinstance(result, str) else msgspec.json.encode(result).decode()
        entries.append({"name": names.get(call_id, ""), "toolCallId": call_id, "result": text})
    return {"results": entries}

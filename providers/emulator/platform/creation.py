"""From the body of ``POST /call`` to a call that can be made, or to what is wrong with it in the platform's words."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from providers.emulator.conversation.conversation import Conversation
from providers.emulator.conversation.text.faults import PlanError
from providers.emulator.platform.api_errors import ApiError, invalid
from providers.emulator.platform.assistants import (
    AssistantStore,
    Defaults,
    checked_fields,
    completed,
    overridden,
    parsed,
)
from providers.emulator.platform.calls import Kind, Request
from providers.emulator.platform.schema import CALL_FIELDS, AudioFormat, NewCall

Json = dict[str, Any]
_T = TypeVar("_T")

_ABSENT = ("squadId", "squad", "workflowId", "workflow", "schedulePlan", "customers")
"""Fields of the schema for which the offline platform has nothing."""
_SHOWN = ("assistantId", "assistant", "assistantOverrides", "name", "customer", "metadata", "phoneNumberId")


def read_object(body: bytes) -> Json:
    """A JSON object.

    Raises
    ------
    ApiError
        It is none.
    """
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.ValidationError:
        raise ApiError(400, ["body must be an object"]) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ApiError(400, "body must be JSON") from None


def read(raw: Json, wanted: type[_T], root: str = "") -> _T:
    """A value of the schema; null counts as left out.

    Raises
    ------
    ApiError
        Names the field at fault.
    """
    try:
        return msgspec.convert({name: value for name, value in raw.items() if value is not None}, wanted)
    except msgspec.ValidationError as fault:
        raise invalid(root, fault, wanted) from None


def read_new_call(body: bytes) -> tuple[Json, NewCall]:
    """The body of ``POST /call``, as it came and read.

    Raises
    ------
    ApiError
        Names each field at fault.
    """
    raw = read_object(body)
    stray = sorted(set(raw) - CALL_FIELDS)
    if stray:
        shown = [name if len(name) <= 64 and name.isprintable() else "(not a name)" for name in stray]
        raise ApiError(400, [f"property {name} should not exist" for name in shown])
    absent = [name for name in _ABSENT if raw.get(name) is not None]
    if absent:
        raise ApiError(400, [f"{name} is not played by the offline platform" for name in absent])
    return raw, read(raw, NewCall)


def outgoing(body: bytes, assistants: AssistantStore, defaults: Defaults) -> Request:
    """What a client's ``POST /call`` asks for.

    Raises
    ------
    ApiError
        The call cannot be made.
    """
    raw, wanted = read_new_call(body)
    if wanted.transport is None:
        raise ApiError(400, ["transport should not be empty: the offline platform has calls over sockets alone"])
    if wanted.phone_number_id is not None or wanted.phone_number is not None:
        raise ApiError(400, ["transport and phoneNumberId, phoneNumber are mutually exclusive"])
    if wanted.assistant_id is None and wanted.assistant is None:
        raise ApiError(400, "Need Either `assistant`, `assistantId`, `squad`, Or `squadId`.")
    assistant = chosen_assistant(wanted, assistants)
    about = {name: raw[name] for name in _SHOWN if raw.get(name) is not None}
    return request_of(assistant, defaults, audio=wanted.transport.audio_format, about=about)


def chosen_assistant(wanted: NewCall, assistants: AssistantStore) -> Json:
    """The assistant of a call, its overrides applied.

    Raises
    ------
    ApiError
        There is none of this id, or a field is at fault.
    """
    if wanted.assistant is not None:
        checked_fields("assistant", wanted.assistant)
        assistant = wanted.assistant
    else:
        assistant = assistants.get(wanted.assistant_id or "")
    overrides = wanted.assistant_overrides or {}
    checked_fields("assistantOverrides", overrides)
    return overridden(assistant, overrides)


def request_of(
    assistant: Json, defaults: Defaults, *, audio: AudioFormat, about: Json, kind: Kind = "vapi.websocketCall"
) -> Request:
    """A call that can be made.

    Raises
    ------
    ApiError
        The assistant cannot be played.
    """
    played = completed(assistant, defaults)
    plan = parsed("assistant", played)
    try:
        Conversation(plan, "")
    except PlanError as fault:
        raise ApiError(400, [f"assistant: {fault}"]) from None
    return Request(played, plan, audio, kind, about)

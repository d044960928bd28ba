"""What a client may say during a call, on the transport socket or at the control URL."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from providers.emulator.platform.api_errors import ApiError, invalid

Json = dict[str, Any]


class _Message(msgspec.Struct, rename="camel", frozen=True, tag_field="type"):
    """A message of the client's."""


class Say(_Message, frozen=True, tag="say"):
    """Have the assistant say something."""

    content: str = ""
    end_call_after_spoken: bool = False
    interrupt_assistant_enabled: bool = False
    interruptions_enabled: bool = True


class AddedMessage(msgspec.Struct, frozen=True):
    """A message in the OpenAI spelling."""

    role: Literal["assistant", "function", "user", "system", "developer", "tool"]
    content: str | None = None


class AddMessage(_Message, frozen=True, tag="add-message"):
    """Put a message into the conversation."""

    message: AddedMessage
    trigger_response_enabled: bool = True


class Control(_Message, frozen=True, tag="control"):
    """Change how the assistant behaves."""

    control: Literal["mute-assistant", "unmute-assistant", "mute-customer", "unmute-customer", "say-first-message"]


class EndCall(_Message, frozen=True, tag="end-call"):
    """End the call."""


class HangUp(_Message, frozen=True, tag="hangup"):
    """End the call, in the older spelling."""


class Transfer(_Message, frozen=True, tag="transfer"):
    """Transfer the caller."""

    destination: Json = msgspec.field(default_factory=dict)
    content: str = ""


class SendTransportMessage(_Message, frozen=True, tag="send-transport-message"):
    """A message for the transport itself."""

    message: Json


_KNOWN = Say | AddMessage | Control | EndCall | HangUp | Transfer | SendTransportMessage
_TYPES = "say, add-message, control, end-call, hangup, transfer, send-transport-message"


def read_client_message(body: str | bytes) -> Json:
    """A message of the client's as it came, known to be whole; within ``message`` or without.

    Raises
    ------
    ApiError
        Not a message that the platform knows.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ApiError(400, "body must be JSON") from None
    if isinstance(found, dict) and "type" not in found and isinstance(found.get("message"), dict):
        found = found["message"]
    if not isinstance(found, dict):
        raise ApiError(400, ["body must be an object"])
    if found.get("type") not in _TYPES.split(", "):
        raise ApiError(400, [f"type must be one of the following values: {_TYPES}"])
    try:
        msgspec.convert(found, _KNOWN)
    except msgspec.ValidationError as fault:
        known = next(each for each in _KNOWN.__args__ if each.__struct_config__.tag == found["type"])
        raise invalid("", fault, known) from None
    return found

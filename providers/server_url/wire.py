"""JSON of the Server URL: bytes to a message of its type.

Only what a type's own fields say is decoded. Assistant, artifact, phone number and call ride along and can carry
telephony credentials: of those, the call's id is read and nothing else. A handler that needs more decodes
`ServerMessage.body`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from providers.errors import BadRequest
from providers.jsonbody import decode, field
from providers.server_url.messages import TYPES, ServerMessage

__all__ = ["parse"]

_LONGEST_TYPE = 64
_LONGEST_CALL_ID = 128

FINAL_TRANSCRIPT = 'transcript[transcriptType="final"]'
"""The type of a subscription to finals alone, which is also seen as a message's type."""


class _Outer(msgspec.Struct):
    message: msgspec.Raw | UnsetType = UNSET


class _CallOfMessage(msgspec.Struct):
    id: str | None = None


class _Head(msgspec.Struct):
    type: str
    call: _CallOfMessage | None = None


def parse(body: bytes) -> ServerMessage:
    """Decode a body; a message of a type that is not known is a bare `ServerMessage`.

    Raises
    ------
    BadRequest
        Broken JSON, or a field that is missing or of another type; the message names it, never quoting the body.
    """
    outer = decode(body, _Outer)
    raw, path = (outer.message, "message") if outer.message is not UNSET else (msgspec.Raw(body), "body")
    head: _Head = field(raw, _Head, path)
    kind = "transcript" if head.type == FINAL_TRANSCRIPT else head.type
    message = _typed(raw, TYPES.get(kind, ServerMessage), path)
    message.type = kind[:_LONGEST_TYPE]
    message.call_id = ((head.call.id if head.call else None) or "")[:_LONGEST_CALL_ID]
    message.body = body
    return message


def _typed(raw: msgspec.Raw, shape: type[ServerMessage], path: str) -> ServerMessage:
    """The message as its type. A field that is null counts as absent.

    What only informs is never refused for a field: then it is known by its type alone.
    """
    message: ServerMessage
    try:
        message = field(raw, shape, path)
    except BadRequest as refused:
        given = {name: value for name, value in field(raw, dict[str, Any], path).items() if value is not None}
        try:
            message = msgspec.convert(given, shape)
        except msgspec.ValidationError:
            if shape.answered:
                raise refused from None
            return ServerMessage()
    return message

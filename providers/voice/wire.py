"""The voice request's JSON: bytes in, one `VoiceRequest` out; nothing else knows its shape.

Only the fields that are needed are decoded: assistant, call and artifact ride along and grow through a call, and the
phone number's entry can carry telephony credentials.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from providers import jsonbody
from providers.errors import BadRequest, TooLarge
from providers.rates import EXPECTED_RATE, checked_rate, shown_number

TYPE = "voice-request"

_LONGEST_CALL_ID = 128
"""Characters of a call id that are kept: it goes into a log event."""


@dataclass(frozen=True, slots=True)
class VoiceRequest:
    """One text to speak."""

    text: str
    sample_rate: int
    """Hz, 8000 … 48000."""
    voice: str | None
    """The voice named in the request, None when it names none."""
    call_id: str


@dataclass(frozen=True, slots=True)
class OtherMessage:
    """A message of another type, sent to this URL by mistake."""

    type: str


class _Voice(msgspec.Struct):
    voiceId: str | None = None


class _Assistant(msgspec.Struct):
    voice: _Voice | None = None


class _Call(msgspec.Struct):
    id: str | None = None
    assistant: _Assistant | None = None


class _Fields(msgspec.Struct):
    """The known fields, each still raw: the big ones are passed over once and never copied."""

    type: msgspec.Raw = msgspec.Raw()
    text: msgspec.Raw = msgspec.Raw()
    sampleRate: msgspec.Raw = msgspec.Raw()
    voiceId: msgspec.Raw = msgspec.Raw(b"null")
    voice: msgspec.Raw = msgspec.Raw(b"null")
    assistant: msgspec.Raw = msgspec.Raw(b"null")
    call: msgspec.Raw = msgspec.Raw(b"null")


class _Body(_Fields):
    message: _Fields | None = None
    messsage: _Fields | None = None  # so misspelt in the platform's own schema and every SDK made from it


def parse(body: bytes, *, max_text_chars: int) -> VoiceRequest | OtherMessage:
    """Decode a body, wrapped in ``message``, in the misspelt ``messsage`` or not at all.

    Raises
    ------
    BadRequest
        Broken JSON, or a field that is missing or wrong; the message names it, never quoting the body.
    TooLarge
        The text is longer than ``max_text_chars``.
    """
    outer = jsonbody.decode(body, _Body)
    fields, path = (outer.message or outer.messsage, "message.") if outer.message or outer.messsage else (outer, "")
    assert fields is not None
    kind = jsonbody.field(fields.type, str, path + "type")
    if kind != TYPE:
        return OtherMessage(kind[:64])
    text = jsonbody.field(fields.text, str, path + "text")
    if len(text) > max_text_chars:
        raise TooLarge(f"{path}text: expected at most {max_text_chars} characters, found {len(text)}")
    call = jsonbody.field(fields.call, _Call | None, path + "call") or _Call()
    return VoiceRequest(
        text=text,
        sample_rate=_rate(jsonbody.field(fields.sampleRate, int | float, path + "sampleRate"), path),
        voice=_voice(fields, call, path),
        call_id=(call.id or "")[:_LONGEST_CALL_ID],
    )


def _rate(rate: float, path: str) -> int:
    checked = checked_rate(rate)
    if checked is None:
        raise BadRequest(f"{path}sampleRate: expected {EXPECTED_RATE}, found {shown_number(rate)}")
    return checked


def _voice(fields: _Fields, call: _Call, path: str) -> str | None:
    """The first voice named: no document says under which key it comes, so the likely ones are asked in order."""
    named: str | None = jsonbody.field(fields.voiceId, str | None, path + "voiceId")
    if named:
        return named
    voice: _Voice | None = jsonbody.field(fields.voice, _Voice | None, path + "voice")
    assistant: _Assistant | None = jsonbody.field(fields.assistant, _Assistant | None, path + "assistant")
    places = (voice, assistant and assistant.voice, call.assistant and call.assistant.voice)
    return next((place.voiceId for place in places if place and place.voiceId), None)

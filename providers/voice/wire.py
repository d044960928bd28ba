"""The voice request's JSON: bytes in, one `VoiceRequest` out; nothing else knows its shape.

Only the fields that are needed are decoded: assistant, call and artifact ride along and grow through a call, and the
phone number's entry can carry telephony credentials.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from providers.errors import BadRequest, TooLarge
from providers.jsonbody import Fields, OtherMessage, decode, raw_fields
from providers.rates import EXPECTED_RATE, HIGHEST_RATE, LOWEST_RATE, checked_rate, shown_number

TYPE = "voice-request"

_LONGEST_CALL_ID = 128
"""Characters of a call id that are kept: it goes into a log event."""


_RATE_SCHEMA = {"type": "integer", "minimum": LOWEST_RATE, "maximum": HIGHEST_RATE, "examples": [24000]}
"""The range is checked by `checked_rate`, whose error shows a number of any length."""


@dataclass(frozen=True, slots=True)
class VoiceRequest:
    """One text to speak."""

    text: str
    sample_rate: int
    """Hz, 8000 … 48000."""
    voice: str | None
    """The voice named in the request, None when it names none."""
    call_id: str


class VoiceChoice(msgspec.Struct):
    """An assistant's voice block."""

    voiceId: str | None = None


class VoiceAssistant(msgspec.Struct):
    """The part of an assistant that can name a voice."""

    voice: VoiceChoice | None = None


class VoiceCall(msgspec.Struct):
    """The call that the text belongs to."""

    id: str | None = None
    assistant: VoiceAssistant | None = None


class VoiceMessage(msgspec.Struct):
    """A text to speak."""

    type: Annotated[str, Meta(extra_json_schema={"const": TYPE})]
    text: Annotated[str, Meta(description="What to say; SSML breaks are heard as pauses.")]
    sampleRate: Annotated[
        int | float, Meta(description="Hz of the answer.", examples=[24000], extra_json_schema=_RATE_SCHEMA)
    ]
    voiceId: Annotated[str | None, Meta(description="The engine's own name of a voice.")] = None
    voice: VoiceChoice | None = None
    assistant: VoiceAssistant | None = None
    call: VoiceCall | None = None


_RawMessage = raw_fields(VoiceMessage)


class _Body(_RawMessage):  # type: ignore[valid-type, misc]  # made from `VoiceMessage`
    message: _RawMessage | None = None  # type: ignore[valid-type]
    messsage: _RawMessage | None = None  # type: ignore[valid-type]  # so misspelt in the platform's own schema


def parse(body: bytes, *, max_text_chars: int) -> VoiceRequest | OtherMessage:
    """Decode a body, wrapped in ``message``, in the misspelt ``messsage`` or not at all.

    Raises
    ------
    BadRequest
        Broken JSON, or a field that is missing or wrong; the message names it, never quoting the body.
    TooLarge
        The text is longer than ``max_text_chars``.
    """
    outer = decode(body, _Body)
    inner = outer.message or outer.messsage
    path = "message." if inner else ""
    fields = Fields(inner or outer, VoiceMessage, path)
    kind = fields.take("type")
    if kind != TYPE:
        return OtherMessage(kind[:64])
    text = fields.take("text")
    if len(text) > max_text_chars:
        raise TooLarge(f"{path}text: expected at most {max_text_chars} characters, found {len(text)}")
    call = fields.take("call") or VoiceCall()
    return VoiceRequest(
        text=text,
        sample_rate=_rate(fields.take("sampleRate"), path),
        voice=_voice(fields, call),
        call_id=(call.id or "")[:_LONGEST_CALL_ID],
    )


def _rate(rate: float, path: str) -> int:
    checked = checked_rate(rate)
    if checked is None:
        raise BadRequest(f"{path}sampleRate: expected {EXPECTED_RATE}, found {shown_number(rate)}")
    return checked


def _voice(fields: Fields, call: VoiceCall) -> str | None:
    """The first voice named: no document says under which key it comes, so the likely ones are asked in order."""
    named: str | None = fields.take("voiceId")
    if named:
        return named
    voice: VoiceChoice | None = fields.take("voice")
    assistant: VoiceAssistant | None = fields.take("assistant")
    places = (voice, assistant and assistant.voice, call.assistant and call.assistant.voice)
    return next((place.voiceId for place in places if place and place.voiceId), None)

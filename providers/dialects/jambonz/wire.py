"""Messages of jambonz' custom speech API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from providers.engines.base import Transcript
from providers.error_status import ErrorStatus
from providers.errors import BadRequest, TooLarge
from providers.jsonbody import decode
from providers.rates import EXPECTED_RATE, checked_rate, shown_number

__all__ = [
    "JambonzError",
    "Start",
    "StreamControl",
    "StreamQuery",
    "TtsBody",
    "TtsRequest",
    "connected",
    "error",
    "error_body",
    "is_no_voice",
    "read_start",
    "read_tts",
    "stream_control",
    "stream_query",
    "transcription",
]

_RATE = 8000
"""Hz of a call, where nothing else is said."""
_TTS_RATE = 24000


class StartMessage(msgspec.Struct):
    """The first message of a recognition."""

    type: str
    language: str | None = None
    encoding: str | None = None
    interimResults: bool = False
    sampleRateHz: int | float = _RATE


@dataclass(frozen=True, slots=True)
class Start:
    """How a call is heard."""

    rate: int
    """Hz."""
    language: str | None
    interim: bool


class TtsBody(msgspec.Struct):
    """A text to speak."""

    text: Annotated[str, Meta(description="What to say, plain or in <speak> tags.")]
    language: str | None = None
    voice: Annotated[str | None, Meta(description="The engine's own name; default is its default.")] = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class TtsRequest:
    """One text to speak."""

    text: str
    voice: str | None


@dataclass(frozen=True, slots=True)
class StreamQuery:
    """How a socket speaks."""

    rate: int
    """Hz."""
    voice: str | None


class StreamControl(msgspec.Struct):
    """A message to a socket that speaks."""

    type: str = ""
    text: str = ""


class JambonzError(msgspec.Struct):
    """An error."""

    error: str


def read_start(text: str) -> Start | None:
    """The first message of a recognition; None for another one.

    Raises
    ------
    BadRequest
    """
    found: StartMessage = decode(text.encode(errors="replace"), StartMessage)
    if found.type != "start":
        return None
    if (found.encoding or "LINEAR16").upper() != "LINEAR16":
        raise BadRequest("encoding: expected LINEAR16, found another one")
    return Start(_checked(found.sampleRateHz, "sampleRateHz"), found.language, found.interimResults)


def read_tts(body: bytes, *, max_text_chars: int) -> TtsRequest:
    """The body of a request for speech.

    Raises
    ------
    BadRequest, TooLarge
    """
    asked: TtsBody = decode(body, TtsBody)
    if not asked.text.strip():
        raise BadRequest("text: expected text, found none")
    if len(asked.text) > max_text_chars:
        raise TooLarge(f"text: expected at most {max_text_chars} characters, found {len(asked.text)}")
    return TtsRequest(asked.text, _voice(asked.voice))


def tts_format(query: Mapping[str, str], *, compressed: bool) -> tuple[str, int]:
    """Format and rate (Hz) of speech: ``?format=mp3|wav|l16&sampleRate=``, mp3 where it can be made.

    Raises
    ------
    BadRequest
    """
    form = query.get("format", "") or ("mp3" if compressed else "wav")
    if form not in ("mp3", "wav", "l16"):
        raise BadRequest("format: expected mp3, wav or l16, found another one")
    return form, _query_rate(query, _TTS_RATE)


def stream_query(query: Mapping[str, str]) -> StreamQuery:
    """The query of a socket that speaks.

    Raises
    ------
    BadRequest
    """
    return StreamQuery(_query_rate(query, _RATE), _voice(query.get("voice")))


def stream_control(text: str) -> StreamControl:
    """A message to a socket that speaks.

    Raises
    ------
    BadRequest
    """
    return decode(text.encode(errors="replace"), StreamControl)  # type: ignore[no-any-return]


def is_stop(text: str) -> bool:
    """Whether a message ends a recognition; unknown ones are ignored."""
    try:
        return msgspec.json.decode(text, type=StreamControl).type == "stop"
    except (msgspec.DecodeError, RecursionError):
        return False


def transcription(transcript: Transcript, language: str | None) -> str:
    """A transcript. No engine here tells a confidence, and an application may ask for one."""
    best = {"transcript": transcript.text, "confidence": 1.0}
    message = {"type": "transcription", "is_final": transcript.final, "alternatives": [best], "channel": 1}
    return msgspec.json.encode({**message, "language": language or "en-US"}).decode()


def connected(rate: int) -> str:
    """The message that a socket which speaks begins with: what its binary frames hold."""
    return msgspec.json.encode({"type": "connect", "data": {"sample_rate": rate, "base64_encoding": False}}).decode()


def error(message: str) -> str:
    """The message before a socket is closed because of an error."""
    return msgspec.json.encode({"type": "error", "error": message}).decode()


def error_body(described: ErrorStatus) -> dict[str, Any]:
    """The JSON of an error."""
    return {"error": described.message}


def is_no_voice(name: str) -> bool:
    """Whether a name stands for the engine's default; jambonz has no voices of its own."""
    return name.lower() == "default"


def _voice(name: str | None) -> str | None:
    return name[:256] if name and name.lower() != "default" else None


def _query_rate(query: Mapping[str, str], default: int) -> int:
    given = query.get("sampleRate", "") or query.get("sample_rate", "") or str(default)
    digits = given.isascii() and given.isdigit() and len(given) <= 6
    return _checked(int(given) if digits else -1, "sampleRate")


def _checked(rate: float, name: str) -> int:
    checked = checked_rate(rate)
    if checked is None:
        raise BadRequest(f"{name}: expected {EXPECTED_RATE}, found {shown_number(rate)}")
    return checked

"""OpenAI's HTTP bodies: bytes to requests, transcripts to answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from providers.error_status import ErrorStatus
from providers.errors import BadRequest, TooLarge
from providers.jsonbody import decode

__all__ = [
    "RATE",
    "OpenAIError",
    "OpenAIFault",
    "SpeechBody",
    "SpeechRequest",
    "TranscriptionRequest",
    "error_body",
    "is_own_voice",
    "read_speech",
    "read_transcription",
]

RATE = 24000
"""Hz of OpenAI's speech."""
_VOICES = frozenset("alloy ash ballad cedar coral echo fable marin nova onyx sage shimmer verse".split())
"""Voices that every client of the vendor may name."""
FORMATS = ("json", "text", "srt", "verbose_json", "vtt")

Voice = Annotated[str, Meta(max_length=256)]


class VoiceReference(msgspec.Struct):
    """A voice by its id."""

    id: Voice


class SpeechBody(msgspec.Struct):
    """A text to speak. Model and instructions are accepted and not looked at."""

    input: Annotated[str, Meta(description="What to say; SSML breaks are heard as pauses.")]
    voice: Annotated[
        Voice | VoiceReference | None, Meta(description="The engine's own name, or one of OpenAI's for its default.")
    ] = None
    model: str | None = None
    instructions: str | None = None
    response_format: Annotated[
        str | None, Meta(description="pcm, wav; mp3 (the default), opus, aac and flac need the extra audio.")
    ] = None
    speed: Annotated[float | None, Meta(description="1, the engine's own.")] = None
    stream_format: Annotated[str | None, Meta(description="audio, or sse.")] = None


class OpenAIFault(msgspec.Struct):
    """What is wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIError(msgspec.Struct):
    """An error, as OpenAI's clients read it."""

    error: OpenAIFault


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One text to speak."""

    text: str
    voice: str | None
    format: str
    events: bool
    """Whether the audio is to come as server-sent events."""


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """One file to hear, apart from the file."""

    format: str
    language: str | None
    words: bool
    segments: bool
    stream: bool


def read_speech(body: bytes, *, max_text_chars: int) -> SpeechRequest:
    """Decode a request for speech.

    Raises
    ------
    BadRequest, TooLarge
    """
    asked: SpeechBody = decode(body, SpeechBody)
    if not asked.input.strip():
        raise BadRequest("input: expected text, found none")
    if len(asked.input) > max_text_chars:
        raise TooLarge(f"input: expected at most {max_text_chars} characters, found {len(asked.input)}")
    if asked.speed not in (None, 1.0):
        raise BadRequest("speed: expected 1, the only one that the engines have, found another")
    stream = asked.stream_format or "audio"
    if stream not in ("audio", "sse"):
        raise BadRequest("stream_format: expected audio or sse, found another one")
    voice = asked.voice.id if isinstance(asked.voice, VoiceReference) else asked.voice
    return SpeechRequest(asked.input, voice or None, asked.response_format or "mp3", stream == "sse")


def is_own_voice(name: str) -> bool:
    """Whether this is one of the vendor's voices, which any of its clients may name."""
    return name.lower() in _VOICES


def read_transcription(fields: Mapping[str, list[str]]) -> TranscriptionRequest:
    """The fields of a request for a transcription; those that are not known are ignored.

    Raises
    ------
    BadRequest
    """
    form = _one(fields, "response_format") or "json"
    if form not in FORMATS:
        raise BadRequest(f"response_format: expected one of {', '.join(FORMATS)}, found another one")
    listed = fields.get("timestamp_granularities[]", []) + fields.get("timestamp_granularities", [])
    if unknown := set(listed) - {"word", "segment"}:
        raise BadRequest(f"timestamp_granularities: expected word or segment, found {len(unknown)} others")
    stream = (_one(fields, "stream") or "false").lower() in ("true", "1")
    return TranscriptionRequest(
        format=form,
        language=_one(fields, "language") or None,
        words="word" in listed,
        segments="segment" in listed or not listed,
        stream=stream,
    )


def _one(fields: Mapping[str, list[str]], name: str) -> str:
    values = fields.get(name, [])
    if len(values) > 1:
        raise BadRequest(f"{name}: expected one value, found {len(values)}")
    return values[0].strip() if values else ""


def error_body(described: ErrorStatus) -> dict[str, Any]:
    """The JSON of an error, as OpenAI's clients read it."""
    param, colon, _ = described.message.partition(":")
    kinds = {401: ("invalid_request_error", "invalid_api_key"), 503: ("server_error", "server_is_overloaded")}
    usual = "invalid_request_error" if described.status < 500 else "server_error"
    kind, code = kinds.get(described.status, (usual, None))
    named = param if colon and described.status in (400, 413, 422) and param.isidentifier() else None
    return {"error": {"message": described.message, "type": kind, "param": named, "code": code}}

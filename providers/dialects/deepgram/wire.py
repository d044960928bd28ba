"""Deepgram's messages: queries and controls in, results out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from providers.engines.base import Transcript, Word
from providers.error_status import ErrorStatus
from providers.errors import BadRequest, TooLarge
from providers.jsonbody import decode

__all__ = [
    "DeepgramError",
    "SpeakBody",
    "SpeakControl",
    "control",
    "error_body",
    "is_own_voice",
    "metadata",
    "read_text",
    "response",
    "results",
    "speak_control",
]

_OWN_VOICE = re.compile(r"aura-[a-z0-9-]{1,60}")


class SpeakBody(msgspec.Struct):
    """A text to speak."""

    text: Annotated[str, Meta(description="What to say; SSML breaks are heard as pauses.")]


class SpeakControl(msgspec.Struct):
    """A message to a socket that speaks."""

    type: str = ""
    text: str = ""


class DeepgramError(msgspec.Struct):
    """An error, as Deepgram's clients read it."""

    err_code: str
    err_msg: str
    request_id: str


class _Control(msgspec.Struct):
    type: str = ""


def read_text(body: bytes, *, max_text_chars: int) -> str:
    """The text of a request for speech.

    Raises
    ------
    BadRequest, TooLarge
    """
    text: str = decode(body, SpeakBody).text
    if not text.strip():
        raise BadRequest("text: expected text, found none")
    if len(text) > max_text_chars:
        raise TooLarge(f"text: expected at most {max_text_chars} characters, found {len(text)}")
    return text


def is_own_voice(name: str) -> bool:
    """Whether this is the vendor's own name of a voice, which any of its clients may send."""
    return _OWN_VOICE.fullmatch(name.lower()) is not None


def control(text: str) -> str:
    """The type of a message to a live socket; empty for one that cannot be read."""
    try:
        return msgspec.json.decode(text, type=_Control).type
    except (msgspec.DecodeError, RecursionError):
        return ""


def speak_control(text: str) -> SpeakControl:
    """A message to a socket that speaks.

    Raises
    ------
    BadRequest
    """
    return decode(text.encode(errors="replace"), SpeakControl)  # type: ignore[no-any-return]


def results(
    transcript: Transcript, *, channel: int, channels: int, request_id: str, model: str, from_finalize: bool = False
) -> str:
    """One Results message. Every final of an engine ends an utterance."""
    return _encoded(
        {
            "type": "Results",
            "channel_index": [channel, channels],
            "start": round(transcript.start, 3),
            "duration": round(max(transcript.end - transcript.start, 0.0), 3),
            "is_final": transcript.final,
            "speech_final": transcript.final and bool(transcript.text),
            "from_finalize": from_finalize,
            "channel": {"alternatives": [_alternative([transcript])]},
            "metadata": {
                "request_id": request_id,
                "model_uuid": request_id,
                "model_info": {"name": model, "version": "", "arch": model},
            },
        }
    )


def metadata(seconds: float, channels: int, *, request_id: str, created: str, sha256: str = "") -> dict[str, Any]:
    """What is known of a socket or a file as a whole."""
    return {
        "transaction_key": "deprecated",
        "request_id": request_id,
        "sha256": sha256,
        "created": created,
        "duration": round(seconds, 3),
        "channels": channels,
    }


def response(heard: Sequence[Sequence[Transcript]], *, about: Mapping[str, Any], model: str, utterances: bool) -> bytes:
    """The answer to a file: the finals of each channel."""
    found: dict[str, Any] = {"channels": [{"alternatives": [_alternative(finals)]} for finals in heard]}
    if utterances:
        listed = [(channel, final) for channel, finals in enumerate(heard) for final in finals]
        found["utterances"] = [_utterance(channel, final) for channel, final in sorted(listed, key=_start)]
    info = {model: {"name": model, "version": "", "arch": model}}
    return msgspec.json.encode({"metadata": {**about, "models": [model], "model_info": info}, "results": found})


def error_body(described: ErrorStatus) -> dict[str, Any]:
    """The JSON of an error, as Deepgram's clients read it."""
    codes = {400: "Bad Request", 401: "INVALID_AUTH", 413: "PAYLOAD_TOO_LARGE", 503: "TOO_MANY_REQUESTS"}
    code = codes.get(described.status, "Bad Request" if described.status < 500 else "INTERNAL_SERVER_ERROR")
    return {"err_code": code, "err_msg": described.message, "request_id": ""}


def _start(listed: tuple[int, Transcript]) -> float:
    return listed[1].start


def _alternative(finals: Sequence[Transcript]) -> dict[str, Any]:
    """The text; no engine here tells a confidence, and the vendor's clients want one."""
    words = [_word(word) for final in finals for word in final.words]
    return {"transcript": " ".join(final.text for final in finals), "confidence": 1.0, "words": words}


def _utterance(channel: int, final: Transcript) -> dict[str, Any]:
    times = {"start": round(final.start, 3), "end": round(final.end, 3), "channel": channel}
    return {**times, **_alternative([final])}


def _word(word: Word) -> dict[str, Any]:
    times = {"start": round(word.start, 3), "end": round(word.end, 3)}
    return {"word": word.text.strip(".,?!").lower(), "punctuated_word": word.text, **times, "confidence": 1.0}


def _encoded(message: Mapping[str, Any]) -> str:
    return msgspec.json.encode(message).decode()

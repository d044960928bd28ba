"""HTTP operations of the dialects, for the description of the routes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from providers.dialects.deepgram.routes import KEY_PATH, LISTEN_PATH, SPEAK_PATH
from providers.dialects.deepgram.wire import DeepgramError, SpeakBody
from providers.dialects.jambonz.routes import TTS_PATH
from providers.dialects.jambonz.wire import JambonzError, TtsBody
from providers.dialects.openai.models import Model, ModelList
from providers.dialects.openai.routes import MODELS_PATH, SPEECH_PATH, TRANSCRIPTIONS_PATH
from providers.dialects.openai.wire import FORMATS, OpenAIError, SpeechBody
from providers.pages.openapi import Json, Operation, Reply

__all__ = ["dialect_operations"]

_FILE_QUERY = ("encoding", "sample_rate", "channels", "language", "multichannel", "punctuate", "utterances")
_SPOKEN = (400, 401, 413, 422, 500, 502, 503)


def dialect_operations(names: Sequence[str]) -> tuple[Operation, ...]:
    """Every HTTP operation of some dialects."""
    return tuple(operation for name in names for operation in _OPERATIONS[name]())


def _openai() -> tuple[Operation, ...]:
    name = {"name": "model", "in": "path", "required": True, "schema": {"type": "string"}}
    return (
        Operation(
            SPEECH_PATH,
            "post",
            "Speak a text, as OpenAI's API does",
            (*_audio("pcm", "wav", "mpeg", "ogg", "aac", "flac"), *_refusals(OpenAIError, *_SPOKEN)),
            body=_schema(SpeechBody),
        ),
        Operation(
            TRANSCRIPTIONS_PATH,
            "post",
            "Hear a file, as OpenAI's API does",
            (
                Reply(200, "What was said."),
                Reply(200, "The same as text or subtitles.", "text/plain"),
                Reply(200, "The same as events.", "text/event-stream"),
                Reply(200, "Subtitles.", "text/vtt"),
                *_refusals(OpenAIError, 400, 401, 413, 500, 502, 503),
            ),
            content={"multipart/form-data": {"schema": _UPLOAD}},
        ),
        Operation(
            MODELS_PATH,
            "get",
            "The engines, as OpenAI's API lists models",
            (Reply(200, "Engines.", shape=ModelList), *_refusals(OpenAIError, 401)),
        ),
        Operation(
            f"{MODELS_PATH}/{{model}}",
            "get",
            "One engine",
            (Reply(200, "The engine.", shape=Model), *_refusals(OpenAIError, 401, 404)),
            parameters=(name,),
        ),
    )


def _deepgram() -> tuple[Operation, ...]:
    return (
        Operation(
            LISTEN_PATH,
            "post",
            "Hear a file, as Deepgram's API does",
            (Reply(200, "What was said."), *_refusals(DeepgramError, 400, 401, 413, 500, 502, 503)),
            content={"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            parameters=tuple(
                _query(name)
                for name in (
                    "encoding",
                    "sample_rate",
                    "channels",
                    "language",
                    "multichannel",
                    "punctuate",
                    "utterances",
                )
            ),
        ),
        Operation(
            SPEAK_PATH,
            "post",
            "Speak a text, as Deepgram's API does",
            (
                *_audio("pcm", "wav", "mulaw", "alaw", "mpeg", "ogg", "aac", "flac"),
                *_refusals(DeepgramError, *_SPOKEN),
            ),
            body=_schema(SpeakBody),
            parameters=tuple(_query(name) for name in ("model", "encoding", "container", "sample_rate")),
        ),
        Operation(
            KEY_PATH,
            "get",
            "Whether a key is accepted, as Deepgram's API tells it",
            (Reply(200, "It is."), *_refusals(DeepgramError, 401)),
        ),
    )


def _jambonz() -> tuple[Operation, ...]:
    return (
        Operation(
            TTS_PATH,
            "post",
            "Speak a text for jambonz",
            (*_audio("mpeg", "wav", "l16"), *_refusals(JambonzError, *_SPOKEN)),
            body=_schema(TtsBody),
            parameters=tuple(_query(name) for name in ("format", "sampleRate")),
        ),
    )


_OPERATIONS: dict[str, Callable[[], tuple[Operation, ...]]] = {
    "openai": _openai,
    "deepgram": _deepgram,
    "jambonz": _jambonz,
}

_UPLOAD: Json = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "model": {"type": "string"},
        "language": {"type": "string"},
        "response_format": {"type": "string", "enum": list(FORMATS)},
        "stream": {"type": "boolean"},
    },
    "required": ["file"],
}


def _audio(*kinds: str) -> tuple[Reply, ...]:
    events = Reply(200, "The same as events.", "text/event-stream")
    return (*(Reply(200, "Sound, streamed as it is made.", f"audio/{kind}") for kind in kinds), events)


def _refusals(shape: Any, *statuses: int) -> tuple[Reply, ...]:
    return tuple(
        Reply(status, "The request was refused.", shape=shape, retry_after=status == 503) for status in statuses
    )


def _query(name: str) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}


def _schema(shape: type[msgspec.Struct]) -> Json:
    """The schema of a body, with everything that it refers to inside."""
    schema = msgspec.json.schema(shape)
    found = schema.pop("$defs")
    name = schema["$ref"].rpartition("/")[2]
    inlined: Json = _inlined(found[name], found)
    return inlined


def _inlined(value: Any, found: Json) -> Any:
    if isinstance(value, dict):
        if "$ref" in value:
            return _inlined(found[value["$ref"].rpartition("/")[2]], found)
        return {key: _inlined(each, found) for key, each in value.items()}
    return [_inlined(each, found) for each in value] if isinstance(value, list) else value

"""Mutated requests: valid ones from which a seeded generator makes others, by structure and by bytes."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

__all__ = ["DIALECTS", "ENDPOINTING", "SERVER_URL", "START", "VOICE", "mutated"]

VOICE: tuple[Any, ...] = (
    {"message": {"type": "voice-request", "text": "Hello, can you hear me?", "sampleRate": 8000}},
    {"message": {"type": "voice-request", "text": 'Wait <break time="2s"/> here.', "sampleRate": 16000}},
    {
        "type": "voice-request",
        "text": "One.",
        "sampleRate": 24000,
        "voiceId": "en-us",
        "call": {"id": "a", "assistant": {"voice": {"voiceId": "de"}}},
    },
)
ENDPOINTING: tuple[Any, ...] = (
    {
        "message": {
            "type": "call.endpointing.request",
            "messagesOpenAIFormatted": [
                {"role": "assistant", "content": "What is your number?"},
                {"role": "user", "content": "It is 555-12"},
            ],
            "assistant": {
                "startSpeakingPlan": {
                    "customEndpointingRules": [
                        {"type": "assistant", "regex": "num(ber)?", "timeoutSeconds": 3},
                        {"type": "both", "assistantRegex": "(a|b)+", "customerRegex": "\\d{3}", "timeoutSeconds": 1},
                    ]
                }
            },
        }
    },
    {"type": "call.endpointing.request", "messages": [{"role": "bot", "message": "Yes?"}, {"role": "user"}]},
)
START: tuple[Any, ...] = (
    {"type": "start", "encoding": "linear16", "container": "raw", "sampleRate": 16000, "channels": 2},
    {"type": "start", "sampleRate": 8000, "channels": 1, "more": {"unknown": [1, 2]}},
)

SERVER_URL: tuple[Any, ...] = (
    {"message": {"type": "status-update", "status": "ended", "endedReason": "x", "call": {"id": "c"}}},
    {"message": {"type": "tool-calls", "toolCallList": [{"id": "1", "name": "f", "parameters": {"a": [1, None]}}]}},
    {"message": {"type": "tool-calls", "toolCallList": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}},
    {"message": {"type": "handoff-destination-request", "parameters": {"team": "x"}, "call": {"id": None}}},
    {"message": {"type": "assistant.speechStarted", "text": "Hi", "turn": 1.5, "timing": {"words": [{}]}}},
    {"type": "speech-update", "role": "user", "status": "started", "turn": 0},
)

DIALECTS: tuple[Any, ...] = (
    {"model": "tts-1", "input": "Hello.", "voice": {"id": "en-us"}, "response_format": "pcm", "speed": 1.0},
    {
        "type": "session.update",
        "event_id": "e",
        "session": {
            "type": "transcription",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": {"model": "whisper-1", "language": "en", "prompt": ""},
                    "turn_detection": {"type": "server_vad", "threshold": 0.5},
                }
            },
        },
    },
    {"type": "transcription_session.update", "session": {"input_audio_format": "g711_ulaw", "turn_detection": None}},
    {"type": "input_audio_buffer.append", "audio": "AAAAgICA"},
    {"encoding": "linear16", "sample_rate": "16000", "channels": "2", "multichannel": "true", "language": "multi"},
    {"encoding": "mulaw", "container": "wav", "sample_rate": "8000", "model": "aura-2-thalia-en", "redact": "pci"},
    {"type": "Speak", "text": "Hello there."},
    {"type": "start", "language": "en-US", "encoding": "LINEAR16", "sampleRateHz": 8000, "interimResults": True},
    {"type": "text", "text": "<speak>Hi.</speak>", "voice": "default", "language": "en-US"},
    {"response_format": "srt", "stream": "true", "timestamp_granularities[]": "word", "sampleRate": "8000"},
)

_TEXTS = (
    "", " ", "\x00", "\x01S1000\x01", "\ud800", "\u202e", "★", "①", "<", "<break", '<break time="10s"/>' * 40,
    ')-अआ"', "…-चाय", "a\u0301" * 300, "-", "9" * 400, "www.example.org/?a=b", "# **bold** [link](x)",
    "en-us+" + "x" * 60,
    "../../etc/passwd", "(?:(?:(?:(?:a){99}){99}){99}){99}", "(a+)+$", "(?<n>a)\\k<n>", "[[:alpha:]]", "{" * 50,
    "😀" * 50,
    "um", "I want to", "five five five",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (None, True, False, 0, -1, 1, 8000.5, 1e308, -1e308, 10**400, 2**63, [], {}, [[]], [{}])


def mutated(rng: random.Random, seeds: tuple[Any, ...]) -> bytes:
    """One body made from one of the seeds: a value replaced, dropped or repeated, or bytes changed."""
    value = json.loads(json.dumps(rng.choice(seeds)))
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        _change_value(rng, value)
    body = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode(errors="surrogatepass")
    if rng.random() < 0.3:
        body = rng.choice(_BYTE_CHANGES)(rng, body)
    return body


def _change_value(rng: random.Random, value: Any) -> None:
    """Walk down to a random place and change what is there."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = rng.choice(keys)
        inner = value[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.8:
            value = inner
            continue
        choice = rng.random()
        if choice < 0.15:
            del value[key]
        elif choice < 0.25 and isinstance(value, list):
            value.extend([inner] * rng.choice((1, 10, 200)))
        elif choice < 0.3:
            value[key] = _nested(rng.choice((10, 100, 2000)))
        elif choice < 0.7:
            value[key] = rng.choice(_TEXTS)
        else:
            value[key] = copy.deepcopy(rng.choice(_VALUES))
        return


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(min(depth, 400)):
        value = [value]
    return value


def _flip(rng: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(rng.choice((1, 2, 8))):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut(rng: random.Random, body: bytes) -> bytes:
    begin, end = sorted((rng.randrange(len(body) + 1), rng.randrange(len(body) + 1)))
    return body[:begin] + body[end:]


def _insert(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body) + 1)
    return body[:at] + rng.choice((b"\x00", b"\xff\xfe", b"[" * 3000, b'"\\ud800"', b"NaN", b"1e999")) + body[at:]


_BYTE_CHANGES: tuple[Callable[[random.Random, bytes], bytes], ...] = (_flip, _cut, _insert)

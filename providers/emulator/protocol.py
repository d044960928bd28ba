"""Vapi's side of the wire: the requests it makes and the transcripts it reads.

Spelled from the protocol notes alone, without a look at ``wire``: a mistake made on both sides would cancel itself out.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

VOICE_PATH = "/api/custom-voice"
TRANSCRIBER_PATH = "/api/custom-transcriber"
ENDPOINTING_PATH = "/api/custom-endpointing"

_ORGANISATION = "00000000-0000-4000-8000-000000000000"

Json = dict[str, Any]
"""A JSON object on its way out."""


@dataclass(frozen=True, slots=True)
class ConversationTurn:
    """One message of a conversation."""

    speaker: Literal["assistant", "user"]
    text: str


@dataclass(frozen=True, slots=True)
class ReceivedTranscript:
    """One transcript as it came over the socket."""

    text: str
    channel: str
    """``customer`` or ``assistant``; the customer when the server does not say."""
    final: bool
    """A transcript without ``transcriptType`` is a final."""


def encoded(value: Json) -> bytes:
    """JSON as it goes over the wire."""
    return msgspec.json.encode(value)


def call_context(call_id: str | None = None) -> Json:
    """What rides along with every request of a call, in the size and shape that real ones have.

    Without an id it is a call of its own; with an empty one the request belongs to no call.
    """
    call = {
        "id": call_id or str(uuid.uuid4()),
        "orgId": "00000000-0000-4000-8000-000000000000",
        "type": "webCall",
    }
    return {
        "timestamp": int(time.time() * 1000),
        **({} if call_id == "" else {"call": call}),
        "assistant": {"name": "Front desk", "model": {"provider": "openai", "model": "gpt-4o"}},
        "customer": {"number": "+15550100"},
        "artifact": {"messages": [], "transcript": ""},
        "assistantVersion": None,
    }


def voice_request(text: str, rate: int, *, voice: str | None = None, call_id: str | None = None) -> Json:
    """The message of a voice request; a voice goes where a server may look for it."""
    message = {"type": "voice-request", "text": text, "sampleRate": rate, **call_context(call_id)}
    if voice is not None:
        message["voiceId"] = voice
        message["assistant"] = message["assistant"] | {"voice": {"provider": "custom-voice", "voiceId": voice}}
    return message


def voice_body(text: str, rate: int, *, voice: str | None = None, call_id: str | None = None) -> bytes:
    """A whole voice request as Vapi sends it."""
    return encoded({"message": voice_request(text, rate, voice=voice, call_id=call_id)})


def start_message(rate: int, *, channels: int = 2, extra: Json | None = None) -> str:
    """The first text frame on a transcriber's socket."""
    start = {"type": "start", "encoding": "linear16", "container": "raw", "sampleRate": rate, "channels": channels}
    return encoded(start | (extra or {})).decode()


def endpointing_body(
    turns: Sequence[ConversationTurn],
    *,
    shape: Literal["both", "messages", "openai"] = "both",
    call_id: str | None = None,
) -> bytes:
    """A whole endpointing request; ``shape`` leaves out one of the two spellings of the conversation."""
    message: Json = {"type": "call.endpointing.request", **call_context(call_id)}
    if shape != "openai":
        message["messages"] = [
            {
                "role": "bot" if turn.speaker == "assistant" else "user",
                "message": turn.text,
                "time": 1_790_000_000_000 + 2000 * index,
                "endTime": 1_790_000_001_500 + 2000 * index,
                "secondsFromStart": 2.0 * index,
            }
            for index, turn in enumerate(turns)
        ]
    if shape != "messages":
        message["messagesOpenAIFormatted"] = [{"role": turn.speaker, "content": turn.text} for turn in turns]
    return encoded({"message": message})


def read_transcript(frame: str | bytes) -> ReceivedTranscript | None:
    """A transcript, or None for any other message; Vapi ignores those too."""
    try:
        message = msgspec.json.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(message, dict) or message.get("type") != "transcriber-response":
        return None
    text = message.get("transcription")
    if not isinstance(text, str):
        return None
    channel = message.get("channel")
    kind = message.get("transcriptType", "final")
    return ReceivedTranscript(text, channel if isinstance(channel, str) else "customer", kind != "partial")


def read_timeout(body: bytes) -> float | None:
    """Seconds from an endpointing answer, or None when it is not one."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    value = answer.get("timeoutSeconds") if isinstance(answer, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)

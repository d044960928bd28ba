"""What a playground call speaks through: this server's endpoints over loopback, with every message on record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from providers.emulator.conversation.assistant import Assistant, Server
from providers.emulator.conversation.clients import (
    CallIdentity,
    Endpoints,
    HttpEndpointing,
    HttpVoice,
    SocketTranscriber,
)
from providers.emulator.protocol import ENDPOINTING_PATH, TRANSCRIBER_PATH, VOICE_PATH, read_transcript

__all__ = ["Note", "own_endpoints", "own_voice"]

Note = Callable[[str, Any], None]
"""(kind of the event it belongs to, JSON as it went over the wire)"""


def own_endpoints(base: str, assistant: Assistant, identity: CallIdentity, note: Note) -> Endpoints:
    """Clients for the endpoints at ``base``, for the fallbacks of an assistant too; the call's id is in every URL."""

    def on_wire(kind: Literal["voice", "transcript", "endpointing"], sent: bytes, came: bytes) -> None:
        if kind == "voice":
            note("voice-asked", msgspec.json.decode(sent))
        elif kind == "endpointing":
            note("endpointing", {"request": msgspec.json.decode(sent), "response": msgspec.json.decode(came)})
        elif transcript := read_transcript(came):
            note("final" if transcript.final else "partial", msgspec.json.decode(came))

    def at(path: str) -> Server:
        return Server(url=f"{base}{path}?call={identity.call_id}")

    voice = assistant.voice
    names = [voice.voice_id, *(other.voice_id for other in voice.fallback_plan.voices)]
    ear = Server(url=at(TRANSCRIBER_PATH).url.replace("http", "ws", 1))
    ears = [ear, *(ear for _ in assistant.transcriber.fallback_plan.transcribers)]
    return Endpoints(
        HttpVoice([(at(VOICE_PATH), name) for name in names], identity, on_wire=on_wire),
        SocketTranscriber(ears, identity, on_wire=on_wire),
        HttpEndpointing(at(ENDPOINTING_PATH), identity, on_wire=on_wire),
    )


def own_voice(base: str, speaker: str | None, identity: CallIdentity) -> HttpVoice:
    """A voice whose requests belong to no call."""
    return HttpVoice([(Server(url=f"{base}{VOICE_PATH}"), speaker)], identity)

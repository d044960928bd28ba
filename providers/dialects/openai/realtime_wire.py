"""Events of OpenAI's realtime transcription sessions, as they are now and as they were in the beta."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from providers.errors import BadRequest
from providers.jsonbody import decode
from providers.rates import EXPECTED_RATE, checked_rate

__all__ = ["ClientEvent", "Events", "Session", "read_event", "updated"]

RATE = 24000
"""Hz of bare PCM where nothing else is said."""
_LAW_RATE = 8000

_ENCODINGS = {
    "audio/pcm": "linear16",
    "audio/pcmu": "mulaw",
    "audio/pcma": "alaw",
    "pcm16": "linear16",
    "g711_ulaw": "mulaw",
    "g711_alaw": "alaw",
}


class _Format(msgspec.Struct):
    type: str = "audio/pcm"
    rate: int | float = RATE


class _Transcription(msgspec.Struct):
    model: str | None = None
    language: str | None = None
    prompt: str | None = None


class _TurnDetection(msgspec.Struct):
    type: str = "server_vad"


class _Input(msgspec.Struct):
    format: _Format | UnsetType = UNSET
    transcription: _Transcription | None | UnsetType = UNSET
    turn_detection: _TurnDetection | None | UnsetType = UNSET


class _Audio(msgspec.Struct):
    input: _Input = msgspec.field(default_factory=_Input)


class _Update(msgspec.Struct):
    type: str | None = None
    audio: _Audio = msgspec.field(default_factory=_Audio)
    # As in the beta:
    input_audio_format: str | UnsetType = UNSET
    input_audio_transcription: _Transcription | None | UnsetType = UNSET
    turn_detection: _TurnDetection | None | UnsetType = UNSET


class ClientEvent(msgspec.Struct):
    """An event of the client."""

    type: str
    event_id: str | None = None
    audio: bytes = b""
    session: _Update = msgspec.field(default_factory=_Update)


@dataclass(frozen=True, slots=True)
class Session:
    """What a session is set to."""

    encoding: str = "linear16"
    """linear16, mulaw or alaw."""
    rate: int = RATE
    """Hz."""
    language: str | None = None
    model: str | None = None
    vad: Literal["server_vad", "semantic_vad"] | None = "server_vad"
    """How turns are found; None where the client commits each one."""

    @property
    def width(self) -> int:
        """Bytes of one sample."""
        return 2 if self.encoding == "linear16" else 1


def read_event(frame: str | bytes) -> ClientEvent:
    """An event of the client.

    Raises
    ------
    BadRequest
    """
    if isinstance(frame, bytes):
        raise BadRequest("event: expected JSON, found a binary frame")
    event: ClientEvent = decode(frame.encode(errors="replace"), ClientEvent)
    return event


def updated(session: Session, update: _Update) -> Session:
    """The session after an update; what it does not name stays.

    Raises
    ------
    BadRequest
    """
    if update.type not in (None, "transcription"):
        raise BadRequest("session.type: expected transcription, found another one")
    found = update.audio.input
    if found.format is not UNSET:
        session = _with_format(session, found.format.type, found.format.rate)
    elif update.input_audio_format is not UNSET:
        session = _with_format(session, update.input_audio_format, RATE)
    for transcription in (found.transcription, update.input_audio_transcription):
        if isinstance(transcription, _Transcription):
            session = replace(session, language=transcription.language, model=transcription.model)
    for turns in (found.turn_detection, update.turn_detection):
        if turns is None:
            session = replace(session, vad=None)
        elif turns is not UNSET:
            session = replace(session, vad=_vad(turns.type))
    return session


def _vad(name: str) -> Literal["server_vad", "semantic_vad"]:
    match name:
        case "server_vad" | "semantic_vad":
            return name
    raise BadRequest("turn_detection.type: expected server_vad or semantic_vad, found another one")


def _with_format(session: Session, name: str, rate: float) -> Session:
    encoding = _ENCODINGS.get(name)
    if encoding is None:
        raise BadRequest("format.type: expected audio/pcm, audio/pcmu or audio/pcma, found another one")
    checked = checked_rate(rate if encoding == "linear16" else _LAW_RATE)
    if checked is None:
        raise BadRequest(f"format.rate: expected {EXPECTED_RATE}, found another one")
    return replace(session, encoding=encoding, rate=checked)


@dataclass(slots=True)
class Events:
    """Events of the server, numbered; ``beta`` writes the names that had changed since."""

    beta: bool = False
    id: str = field(default_factory=lambda: f"sess_{uuid.uuid4().hex[:20]}")
    _number: itertools.count[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    def event(self, kind: str, **fields: Any) -> str:
        """One event."""
        message = {"type": kind, "event_id": f"event_{next(self._number)}", **fields}
        return msgspec.json.encode(message).decode()

    def session(self, what: Literal["created", "updated"], session: Session) -> str:
        """The session as it is now."""
        name = "transcription_session" if self.beta else "session"
        return self.event(f"{name}.{what}", session=self._described(session))

    def items(self, item: str, previous: str | None) -> list[str]:
        """A new item of the conversation."""
        content = [{"type": "input_audio", "transcript": None}]
        made = {"id": item, "object": "realtime.item", "type": "message", "role": "user", "content": content}
        kinds = ("created",) if self.beta else ("added", "done")
        place = {"previous_item_id": previous, "item": {**made, "status": "completed"}}
        return [self.event(f"conversation.item.{kind}", **place) for kind in kinds]

    def delta(self, item: str, text: str) -> str:
        """More words of an item."""
        kind = "conversation.item.input_audio_transcription.delta"
        return self.event(kind, item_id=item, content_index=0, delta=text)

    def completed(self, item: str, text: str, seconds: float) -> str:
        """All words of an item."""
        usage = {"type": "duration", "seconds": round(seconds, 3)}
        kind = "conversation.item.input_audio_transcription.completed"
        return self.event(kind, item_id=item, content_index=0, transcript=text, usage=usage)

    def error(self, message: str, *, ours: bool = False, code: str | None = None, cause: str | None = None) -> str:
        """An error, which the session survives unless it is closed as well; ``cause`` is the client's event."""
        param = message.partition(":")[0]
        found = {
            "type": "server_error" if ours else "invalid_request_error",
            "code": code,
            "message": message,
            "param": None if ours or " " in param else param,
            "event_id": cause,
        }
        return self.event("error", error=found)

    def _described(self, session: Session) -> dict[str, Any]:
        transcription = {"model": session.model or "", "language": session.language, "prompt": None}
        turns = None if session.vad is None else {"type": session.vad}
        about = {"id": self.id, "object": "realtime.transcription_session", "expires_at": 0, "include": None}
        if self.beta:
            name = {"linear16": "pcm16", "mulaw": "g711_ulaw", "alaw": "g711_alaw"}[session.encoding]
            heard = {"input_audio_format": name, "input_audio_transcription": transcription, "turn_detection": turns}
            return {**about, **heard}
        name = next(name for name, encoding in _ENCODINGS.items() if encoding == session.encoding)
        form: dict[str, Any] = {"type": name, "rate": session.rate} if name == "audio/pcm" else {"type": name}
        settings = {"format": form, "transcription": transcription, "turn_detection": turns, "noise_reduction": None}
        return {**about, "type": "transcription", "audio": {"input": settings}}

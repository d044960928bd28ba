"""Protocol of the custom transcriber, without I/O: frames in, events out.

::

                       start                        stop (close, error)
    AWAITING_START ──────────────► STREAMING ──────────────────────────► CLOSED
          │                                                                ▲
          └── audio before start (1002), bad start (1003) ─────────────────┘
                          STREAMING: second, different start (1002) ───────┘

Unknown text messages and unknown fields are ignored in every state. Binary frames may have any length: the bytes
after the last whole stereo frame are kept for the next one, because dropping them would swap the channels for the rest
of the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

import msgspec

from providers.errors import CallRefused
from providers.jsonbody import sentence
from providers.rates import EXPECTED_RATE, checked_rate, shown_number

PROTOCOL_ERROR, UNSUPPORTED_DATA, INTERNAL_ERROR, SERVICE_RESTART = 1002, 1003, 1011, 1012
"""WebSocket close codes, RFC 6455 section 7.4.1."""

Channel = Literal["customer", "assistant"]


class CallState(Enum):
    """CallState of a call."""

    AWAITING_START = auto()
    STREAMING = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Started:
    """The call's audio format."""

    rate: int
    """Hz."""
    channels: int
    """1 or 2."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Whole frames of interleaved PCM."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Code and reason to close the socket with: the call cannot continue."""

    error: CallRefused


Event = Started | Audio | Refused


class _Kind(msgspec.Struct):
    type: str = ""


class _Start(msgspec.Struct):
    sampleRate: int | float  # never guessed: a wrong rate silently costs accuracy
    encoding: str = "linear16"
    container: str = "raw"
    channels: int = 2


class _Response(msgspec.Struct):
    type: str
    transcription: str
    channel: str
    transcriptType: str


class Wire:
    """Server's side of one call's protocol. Frames of a closed call yield no events."""

    def __init__(self) -> None:
        self.state = CallState.AWAITING_START
        self._started: Started | None = None
        self._frame_bytes = 0
        self._carry = b""

    def receive_text(self, text: str) -> list[Event]:
        """Take a text frame."""
        if self.state is CallState.CLOSED:
            return []
        try:
            if msgspec.json.decode(text, type=_Kind).type != "start":
                return []
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return []  # unknown messages are ignored
        try:
            started = _parse_start(text)
        except CallRefused as error:
            return [self._refuse(error)]
        if self._started is None:
            self.state, self._started = CallState.STREAMING, started
            self._frame_bytes = 2 * started.channels
            return [started]
        if started != self._started:
            return [
                self._refuse(
                    CallRefused(PROTOCOL_ERROR, "start: expected one start per call, found a different second")
                )
            ]
        return []

    def receive_bytes(self, data: bytes) -> list[Event]:
        """Take a binary frame."""
        if self.state is CallState.STREAMING:
            if self._carry:
                data = self._carry + data
            rest = len(data) % self._frame_bytes
            if rest:
                self._carry = data[-rest:]
                data = data[:-rest]
            elif self._carry:
                self._carry = b""
            return [Audio(data)] if data else []
        if self.state is CallState.AWAITING_START:
            return [
                self._refuse(CallRefused(PROTOCOL_ERROR, "start: expected a start message before audio, found audio"))
            ]
        return []

    def close(self) -> None:
        """End the call: the socket is closed."""
        self.state = CallState.CLOSED

    def _refuse(self, error: CallRefused) -> Refused:
        self.state = CallState.CLOSED
        return Refused(error)


def response(text: str, *, channel: Channel, final: bool) -> str:
    """A ``transcriber-response`` message."""
    kind = "final" if final else "partial"
    return msgspec.json.encode(_Response("transcriber-response", text, channel, kind)).decode()


def _parse_start(text: str) -> Started:
    try:
        start = msgspec.json.decode(text, type=_Start)
    except msgspec.ValidationError as error:
        what, where = sentence(error)
        raise CallRefused(UNSUPPORTED_DATA, f"start{where}: {what}") from None
    if start.encoding != "linear16":
        raise CallRefused(UNSUPPORTED_DATA, f"start.encoding: expected linear16, found {start.encoding[:20]!r}")
    if start.container != "raw":
        raise CallRefused(UNSUPPORTED_DATA, f"start.container: expected raw, found {start.container[:20]!r}")
    rate = checked_rate(start.sampleRate)
    if rate is None:
        found = shown_number(start.sampleRate)
        raise CallRefused(UNSUPPORTED_DATA, f"start.sampleRate: expected {EXPECTED_RATE}, found {found}")
    if start.channels not in (1, 2):
        raise CallRefused(UNSUPPORTED_DATA, f"start.channels: expected 1 or 2, found {shown_number(start.channels)}")
    return Started(rate, start.channels)

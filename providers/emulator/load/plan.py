"""What a load consists of: how many calls, how they speak, how they behave."""

from __future__ import annotations

from dataclasses import dataclass

from dsp import encode_pcm16, join_channels
from providers.emulator.audio_frames import frames
from providers.emulator.credentials import Credentials
from providers.emulator.sound import Span, speech_spans
from providers.emulator.speech import ProbeSpeech
from providers.emulator.wav import resampled

_PAUSE = 1.0
"""Seconds of silence between the two speakers."""
_HEAD = b"\x82"
"""A binary message in one frame (RFC 6455, 5.2)."""
_NO_MASK = bytes(4)
"""A masking key of zeros: every client frame must have a key, and this one leaves the payload as it is."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """One load."""

    calls: int
    voice: str | None
    transcriber: str | None
    endpointing: str | None
    credentials: Credentials
    duration: float = 20.0
    """Seconds after the ramp."""
    ramp: float = 5.0
    """Seconds over which the calls begin."""
    barge_in: float = 0.2
    """Probability, 0 … 1, that a spoken answer is interrupted."""
    jitter: float = 5.0
    """Milliseconds by which a frame may be late on its way here, evenly spread."""
    turn: float = 6.0
    """Seconds between two answers of the assistant in one call, on average."""
    rate: int = 16000
    """Hz on the socket."""
    voice_rate: int = 24000
    """Hz asked of the voice."""
    timeout: float = 10.0
    """Seconds for a connection or an answer."""
    busy: float = 0.85
    """Share of a core from which on a process of the generator has no time left to be punctual."""
    punctual: float = 0.010
    """Seconds, 99th percentile: half a frame. A generator later than that measures itself."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Script:
    """The audio of every call, ready to be written: both speakers in turn, over and over."""

    messages: tuple[bytes, ...]
    """One WebSocket frame per 20 ms of audio."""
    spans: tuple[Span, ...]
    """Where the customer speaks, in seconds from the first frame."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.messages) / 50


def script(speech: ProbeSpeech, rate: int) -> Script:
    """Customer, pause, assistant, pause, as WebSocket frames."""
    sides = [resampled(side, speech.rate, rate) for side in (speech.customer, speech.assistant)]
    pause = bytes(2 * round(_PAUSE * rate))
    customer, assistant = (encode_pcm16(side) for side in sides)
    first = customer + pause + bytes(len(assistant)) + pause
    second = bytes(len(customer)) + pause + assistant + pause
    whole = len(first) // (2 * rate // 50) * (2 * rate // 50)
    stereo = join_channels([first[:whole], second[:whole]])
    messages = tuple(message(piece.payload) for piece in frames(stereo, rate) if isinstance(piece.payload, bytes))
    return Script(messages, tuple(speech_spans(sides[0], rate)))


def message(payload: bytes) -> bytes:
    """One binary WebSocket message from a client."""
    size = len(payload)
    if size < 126:
        return _HEAD + bytes([0x80 | size]) + _NO_MASK + payload
    if size < 1 << 16:
        return _HEAD + b"\xfe" + size.to_bytes(2, "big") + _NO_MASK + payload
    return _HEAD + b"\xff" + size.to_bytes(8, "big") + _NO_MASK + payload

"""The audio of a transport socket: the client's format on one side, 16-bit PCM of the conversation on the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import numpy as np

from dsp import LiveResampler, Samples, encode_pcm16, mulaw_decode, mulaw_encode
from providers.emulator.audio_frames import FRAMES_PER_SECOND
from providers.emulator.platform.schema import AudioFormat
from providers.emulator.sound import decoded

_STEP = 25
"""Hz. Rates in between are taken for the nearest of its multiples: 0.3 % off at 4 kHz at most, 0.03 % at 44.1 kHz."""

_AHEAD = 10
"""Frames that the conversation may hold: 200 ms of a caller's jitter."""
_PREROLL = 3
"""Frames that are gathered before a caller who was silent is heard: messages that come unevenly leave no gaps."""


def _live(rate: int) -> int:
    """The rate that the resampler without bursts can do."""
    return round(rate / _STEP) * _STEP


class LineDecoder:
    """What a client sends, as PCM of the conversation's rate; messages of any length, cut anywhere."""

    def __init__(self, audio: AudioFormat, rate: int) -> None:
        self._mulaw = audio.format == "mulaw"
        self._resampler = LiveResampler(_live(audio.rate), rate)
        self._carry = b""

    def feed(self, data: bytes) -> bytes:
        """PCM of as much as is whole."""
        if self._mulaw:
            samples: Samples = mulaw_decode(np.frombuffer(data, np.uint8))
        else:
            data = self._carry + data
            whole = len(data) // 2 * 2
            self._carry = data[whole:]
            samples = decoded(data[:whole])
        return encode_pcm16(self._resampler.feed(samples))


class LineEncoder:
    """PCM of the conversation as the client wants to hear it: 20 ms in, 20 ms out."""

    def __init__(self, audio: AudioFormat, rate: int) -> None:
        self._mulaw = audio.format == "mulaw"
        self._resampler = LiveResampler(rate, _live(audio.rate))

    def feed(self, pcm: bytes) -> bytes:
        """One frame in the client's format; silence is 0x0000, or its code in µ-law."""
        samples = self._resampler.feed(decoded(pcm))
        return mulaw_encode(samples).tobytes() if self._mulaw else encode_pcm16(samples)


class CallerAudio:
    """What a caller has sent: handed to the conversation as its time comes, evened out by 60 ms.

    Parameters
    ----------
    rate : int
        Hz.
    longest : float
        Seconds that may be held before the caller is slowed down.
    hear : callable
        Takes what is due, 16-bit PCM.
    """

    def __init__(self, rate: int, *, longest: float, hear: Callable[[bytes], None]) -> None:
        self._bytes_per_frame = 2 * rate // FRAMES_PER_SECOND
        self._parts: deque[bytes] = deque()
        self._held = self._handed = self._waited = 0
        self._longest = 2 * round(longest * rate)
        self._hear = hear
        self._room = asyncio.Event()
        self._room.set()

    async def room(self) -> None:
        """Wait while so much is held that the caller must be slowed down."""
        await self._room.wait()

    def put(self, pcm: bytes) -> None:
        """Add what came."""
        if pcm:
            self._parts.append(pcm)
            self._held += len(pcm)
            if self._handed or self._waited >= _PREROLL or self._held >= _PREROLL * self._bytes_per_frame:
                self._pour()

    def tick(self) -> None:
        """Note that the conversation has taken a frame."""
        self._handed = max(0, self._handed - self._bytes_per_frame)
        self._waited = self._waited + 1 if self._held and not self._handed else 0
        if self._handed or self._waited >= _PREROLL:
            self._pour()

    def _pour(self) -> None:
        """Hand on what is due within the next frames."""
        while self._parts and (room := _AHEAD * self._bytes_per_frame - self._handed) > 0:
            part = self._parts.popleft()
            if len(part) > room:
                self._parts.appendleft(part[room:])
            piece = part[:room]
            self._held -= len(piece)
            self._handed += len(piece)
            self._hear(piece)
        if self._held < self._longest:
            self._room.set()
        else:
            self._room.clear()

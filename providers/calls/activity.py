"""Speech on the two channels of a call by level, in blocks of a second: so cheap that every call can have it.

The endpoint of a frame appends it to a list; levels are computed once a second, or when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["Boundary", "SpeechActivity"]

BLOCK = 1.0
"""Seconds of audio that are looked at together."""
HOP = 0.04
"""Seconds per decision."""

_KEPT = 8
"""Every so many frames of a hop are squared: the level of speech is known to a fraction of a decibel."""

_ON = -42.0
"""dBFS (RMS) from which a hop is speech on a quiet line."""
_OFF = 6.0
"""dB below the threshold under which a hop is silence again."""
_ABOVE_NOISE = 10.0
"""dB above the line's noise from which a hop is speech."""
_LOUDEST_NOISE = -30.0
"""dBFS; no line is noisier, so that unbroken speech is not taken for noise."""
_RISE = 0.5
"""dB per second that the estimate of the noise rises while nothing is quieter."""
_PAUSE = 0.24
"""Seconds of silence that end a stretch of speech."""
_ONSET_HOPS = 2
"""Loud hops in a row that begin one: a click is shorter."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """Start or end of a stretch of speech."""

    channel: int
    started: bool
    audio: float
    """Seconds of the call's audio."""


class SpeechActivity:
    """Stretches of speech on each channel.

    Parameters
    ----------
    rate
        Hz.
    channels
        Interleaved channels.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self.channels = channels
        self.tap: Callable[[np.ndarray], None] | None = None
        """Is given all audio that was looked at, int16 of shape (frames, channels)."""
        self._hop = max(_KEPT, round(rate * HOP))
        self._seconds = self._hop / rate
        self._bytes = 2 * channels * self._hop
        self._block = max(1, round(BLOCK / HOP)) * self._bytes
        self._waiting: list[bytes] = []
        self._size = 0
        self._hops = 0
        self._lines = [_Line(channel) for channel in range(channels)]

    def feed(self, pcm: bytes) -> Iterator[Boundary] | tuple[()]:
        """Take in whole frames; the boundaries that a full block brings."""
        self._waiting.append(pcm)
        self._size += len(pcm)
        return () if self._size < self._block else self.catch_up()

    def catch_up(self) -> Iterator[Boundary]:
        """Look at everything that was fed, but for a part of a hop."""
        if self._size < self._bytes:
            return iter(())
        pcm = self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
        hops = len(pcm) // self._bytes
        rest = pcm[hops * self._bytes :]
        self._waiting, self._size = ([rest] if rest else []), len(rest)
        frames = np.frombuffer(pcm, dtype="<i2", count=hops * self._hop * self.channels).reshape(-1, self.channels)
        if self.tap is not None:
            self.tap(frames)
        levels = _levels(frames.reshape(hops, self._hop, self.channels))
        first, self._hops = self._hops, self._hops + hops
        return iter(self._boundaries(levels, first))

    def silence(self, channel: int) -> float | None:
        """Seconds of audio since speech on a channel stopped, as far as it was looked at.

        0 while it goes on, None before the first.
        """
        line = self._lines[channel]
        if line.loud_until is None:
            return None
        return 0.0 if line.speaking and line.quiet_hops == 0 else (self._hops - line.loud_until) * self._seconds

    def _boundaries(self, levels: np.ndarray, first: int) -> list[Boundary]:
        found: list[Boundary] = []
        for line, of_channel in zip(self._lines, levels.T.tolist(), strict=True):
            found += line.look(of_channel, first, self._seconds)
        return found


def _levels(frames: np.ndarray) -> np.ndarray:
    """Levels in dBFS, shape (hops, channels), of frames of shape (hops, frames of a hop, channels)."""
    some = frames[:, ::_KEPT].astype(np.float32)
    power = np.einsum("hfc,hfc->hc", some, some) / (some.shape[1] * 32768.0**2)
    return np.asarray(10 * np.log10(power + 1e-12))


class _Line:
    """One channel: its noise, and whether somebody speaks."""

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._noise = -60.0
        self._loud_hops = 0
        self.speaking = False
        self.quiet_hops = 0
        self.loud_until: int | None = None
        """Hop after the last loud one of a stretch."""

    def look(self, levels: list[float], first: int, seconds: float) -> Iterator[Boundary]:
        rise, pause = _RISE * seconds, round(_PAUSE / seconds)
        for index, level in enumerate(levels, first):
            self._noise = level if level < self._noise else min(self._noise + rise, _LOUDEST_NOISE)
            threshold = max(_ON, self._noise + _ABOVE_NOISE)
            if not self.speaking:
                self._loud_hops = self._loud_hops + 1 if level >= threshold else 0
                if self._loud_hops >= _ONSET_HOPS:
                    self.speaking, self.quiet_hops, self.loud_until = True, 0, index + 1
                    yield Boundary(self._channel, started=True, audio=(index + 1 - self._loud_hops) * seconds)
                continue
            if level >= threshold - _OFF:
                self.quiet_hops, self.loud_until = 0, index + 1
                continue
            self.quiet_hops += 1
            if self.quiet_hops >= pause:
                self.speaking, self._loud_hops = False, 0
                yield Boundary(self._channel, started=False, audio=(index + 1 - self.quiet_hops) * seconds)

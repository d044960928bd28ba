"""Speech on the two channels of a call by level, in blocks of a second: so cheap that every call can have it.

The endpoint of a frame appends it to a list; levels are computed once a second, or when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["Boundary", "SpeechActivity"]

BLOCK = 2.0
"""Seconds of audio that are looked at together."""
HOP = 0.04
"""Seconds per decision."""

_KEPT = 16
"""Every so many frames of a hop are squared: the level of speech is known to a decibel."""

_ON = 10 ** (-42 / 10)
"""Power from which a hop is speech on a quiet line: -42 dBFS."""
_OFF = 10 ** (-4 / 10)
"""Part of the threshold under which a hop is silence again: 4 dB less."""
_ABOVE_NOISE = 10 ** (12 / 10)
"""Times the power of the line's noise from which a hop is speech: 12 dB, 3 of them for the noise's own variation."""
_LOUDEST_NOISE = 10 ** (-38 / 10)
"""Power; no line is noisier, so that unbroken speech is not taken for noise."""
_FLOOR = 10 ** (-80 / 10)
"""Least noise of a line; digital silence has none to measure."""
_RISE = 10 ** (1 / 10)
"""Factor per second by which the estimate of the noise rises while nothing is quieter: 1 dB."""
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
        self._carry = b""
        self._hops = 0
        self._lines = [_Line(channel) for channel in range(channels)]

    @property
    def block(self) -> int:
        """Bytes of a block."""
        return self._block

    def look(self, blocks: list[bytes]) -> list[Boundary]:
        """Look at the next whole frames; a part of a hop is kept for the next look."""
        pcm = b"".join((self._carry, *blocks))
        hops = len(pcm) // self._bytes
        self._carry = pcm[hops * self._bytes :]
        if not hops:
            return []
        frames = np.frombuffer(pcm, dtype="<i2", count=hops * self._hop * self.channels).reshape(-1, self.channels)
        if self.tap is not None:
            self.tap(frames)
        levels = _levels(frames.reshape(hops, self._hop, self.channels))
        first, self._hops = self._hops, self._hops + hops
        found: list[Boundary] = []
        for line, of_channel in zip(self._lines, levels.T.tolist(), strict=True):
            found += line.look(of_channel, first, self._seconds)
        return found

    def silence(self, channel: int) -> float | None:
        """Seconds of audio since speech on a channel stopped, as far as it was looked at.

        0 while it goes on, None before the first.
        """
        line = self._lines[channel]
        if line.loud_until is None:
            return None
        return 0.0 if line.speaking and line.quiet_hops == 0 else (self._hops - line.loud_until) * self._seconds


def _levels(frames: np.ndarray) -> np.ndarray:
    """Levels as powers of full scale, shape (hops, channels), of frames of shape (hops, frames of a hop, channels)."""
    some = frames[:, ::_KEPT].astype(np.float32)
    return np.asarray(np.einsum("hfc,hfc->hc", some, some) * (1 / (some.shape[1] * 32768.0**2)))


class _Line:
    """One channel: its noise, and whether somebody speaks."""

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._noise = 10 ** (-60 / 10)
        self._loud_hops = 0
        self.speaking = False
        self.quiet_hops = 0
        self.loud_until: int | None = None
        """Hop after the last loud one of a stretch."""

    def look(self, levels: list[float], first: int, seconds: float) -> list[Boundary]:
        risen = min(self._noise * _RISE ** (len(levels) * seconds), _LOUDEST_NOISE)
        quietest = min(levels)
        if not self.speaking and max(levels) < _ON:  # silence, as on one of the two channels at most times
            self._noise = max(min(risen, quietest), _FLOOR)
            self._loud_hops = 0
            return []
        if self.speaking and quietest >= max(_ON, risen * _ABOVE_NOISE) * _OFF:  # nothing but speech
            self._noise, self.quiet_hops, self.loud_until = risen, 0, first + len(levels)
            return []
        return list(self._boundaries(levels, first, seconds))

    def _boundaries(self, levels: list[float], first: int, seconds: float) -> Iterator[Boundary]:
        rise, pause, noise = _RISE**seconds, round(_PAUSE / seconds), self._noise
        for index, level in enumerate(levels, first):
            noise = max(level, _FLOOR) if level < noise else min(noise * rise, _LOUDEST_NOISE)
            threshold = noise * _ABOVE_NOISE
            if threshold < _ON:
                threshold = _ON
            if not self.speaking:
                self._loud_hops = self._loud_hops + 1 if level >= threshold else 0
                if self._loud_hops >= _ONSET_HOPS:
                    self.speaking, self.quiet_hops, self.loud_until = True, 0, index + 1
                    yield Boundary(self._channel, started=True, audio=(index + 1 - self._loud_hops) * seconds)
            elif level >= threshold * _OFF:
                self.quiet_hops, self.loud_until = 0, index + 1
            else:
                self.quiet_hops += 1
                if self.quiet_hops >= pause:
                    self.speaking, self._loud_hops = False, 0
                    yield Boundary(self._channel, started=False, audio=(index + 1 - self.quiet_hops) * seconds)
        self._noise = noise

"""Speech detection by level alone: cheap enough for every frame of every call. Counts frames, knows no clock.

It answers two questions with opposite caution. Where *must* there be speech? That decides whether an engine owes a
transcript: a high threshold, with hysteresis. Where *may* there be speech? That decides whether audio is replayed: a
low one.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

__all__ = ["SpeechMeter"]

SPEECH_ON = -38.0
"""dBFS (RMS) from which a hop counts as speech: telephone speech is -30 … -15, a noisy line stays under -45."""
SPEECH_OFF = -46.0
"""dBFS under which speech has paused."""
QUIET = -60.0
"""dBFS under which nothing was said; comfort noise and dither are quieter."""
HOP = 0.02
"""Seconds per decision."""


def _square(level: float) -> float:
    return 10 ** (level / 10) * 32768.0**2


_ON, _OFF, _QUIET = _square(SPEECH_ON), _square(SPEECH_OFF), _square(QUIET)


class SpeechMeter:
    """Level of every channel of a stream, as stretches of speech.

    Parameters
    ----------
    rate
        Hz.
    channels
        Interleaved channels.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self.last_loud = [-math.inf] * channels
        """Per channel, seconds of the stream at the end of the last hop that was not quiet."""
        self._hop = round(rate * HOP)
        self._seconds = self._hop / rate
        self._hops = 0
        self._speaking = [False] * channels
        self._stretches: list[deque[tuple[float, float]]] = [deque() for _ in range(channels)]
        self._carry = b""

    def feed(self, pcm: bytes) -> None:
        """Take in whole frames."""
        if self._carry:
            pcm = self._carry + pcm
        channels = len(self.last_loud)
        hops, rest = divmod(len(pcm), 2 * channels * self._hop)
        self._carry = pcm[len(pcm) - rest :] if rest else b""
        if not hops:
            return
        samples = np.frombuffer(pcm, dtype="<i2", count=hops * self._hop * channels).astype(np.float32)
        # One dot product per hop and channel: for the usual single hop it is several times faster than a reduction.
        for hop in samples.reshape(hops, self._hop, channels):
            self._hops += 1
            for channel, line in enumerate(hop.T):
                self._decide(channel, float(np.dot(line, line)) / self._hop)

    def speech(self, channel: int, after: float) -> float:
        """Seconds of speech on a channel after a moment of the stream."""
        total = 0.0
        for begin, end in reversed(self._stretches[channel]):
            if end <= after:
                break
            total += end - max(begin, after)
        return total

    def forget(self, before: float) -> None:
        """Drop the stretches that ended before a moment of the stream."""
        for stretches in self._stretches:
            while stretches and stretches[0][1] <= before:
                stretches.popleft()

    def _decide(self, channel: int, power: float) -> None:
        now = self._hops * self._seconds
        if power >= _QUIET:
            self.last_loud[channel] = now
        was_speaking = self._speaking[channel]
        self._speaking[channel] = power >= (_OFF if was_speaking else _ON)
        if self._speaking[channel]:
            stretches = self._stretches[channel]
            begin = stretches.pop()[0] if was_speaking and stretches else now - self._seconds
            stretches.append((begin, now))

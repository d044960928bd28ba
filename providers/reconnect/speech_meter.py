"""Is somebody speaking, judged by level alone: cheap enough for every frame of every call. Counts frames, no clock.

Two questions with opposite caution. *Must there be speech?* decides whether an engine that says nothing is dead: a
high threshold, with hysteresis. *May there be speech?* decides whether audio must be replayed: a low one.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["SpeechMeter"]

SPEECH_ON = -38.0
"""dBFS (RMS) from which a hop counts as speech: telephone speech is -30 … -15, a noisy line stays under -45."""
SPEECH_OFF = -46.0
"""dBFS under which speech has paused."""
QUIET = -60.0
"""dBFS under which nobody can have said anything; comfort noise and dither are quieter."""
HOP = 0.02
"""Seconds per decision."""


def _square(level: float) -> float:
    return 10 ** (level / 10) * 32768.0**2


_ON, _OFF, _QUIET = _square(SPEECH_ON), _square(SPEECH_OFF), _square(QUIET)


class SpeechMeter:
    """Follows the level of every channel of a stream.

    Parameters
    ----------
    rate
        Hz.
    channels
        Interleaved channels.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self.speech = 0.0
        """Seconds of speech since `heard`, on whichever channel has most."""
        self.last_loud = [-math.inf] * channels
        """Per channel, seconds of the stream at the end of the last hop that was not quiet."""
        self._hop = round(rate * HOP)
        self._seconds = self._hop / rate
        self._hops = 0
        self._speaking = [False] * channels
        self._counts = [0] * channels
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
            self._decide([float(np.dot(line, line)) / self._hop for line in hop.T])

    def heard(self) -> None:
        """Start counting speech anew."""
        self.speech = 0.0
        self._counts = [0] * len(self._counts)

    def _decide(self, powers: list[float]) -> None:
        self._hops += 1
        for channel, power in enumerate(powers):
            if power >= _QUIET:
                self.last_loud[channel] = self._hops * self._seconds
            self._speaking[channel] = power >= (_OFF if self._speaking[channel] else _ON)
            if self._speaking[channel]:
                self._counts[channel] += 1
        self.speech = max(self._counts) * self._seconds

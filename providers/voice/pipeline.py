"""The signal path of one voice request: engine chunks of any rate and cut in, PCM blocks at the caller's rate out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import dsp
from providers.engines.base import Chunk

AUDIBLE = 0.001
"""Full scale; -60 dBFS. Below it nobody hears anything."""

GAP = 0.2
"""Seconds of silence that stay at the end of a unit before the next one: the breath between two sentences."""
TAIL = 0.06
"""Seconds that stay at the end of the last unit: the platform sends a text in pieces, and what is left here is heard as
a hole in the middle of a sentence."""


class AudioPipeline:
    """One request's audio, unit after unit, as one continuous stream.

    The resampler runs through all units of a request, so that joints between them are as seamless as the units are.

    Parameters
    ----------
    rate
        Hz of the PCM that comes out.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._decoder = dsp.PcmDecoder()
        self._edges: dsp.EdgeTrim | None = None
        self._tail = GAP
        self._resampler: dsp.Resampler | None = None
        self._pause = 0.0
        self.audible = False
        """Whether anything that came out so far can be heard."""

    def begin_unit(self, *, last: bool) -> None:
        """A unit follows; the last one of a request ends closer to its last sound."""
        # Half a sample at the end of the unit before is a vendor's stray byte; it is worth no caller's sentence.
        self._decoder = dsp.PcmDecoder()
        self._edges = None
        self._tail = TAIL if last else GAP

    def feed(self, pcm: bytes, rate: int) -> bytes:
        """The next bytes of the current unit, at the engine's rate (Hz)."""
        out = self._at_rate(rate)
        if self._edges is None:
            self._edges = dsp.EdgeTrim(rate, tail=self._tail)
        return out + self._encode(self._resample(self._edges.feed(self._decoder.feed(pcm))))

    def end_unit(self) -> bytes:
        """The current unit is complete."""
        return self._encode(self._resample(self._edges.flush())) if self._edges else b""

    def pause(self, seconds: float) -> None:
        """Silence between two units; made once it is known at which rate."""
        self._pause += seconds

    def end(self) -> bytes:
        """Nothing more comes: the resampler's tail and a trailing pause."""
        rest = self._encode(self._resampler.flush()) if self._resampler else b""
        self._resampler = None
        return rest + bytes(2 * round(self._pause * self._rate))

    def _at_rate(self, rate: int) -> bytes:
        """Make the resampler for this rate, with the pause that was asked for before it."""
        out = b""
        if self._resampler is None or self._resampler.in_rate != rate:
            if self._resampler is not None:
                out = self._encode(self._resampler.flush())
            self._resampler = dsp.Resampler(rate, self._rate)
        if self._pause:
            silence = np.zeros(round(self._pause * rate), dtype=np.float32)
            self._pause = 0.0
            out += self._encode(self._resample(silence))
        return out

    def _resample(self, samples: dsp.Samples) -> dsp.Samples:
        assert self._resampler is not None
        return self._resampler.feed(samples)

    def _encode(self, samples: dsp.Samples) -> bytes:
        if not self.audible:
            self.audible = bool(np.abs(samples).max(initial=0.0) > AUDIBLE)
        return dsp.encode_pcm16(samples)


def sliced(chunk: Chunk, *, first: float, later: float) -> Iterator[bytes]:
    """A chunk's PCM in slices: a short one that is heard soon, then longer ones, which cost less each.

    Parameters
    ----------
    first, later
        Seconds.
    """
    at, step = 0, 2 * max(1, int(first * chunk.rate))
    while at < len(chunk.pcm):
        yield chunk.pcm[at : at + step]
        at += step
        step = 2 * max(1, int(later * chunk.rate))

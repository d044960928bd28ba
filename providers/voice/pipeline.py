"""The signal path of one voice request: engine chunks of any rate and cut in, PCM blocks at the caller's rate out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

import dsp
from providers.engines.base import Chunk, Word
from providers.voice.word_times import WordPlacer

GAP = 0.3
"""Seconds of silence that stay at the end of a unit before the next one: the breath between two sentences."""
TAIL = 0.06
"""Seconds that stay at the end of the last unit: the platform sends a text in pieces, and what is left here is heard as
a hole in the middle of a sentence."""
CEILING = -1.0
"""dBFS of the loudest sample. Resampling alone lifts the peaks of a full-scale engine by 0.2 dB, into clipping."""

_BLOCK = 1.0
"""Seconds of silence that are made at once."""


class AudioPipeline:
    """One request's audio, unit after unit, as one continuous stream.

    ::

        chunks ─► decode ─► trim the edges ─► resample ─► level or limit ─► int16

    The resampler runs through all units between two pauses, so that joints are as seamless as the units are.

    Parameters
    ----------
    rate
        Hz of the PCM that comes out.
    loudness
        LUFS to bring speech to; None leaves the engine's loudness and only keeps peaks from clipping.
    """

    def __init__(self, rate: int, *, loudness: float | None = None) -> None:
        self._rate = rate
        self._decoder = dsp.PcmDecoder()
        self._edges: dsp.EdgeTrim | None = None
        self._tail = GAP
        self._resampler: dsp.Resampler | None = None
        self._output = _Output(rate, loudness)
        self._words = WordPlacer()

    @property
    def audible(self) -> bool:
        """Whether anything that came out so far can be heard."""
        return self._output.audible

    def start_unit(self, *, last: bool) -> None:
        """Begin a unit; the last one of a request ends closer to its last sound."""
        # Half a sample at the end of the unit before is a vendor's stray byte; it is worth no caller's sentence.
        self._decoder = dsp.PcmDecoder()
        self._edges = None
        self._tail = TAIL if last else GAP
        self._words.start_unit()

    def told(self, words: Sequence[Word]) -> None:
        """Take in words of the current unit, with their times in the engine's audio."""
        self._words.told(words)

    def words(self) -> tuple[Word, ...]:
        """The words that were told since the last call, with their times in the audio that comes out."""
        self._settle_words()
        return self._words.take()

    def feed(self, pcm: bytes, rate: int) -> bytes:
        """Process the next bytes of the current unit, at the engine's rate (Hz)."""
        rest = b""
        if self._resampler is None or self._resampler.in_rate != rate:
            rest = self._end_resampling()
            self._resampler = dsp.Resampler(rate, self._rate)
        if self._edges is None:
            self._edges = dsp.EdgeTrim(rate, tail=self._tail)
        samples = self._edges.feed(self._decoder.feed(pcm))
        self._words.seconds += samples.size / rate
        return rest + self._output.feed(self._resampler.feed(samples))

    def end_unit(self) -> bytes:
        """End the current unit."""
        if self._edges is None or self._resampler is None:
            return b""
        self._settle_words()
        samples = self._edges.flush()
        self._words.seconds += samples.size / self._edges.rate
        return self._output.feed(self._resampler.feed(samples))

    def pause(self, seconds: float) -> Iterator[bytes]:
        """Silence between two units, in blocks."""
        yield self._end_resampling()
        left = round(seconds * self._rate)
        self._words.seconds += left / self._rate
        while left > 0:
            size = min(left, round(_BLOCK * self._rate))
            yield self._output.feed(np.zeros(size, dtype=np.float32))
            left -= size

    def end(self) -> bytes:
        """End the stream: the tails of what is still inside."""
        return self._end_resampling() + self._output.flush()

    def _settle_words(self) -> None:
        """Place the words of a unit whose first sound was heard: until then its beginning may still be cut."""
        if self._edges is not None and self._edges.begun:
            self._words.settle(self._edges.cut / self._edges.rate)

    def _end_resampling(self) -> bytes:
        if self._resampler is None:
            return b""
        return self._output.feed(self._resampler.flush())


class _Output:
    """Last part of the path: loudness or limiter, in time with its input, and the conversion to int16.

    The stage's look-ahead delays what comes out, and `flush` hands the rest out. As many samples leave as came in.
    """

    def __init__(self, rate: int, loudness: float | None) -> None:
        self._stage: dsp.Stage
        if loudness is None:
            self._stage = dsp.Limiter(rate, ceiling=CEILING, true_peak=False)
        else:
            self._stage = dsp.Leveler(rate, target=loudness, ceiling=CEILING)
        self._early = int(self._stage.delay)
        """Samples still to come out that were never put in."""
        self.audible = False

    def feed(self, samples: dsp.Samples) -> bytes:
        """Process the next samples."""
        return self._encoded(self._stage.feed(samples)) if samples.size else b""

    def flush(self) -> bytes:
        """Hand out what is still inside."""
        return self._encoded(self._stage.flush())

    def _encoded(self, samples: dsp.Samples) -> bytes:
        if self._early:
            dropped = min(self._early, samples.size)
            self._early -= dropped
            samples = samples[dropped:]
        self.audible = self.audible or dsp.is_audible(samples)
        return dsp.encode_pcm16(samples)


def blocks_of(chunk: Chunk, *, first: float, later: float) -> Iterator[bytes]:
    """A chunk's PCM in blocks: a short one that is heard soon, then longer ones, which cost less each.

    Parameters
    ----------
    first, later
        Seconds.
    """
    start, size = 0, 2 * max(1, int(first * chunk.rate))
    while start < len(chunk.pcm):
        yield chunk.pcm[start : start + size]
        start += size
        size = 2 * max(1, int(later * chunk.rate))

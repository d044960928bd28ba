"""Look-ahead limiter: the gain falls before a peak would exceed the ceiling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp import backends
from dsp.errors import ParameterError
from dsp.live import LiveResampler
from dsp.stage import FLOAT32, SILENCE, Samples, valid_rate, valid_samples

LOOK_AHEAD = 0.004
"""Seconds, rounded to a power of two in samples: how long the gain takes to go down; faster would click."""

RECOVERY = 4.0
"""Of full scale per second: 1 dB comes back in 27 ms, slow enough not to follow the single periods of a voice."""

MARGIN = 0.5
"""dB below the ceiling that is aimed at: what oversampling may overlook near the Nyquist frequency."""

SIGHT = (0.49, 0.59)
"""The band (see `LiveResampler`) in which peaks are seen: nearly all of it, since images do not disturb here."""

ONE = 1 << 24
"""Gain is counted in whole steps of 2**-24: integer sums are exact, so their order cannot matter."""

ROUNDED = 1 - 1e-5
"""What the oversampled peaks' rounding may add to them."""

BLOCK = 4096


class Limiter:
    """Limiter that keeps the true peak below a ceiling; signals half a decibel below it are unchanged.

    Parameters
    ----------
    rate : int
        Hz.
    ceiling : float
        dBTP, at most 0: decibels below full scale, measured between the samples too.
    true_peak : bool
        False looks at the samples alone and counts the ceiling in dBFS. That is enough against clipped samples. It
        costs next to nothing while the signal stays below the ceiling, and leaves all of it untouched then.

    Raises
    ------
    ParameterError
        ``rate`` or ``ceiling`` is outside its range.

    Notes
    -----
    As many samples come out as go in, `delay` samples late (2 ms plus 3 to 6 ms of look-ahead); `flush` hands out that
    many more. Peaks between samples are estimated by oversampling (ITU-R BS.1770-5, annex 2), eightfold up to 24 kHz
    and fourfold up to 48 kHz; not where the samples are so small that no peak between them can reach the ceiling,
    which follows from the sum of the filter's weights and holds for nine in ten frames of speech. The gain they call
    for is held over the look-ahead (sliding minimum), recovers linearly and is averaged over the look-ahead, so that it
    arrives in time and has no corners (D. Giannoulis, M. Massberg and J. D. Reiss, "Digital dynamic range compressor
    design", J. Audio Eng. Soc. 60(6), 2012). Memory: a few hundred samples.

    Examples
    --------
    >>> import numpy as np
    >>> limiter = Limiter(8000, ceiling=-6.0)
    >>> limiter.delay
    47.0
    >>> loud = limiter.feed(np.sin(np.arange(800, dtype=np.float32)))
    >>> len(loud), bool(np.abs(loud).max() <= 0.502)
    (800, True)
    """

    def __init__(self, rate: int, *, ceiling: float = -1.0, true_peak: bool = True) -> None:
        valid_rate("rate", rate)
        if not -60 <= ceiling <= 0:
            raise ParameterError(f"ceiling: expected -60 to 0 dBTP, found {ceiling}")
        self.rate = rate
        self._ceiling = 10 ** ((ceiling - MARGIN * true_peak) / 20)
        self._factor = next(factor for factor in (8, 4, 2, 1) if factor * rate <= 192000)
        self._upsampler = LiveResampler(rate, self._factor * rate, band=SIGHT) if true_peak else None
        self._quiet = self._ceiling / self._upsampler.growth * ROUNDED if self._upsampler else self._ceiling
        """Magnitude of the samples up to which no peak, between them either, can exceed the ceiling."""
        self._seen_late = int(self._upsampler.delay) // self._factor if self._upsampler else 0
        self._window = 1 << round(np.log2(LOOK_AHEAD * rate))
        self._step = round(ONE * RECOVERY / rate)
        self._fed, self._reduction = False, 0
        self._resting = True
        """Whether no sample fed so far reduces the gain from now on."""
        self._line = np.zeros(int(self.delay), dtype=np.float32)
        self._excess = np.zeros(self._window, dtype=np.int64)
        self._recent = np.zeros(self._window - 1, dtype=np.int64)
        self._kernel = self._bound()

    def _bound(self) -> backends.Kernel | None:
        if backends.native is None:
            return None
        factor = self._factor if self._upsampler else 0
        numbers = factor, self._seen_late, self._window, self._step, ONE, self._ceiling, self._quiet
        return backends.bound(backends.native, "limiter", numbers)

    @property
    def delay(self) -> float:
        """Samples by which the output lags."""
        return float(self._seen_late + self._window - 1)

    def feed(self, samples: Samples) -> Samples:
        """Limit the next run of samples.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,), float32
            May exceed full scale.

        Returns
        -------
        numpy.ndarray, shape (n,), float32

        Raises
        ------
        SignalError
            See `dsp.stage.valid_samples`.
        """
        samples = valid_samples(samples)
        if not samples.size:
            return SILENCE.copy()
        self._fed = True
        if self._kernel is not None:
            return self._feed_native(self._kernel, np.ascontiguousarray(samples))
        if self._resting and self._out_of_reach(samples):
            if self._upsampler is not None:
                self._upsampler.skip(samples)
            return self._delayed(samples)[0]
        starts = range(0, samples.size, BLOCK)
        return np.concatenate([self._limit(samples[start : start + BLOCK]) for start in starts])

    def _feed_native(self, kernel: backends.Kernel, samples: Samples) -> Samples:
        out = np.empty(samples.size, FLOAT32)
        if self._upsampler is None:
            if not kernel.run(samples, out):
                kernel.run(samples, out, SILENCE)
        elif kernel.run(samples, out):
            self._upsampler.skip(samples)
        else:
            for at in range(0, samples.size, BLOCK):
                run = slice(at, at + BLOCK)
                kernel.run(samples[run], out[run], self._upsampler.feed(samples[run]))
        return out

    def _out_of_reach(self, samples: Samples) -> bool:
        """Whether no peak of the next samples can exceed the ceiling, nor one between them and those before."""
        highest = max(samples.max(), -samples.min())
        if self._upsampler is not None:
            highest = max(highest, self._line.max(), -self._line.min())
        return bool(highest <= self._quiet)

    def flush(self) -> Samples:
        """Hand out the last `delay` samples, none if nothing was fed, and be ready for a new stream.

        Returns
        -------
        numpy.ndarray, shape (delay,), float32
        """
        rest = self.feed(np.zeros(int(self.delay), dtype=np.float32)) if self._fed else SILENCE.copy()
        if self._upsampler:
            self._upsampler.flush()
        self._fed, self._reduction, self._resting = False, 0, True
        for memory in (self._line, self._excess, self._recent):
            memory.fill(0)
        self._kernel = self._bound()
        return rest

    def _limit(self, samples: Samples) -> Samples:
        ready, line = self._delayed(samples)
        reduction = self._smoothed(self._recovering(self._held(self._new_excess(line, samples))))
        self._resting = not (self._reduction or self._recent.any() or self._excess.any())
        if reduction is None:
            return ready
        return ready * (1 - reduction / ONE).astype(np.float32)

    def _delayed(self, samples: Samples) -> tuple[Samples, Samples]:
        """The samples that leave the delay line, and with them those that stay in it."""
        line = np.concatenate([self._line, samples])
        self._line = line[samples.size :].copy()
        return line[: samples.size], line

    def _new_excess(self, line: Samples, samples: Samples) -> NDArray[np.int64]:
        """Steps by which the gain must go down at each sample, or between it and the next."""
        start = self._line.size - self._seen_late
        peaks = np.abs(line[start : start + samples.size]).astype(np.float64)
        if self._upsampler is not None:
            between = np.abs(self._upsampler.feed(samples).reshape(samples.size, self._factor)).max(axis=1)
            peaks = np.maximum(between, peaks)
        excess: NDArray[np.int64] = np.ceil((1 - self._ceiling / np.maximum(peaks, self._ceiling)) * ONE).astype(
            np.int64
        )
        return excess

    def _held(self, excess: NDArray[np.int64]) -> NDArray[np.int64]:
        """The largest excess of the last ``window + 1`` samples, by doubling the width."""
        widest = np.concatenate([self._excess, excess])
        self._excess = widest[excess.size :]
        width = 1
        while width < self._window:
            widest = np.maximum(widest[width:], widest[:-width])
            width *= 2
        held: NDArray[np.int64] = np.maximum(widest[1:], widest[:-1])
        return held

    def _recovering(self, held: NDArray[np.int64]) -> NDArray[np.int64]:
        """Let the reduction go back by one step per sample at most: the running maximum along a falling line."""
        fallen = self._step * np.arange(1, held.size + 1)
        reduction: NDArray[np.int64] = np.maximum(np.maximum.accumulate(held + fallen), self._reduction) - fallen
        self._reduction = int(reduction[-1])
        return reduction

    def _smoothed(self, reduction: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """The average over the window; None where nothing is reduced."""
        known = np.concatenate([self._recent, reduction])
        self._recent = known[reduction.size :]
        if not known.any():
            return None
        total = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(known)])
        average: NDArray[np.float64] = (total[self._window :] - total[: -self._window]) / self._window
        return average

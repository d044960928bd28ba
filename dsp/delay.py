"""Estimation of the delay of an echo, in blocks."""

from __future__ import annotations

import numpy as np

from dsp.spectra import Spectrum

BAND = (200.0, 3600.0)
"""Hz; speech on any telephone line has energy here."""

MEMORY = 0.975
"""Per block of 20 ms: an average over 0.8 s."""

QUIET = 0.5e-3
"""Amplitude per sample below which a bin's phase is not trusted, -66 dBFS."""

CLEARLY = 1.4
"""How far the best lag has to stand above all but its neighbours."""

COHERENT = 0.014
"""Power of the average per bin that the best lag needs; phases without any relation leave 0.013."""

RELATED = 0.1
"""The same per bin that has a phase to trust, for any lag: a tone has 1, two voices stay below 0.03."""

SETTLED = 7
"""Blocks in a row in which the same lag, or its neighbour, has to be best. With these three no lag was found in six
minutes of two voices without an echo, and the right one within 0.8 s of speech with one."""


def band_bins(block: int, rate: int) -> tuple[int, int]:
    """First bin of the band in a spectrum of two blocks, and the first beyond it."""
    low, high = (max(1, round(edge * 2 * block / rate)) for edge in BAND)
    return low, min(high, block - 1)


def quiet_bin(block: int) -> float:
    """`QUIET` in the scale of a bin under the window of height 4."""
    return float(4 * QUIET * np.sqrt(2 * block))


class _PhaseBand:
    """Every second bin of the band, as its phase."""

    def __init__(self, block: int, rate: int) -> None:
        low, stop = band_bins(block, rate)
        self._at = slice(low, stop, 2)
        self._below = slice(low - 1, stop - 1, 2)
        self._above = slice(low + 1, stop + 1, 2)
        self._quiet = np.float32(quiet_bin(block))
        self.bins = len(range(low, stop, 2))

    def phases(self, spectrum: Spectrum) -> Spectrum:
        """The bins' phases under a Hann window of height 4, applied by mixing each bin with its neighbours."""
        bins = spectrum[self._at]
        bins = bins + bins
        bins -= spectrum[self._below]
        bins -= spectrum[self._above]
        bins /= np.abs(bins) + self._quiet
        return bins


class DelayEstimator:
    """Estimator of the lag, in blocks, at which one channel comes back in another.

    Parameters
    ----------
    block : int
        Samples per block; spectra span two blocks.
    rate : int
        Hz.
    lags : int
        Lags that are looked at: 0 to ``lags - 1`` blocks.

    Notes
    -----
    The phases of the cross spectrum of the near block with each of the last far blocks are averaged over time (phase
    transform, Knapp and Carter, "The generalized correlation method for estimation of time delay", IEEE Trans. ASSP
    24(4), 1976). Where a lag is not the echo's the phases turn and the average vanishes. One bin in two suffices. The
    resolution of a block is what the filter needs: it has eight of them to find the rest.

    The state is ``lags`` spectra and as many averages, whatever the length of the call.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> far = rng.standard_normal((60, 320)).astype(np.float32)
    >>> near = np.roll(far, 3, axis=0)
    >>> estimator = DelayEstimator(320, 16000, 10)
    >>> for block in range(1, 60):
    ...     estimator.push(np.fft.rfft(far[block - 1 : block + 1].ravel()))
    ...     estimator.compare(np.fft.rfft(near[block - 1 : block + 1].ravel()))
    >>> estimator.lag
    3
    """

    def __init__(self, block: int, rate: int, lags: int) -> None:
        self._band = _PhaseBand(block, rate)
        bins = self._band.bins
        self._trusted = float(bins)
        self._lags = lags
        self._newest = 0
        self._far = np.zeros((2 * lags, bins), dtype=np.complex64)
        self._average = np.zeros((lags, bins), dtype=np.complex64)
        self._candidate = self._stayed = 0
        self.related = False
        """Whether the channels are related at some lag, be it one of many as in a tone."""
        self.lag: int | None = None
        """Blocks; ``None`` as long as nothing stands out. It stays when the echo goes."""

    def push(self, far: Spectrum) -> None:
        """Take in the spectrum of the last two far blocks."""
        self._newest = (self._newest - 1) % self._lags
        phases = np.conjugate(self._band.phases(far))
        self._far[self._newest] = phases
        self._far[self._newest + self._lags] = phases

    def shift(self, blocks: int) -> None:
        """Take it that the echo comes so many blocks later than before, earlier where negative."""
        if self.lag is None:
            return
        self.lag = self._candidate = min(max(self.lag + blocks, 0), self._lags - 1)
        moved = np.zeros_like(self._average)
        source, target = max(0, -blocks), max(0, blocks)
        moved[target : self._lags - source] = self._average[source : self._lags - target]
        self._average = moved

    def compare(self, near: Spectrum) -> None:
        """Compare the spectrum of the last two near blocks with the far blocks."""
        phases = self._band.phases(near)
        self._trusted += (1 - MEMORY) * (float(np.vdot(phases, phases).real) - self._trusted)
        phases *= np.float32(1 - MEMORY)
        parts = self._average.view(np.float32)
        parts *= np.float32(MEMORY)
        self._average += self._far[self._newest : self._newest + self._lags] * phases
        self._judge(np.vecdot(parts, parts))

    def _judge(self, scores: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
        best = int(scores.argmax())
        peak = float(scores[best])
        scores[max(0, best - 1) : best + 2] = 0
        self.related = peak > RELATED * self._trusted
        # Few bins meet by chance more easily than many: for a lag the whole band counts.
        stands_out = peak > COHERENT * self._band.bins and peak > CLEARLY * float(scores.max())
        if not stands_out or abs(best - self._candidate) > 1:
            self._candidate, self._stayed = best, 0
            return
        self._stayed += 1
        if self._stayed >= SETTLED:
            self.lag = self._candidate = best

"""How loud a signal is, and making it as loud as it should be."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np
import soxr
from numpy.typing import ArrayLike, NDArray

from dsp.errors import ParameterError
from dsp.limiter import Limiter
from dsp.stage import SILENCE, Samples, valid_rate, valid_samples

HOP = 0.05
"""Seconds between two decisions on the gain."""

BLOCK_HOPS, ONSET_HOPS = 8, 2
"""Hops of a gating block (400 ms, ITU-R BS.1770) and of the quick look that notices a loud onset (100 ms)."""

MEMORY = 50
"""Gating blocks that the estimate rests on: the last 2.5 s in which anyone spoke."""

FLOOR = -55.0
"""LUFS. Quieter blocks are pauses: they neither count nor move the gain, so that noise is never pumped up."""

SYLLABLE = 5.0
"""dB by which 100 ms of speech may exceed its loudness; a louder onset turns the gain down at once."""

PHRASE, SWING = 12, 1.0
"""Gating blocks (0.6 s), and the dB by which so short a piece of speech may exceed the loudness of the whole."""

RISE, FIRST_RISE, FALL = 6.0, 80.0, 160.0
"""dB per second: rising is slow enough not to be noticed, except in the first second of speech; falling is quick."""

FIRST_HOPS = 20

# ITU-R BS.1770-5, tables 1 and 2: the two stages of the K-weighting filter at 48 kHz.
SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


def rms_dbfs(samples: ArrayLike) -> float:
    """The root mean square in decibels of full scale.

    Parameters
    ----------
    samples : array_like, shape (n,), float32 or float64

    Returns
    -------
    float
        dBFS; 0 for a full-scale square wave, -3.01 for a full-scale sine, ``-inf`` for silence and for no samples.

    Raises
    ------
    SignalError
        See `dsp.stage.valid_samples`.

    Examples
    --------
    >>> round(rms_dbfs([0.1, -0.1, 0.1, -0.1]), 3)
    -20.0
    """
    run = valid_samples(samples).astype(np.float64)
    return _decibels(float(np.dot(run, run)) / run.size if run.size else 0.0)


def peak_dbfs(samples: ArrayLike) -> float:
    """The largest magnitude of any sample in decibels of full scale.

    Parameters
    ----------
    samples : array_like, shape (n,), float32 or float64

    Returns
    -------
    float
        dBFS; ``-inf`` for silence and for no samples.

    Raises
    ------
    SignalError
        See `dsp.stage.valid_samples`.

    Examples
    --------
    >>> round(peak_dbfs([0.1, -0.5]), 2)
    -6.02
    """
    run = valid_samples(samples)
    return _decibels(float(np.abs(run).max()) ** 2 if run.size else 0.0)


def true_peak_dbtp(samples: ArrayLike) -> float:
    """The largest magnitude, between the samples too, by fourfold oversampling (ITU-R BS.1770-5, annex 2).

    Parameters
    ----------
    samples : array_like, shape (n,), float32 or float64

    Returns
    -------
    float
        dBTP, at least `peak_dbfs`; ``-inf`` for silence and for no samples.

    Raises
    ------
    SignalError
        See `dsp.stage.valid_samples`.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4)
    >>> round(peak_dbfs(tone), 2), abs(round(true_peak_dbtp(np.hanning(4000) * tone), 2))
    (-3.01, 0.0)
    """
    run = valid_samples(samples)
    return max(peak_dbfs(run), peak_dbfs(soxr.resample(run, 1, 4, "VHQ")))


class Leveler:
    """Bring speech to a target loudness with a slow gain, and keep its peaks below a ceiling.

    Parameters
    ----------
    rate : int
        Hz, at most 48000.
    target : float
        LUFS, ITU-R BS.1770 loudness of the speech, from -40 to -10.
    ceiling : float
        dBTP, see `Limiter`.
    boost, cut : float
        dB, the most that is added and taken away.
    gain : float
        dB to begin with: where the loudness of a voice is known, nothing has to be found out.

    Raises
    ------
    ParameterError
        A parameter is outside its range.

    Notes
    -----
    Every 50 ms the loudness of the last 2.5 s of speech is measured as ITU-R BS.1770-5 does, K-weighted and gated, and
    the gain moves on towards the difference: up slowly, down quickly, and not at all in pauses. Within 50 ms it changes
    along a straight line. As many samples come out as go in, `delay` samples late, the limiter's look-ahead; `flush`
    hands out that many more. Memory: 50 ms of samples and 2.5 s of block energies.

    Examples
    --------
    >>> import numpy as np
    >>> leveler = Leveler(8000, target=-23.0)
    >>> tone = 0.01 * np.sin(np.arange(80000) * 2 * np.pi * 1000 / 8000).astype(np.float32)
    >>> round(rms_dbfs(tone)), round(rms_dbfs(leveler.feed(tone)[-8000:]))
    (-43, -23)
    """

    def __init__(
        self,
        rate: int,
        *,
        target: float = -20.0,
        ceiling: float = -1.0,
        boost: float = 30.0,
        cut: float = 30.0,
        gain: float = 0.0,
    ) -> None:
        valid_rate("rate", rate)
        limits = {"rate": (rate, 4000, 48000), "target": (target, -40, -10), "boost": (boost, 0, 60)}
        for name, (value, low, high) in (limits | {"cut": (cut, 0, 60), "gain": (gain, -cut, boost)}).items():
            if not low <= value <= high:
                raise ParameterError(f"{name}: expected {low} to {high}, found {value}")
        self._limiter = Limiter(rate, ceiling=ceiling)
        self._target, self._lowest, self._highest, self._first_gain = target, -cut, boost, gain
        self._hop = round(HOP * rate)
        self._ramp = (np.arange(self._hop, dtype=np.float32) + 1) / np.float32(self._hop)
        self._weights = _k_weights(rate, self._hop)
        self._collected = np.zeros(self._hop, dtype=np.float32)
        self._energies: deque[float] = deque(maxlen=BLOCK_HOPS)
        self._blocks: deque[float] = deque(maxlen=MEMORY)
        self._filled = self._spoken = 0
        self._gain = gain
        self._factor, self._change = _factor(gain), np.float32(0)

    @property
    def delay(self) -> float:
        """Samples by which the output lags."""
        return self._limiter.delay

    @property
    def gain(self) -> float:
        """dB, as it stands after what was fed: the ``gain`` to begin the next stream of the same voice with."""
        return self._gain

    def feed(self, samples: Samples) -> Samples:
        """Level the next run of samples.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,), float32

        Returns
        -------
        numpy.ndarray, shape (n,), float32, within the ceiling

        Raises
        ------
        SignalError
            See `dsp.stage.valid_samples`.
        """
        samples = valid_samples(samples)
        start, runs = 0, [SILENCE]
        while start < samples.size:
            run = samples[start : start + self._hop - self._filled]
            place = slice(self._filled, self._filled + run.size)
            self._collected[place] = run
            runs.append(self._limiter.feed(run * (self._factor + self._change * self._ramp[place])))
            start, self._filled = start + run.size, place.stop
            if self._filled == self._hop:
                self._decide()
        return np.concatenate(runs)

    def flush(self) -> Samples:
        """Hand out the last `delay` samples, none if nothing was fed, and be ready for a new stream."""
        rest = self._limiter.flush()
        self._energies.clear()
        self._blocks.clear()
        self._filled = self._spoken = 0
        self._gain = self._first_gain
        self._factor, self._change = _factor(self._gain), np.float32(0)
        return rest

    def _decide(self) -> None:
        """A hop is complete: the gain to reach at the end of the next one."""
        self._filled = 0
        self._factor = self._factor + self._change
        self._energies.append(_energy(self._collected, self._weights))
        block = sum(self._energies) / len(self._energies)
        if _loudness(block) > FLOOR:
            self._blocks.append(block)
            self._spoken += 1
            onset = sum(list(self._energies)[-ONSET_HOPS:]) / min(ONSET_HOPS, len(self._energies))
            recent = _gated(list(self._blocks)[-PHRASE:])
            measured = max(_loudness(_gated(self._blocks)), _loudness(recent) - SWING, _loudness(onset) - SYLLABLE)
            rise = FIRST_RISE if self._spoken <= FIRST_HOPS else RISE
            wanted = min(max(self._target - measured, self._lowest), self._highest)
            self._gain = min(max(wanted, self._gain - FALL * HOP), self._gain + rise * HOP)
        self._change = _factor(self._gain) - self._factor


def _factor(gain: float) -> np.float32:
    return np.float32(10 ** (gain / 20))


def _decibels(power: float) -> float:
    return 10 * math.log10(power) if power > 0 else -math.inf


def _loudness(energy: float) -> float:
    """LUFS of a K-weighted mean square."""
    return _decibels(energy) - 0.691


def _gated(blocks: Sequence[float]) -> float:
    """The mean of the blocks that lie no more than 10 dB below the mean of all of them (ITU-R BS.1770)."""
    gate = sum(blocks) / len(blocks) / 10
    loud = [block for block in blocks if block >= gate]
    return sum(loud) / len(loud)


def _energy(samples: Samples, weights: NDArray[np.float64]) -> float:
    """The K-weighted mean square, in the frequency domain by Parseval's theorem."""
    spectrum = np.fft.rfft(samples.astype(np.float64))
    return float(np.sum((spectrum.real**2 + spectrum.imag**2) * weights))


def _k_weights(rate: int, size: int) -> NDArray[np.float64]:
    """What each bin of a spectrum of ``size`` samples contributes to the K-weighted mean square."""
    turns = np.exp(-2j * np.pi * np.arange(size // 2 + 1) * (rate / size) / 48000)
    weights: NDArray[np.float64] = np.full(turns.size, 2.0 / size**2)
    weights[0] /= 2
    if size % 2 == 0:
        weights[-1] /= 2
    for above, below in (SHELF, HIGH_PASS):
        response = np.polynomial.polynomial.polyval(turns, above) / np.polynomial.polynomial.polyval(turns, below)
        weights *= np.abs(response) ** 2
    return weights

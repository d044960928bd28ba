"""Levelling of speech to a target loudness."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dsp.activity import VoiceActivity
from dsp.errors import ParameterError
from dsp.levels import decibels
from dsp.limiter import Limiter
from dsp.stage import SILENCE, Samples, valid_rate, valid_samples

HOP = 0.05
"""Seconds between two decisions on the gain."""

BLOCK_HOPS, ONSET_HOPS = 8, 2
"""Hops of a gating block (400 ms, ITU-R BS.1770) and of the quick look that notices a loud onset (100 ms)."""

MEMORY = 50
"""Gating blocks of the estimate: the last 2.5 s of speech."""

FLOOR = -60.0
"""LUFS. Quieter blocks are pauses, whatever they hold: they neither count nor move the gain."""

HANG_OVER = 0.3
"""Seconds of pause that end speech: a gap between words does not, or every word would have to become certain anew."""

CERTAIN_HOPS = 8
"""Hops in a row in which speech must have been detected before they count: most that is taken for it in noise is
shorter, with the hang-over."""

SYLLABLE = 5.0
"""dB by which 100 ms of speech may exceed its loudness; a louder onset turns the gain down at once."""

PHRASE, SWING = 12, 1.0
"""Gating blocks (0.6 s), and the dB by which so short a piece of speech may exceed the loudness of the whole."""

OVERRATED = 0.4
"""dB by which the largest of those three estimates exceeds the loudness of the voices met, on average."""

RISE, FIRST_RISE, FALL = 6.0, 80.0, 160.0
"""dB per second: rising is slow enough not to be noticed, except in the first second of speech; falling is quick."""

FIRST_HOPS = 20

# ITU-R BS.1770-5, tables 1 and 2: the two stages of the K-weighting filter at 48 kHz.
SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


class Leveler:
    """Leveller that brings speech to a target loudness with a slow gain, and keeps its peaks below a ceiling.

    Parameters
    ----------
    rate : int
        Hz, 8000 to 48000.
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
    the gain moves on towards the difference: up slowly, down quickly, and only while `dsp.VoiceActivity` detects
    speech: neither noise nor music nor a pause moves it. Within 50 ms it changes along a straight line. As many samples
    come out as go in, `delay` samples late, the limiter's look-ahead; `flush` hands out that many more. Memory: 50 ms
    of samples, 2.5 s of block energies, and that of the detector.

    Examples
    --------
    >>> import numpy as np
    >>> leveler = Leveler(8000, target=-23.0)
    >>> hiss = 0.01 * np.random.default_rng(1).standard_normal(80000).astype(np.float32)
    >>> levelled = leveler.feed(hiss)
    >>> leveler.gain  # noise is not speech
    0.0
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
        limits = {"rate": (rate, 8000, 48000), "target": (target, -40, -10), "boost": (boost, 0, 60)}
        for name, (value, low, high) in (limits | {"cut": (cut, 0, 60), "gain": (gain, -cut, boost)}).items():
            if not low <= value <= high:
                raise ParameterError(f"{name}: expected {low} to {high}, found {value}")
        self.rate = rate
        self._limiter = Limiter(rate, ceiling=ceiling)
        self._hop = round(HOP * rate)
        self._ramp = (np.arange(self._hop, dtype=np.float32) + 1) / np.float32(self._hop)
        self._collected = np.zeros(self._hop, dtype=np.float32)
        self._filled = 0
        self._activity = VoiceActivity(rate, hang_over=HANG_OVER)
        self._spoken = 0
        """Hops in a row in which speech was detected."""
        self._control = _GainControl(target, (-cut, boost), gain, _k_weights(rate, self._hop))
        self._factor, self._change = _factor(gain), np.float32(0)

    @property
    def delay(self) -> float:
        """Samples by which the output lags."""
        return self._limiter.delay

    @property
    def gain(self) -> float:
        """dB, as it stands after what was fed: the ``gain`` to begin the next stream of the same voice with."""
        return self._control.gain

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
        """Hand out the last `delay` samples, none if nothing was fed, and be ready for a new stream.

        Returns
        -------
        numpy.ndarray, shape (delay,), float32
        """
        rest = self._limiter.flush()
        self._filled = 0
        self._spoken = 0
        self._activity.flush()
        self._control.reset()
        self._factor, self._change = _factor(self._control.gain), np.float32(0)
        return rest

    def _decide(self) -> None:
        """Take a complete hop; set the gain to reach at the end of the next one."""
        self._filled = 0
        self._factor = self._factor + self._change
        self._activity.feed(self._collected)
        self._spoken = self._spoken + 1 if self._activity.speaking else 0
        gain = self._control.after(self._collected, speech=self._spoken >= CERTAIN_HOPS)
        self._change = _factor(gain) - self._factor


class _GainControl:
    """Controller of the gain, one decision per hop."""

    def __init__(self, target: float, limits: tuple[float, float], gain: float, weights: NDArray[np.float64]) -> None:
        self._target, self._limits, self._first_gain = target, limits, gain
        self._weights = weights
        self._energies: deque[float] = deque(maxlen=BLOCK_HOPS)
        self._blocks: deque[float] = deque(maxlen=MEMORY)
        self.reset()

    def reset(self) -> None:
        """Begin a new stream."""
        self._energies.clear()
        self._blocks.clear()
        self._spoken = 0
        self.gain = self._first_gain
        """dB."""

    def after(self, hop: Samples, *, speech: bool) -> float:
        """The gain, in dB, after this hop."""
        self._energies.append(_energy(hop, self._weights))
        block = sum(self._energies) / len(self._energies)
        if speech and _loudness(block) > FLOOR:
            self._blocks.append(block)
            self._spoken += 1
            rise = FIRST_RISE if self._spoken <= FIRST_HOPS else RISE
            low, high = self._limits
            wanted = min(max(self._target + OVERRATED - self._measured(), low), high)
            self.gain = min(max(wanted, self.gain - FALL * HOP), self.gain + rise * HOP)
        return self.gain

    def _measured(self) -> float:
        """LUFS of the speech: of all that is remembered, or more where a phrase or an onset exceeds it."""
        onset = sum(list(self._energies)[-ONSET_HOPS:]) / min(ONSET_HOPS, len(self._energies))
        recent = _gated(list(self._blocks)[-PHRASE:])
        return max(_loudness(_gated(self._blocks)), _loudness(recent) - SWING, _loudness(onset) - SYLLABLE)


def _factor(gain: float) -> np.float32:
    return np.float32(10 ** (gain / 20))


def _loudness(energy: float) -> float:
    """LUFS of a K-weighted mean square."""
    return decibels(energy) - 0.691


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

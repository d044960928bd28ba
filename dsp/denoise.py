"""Background denoising by the platform's Fourier plan: sound far below the near speaker is filtered out."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dsp.denoise_plan import FourierDenoisingPlan
from dsp.errors import ParameterError
from dsp.stage import SILENCE, Samples, valid_rate, valid_samples

Floats: TypeAlias = NDArray[np.float64]

LOWEST_RATE, HIGHEST_RATE = 8000, 48000
"""Hz."""
HOP = 0.01
"""Seconds; a window is two hops, and so is the longest wait of a sample."""
DEEPEST_DB = -24.0
"""Gain of filtered sound: with a lower one the line sounds dead and the filter is audible."""
DEEPEST = 10 ** (DEEPEST_DB / 20)
RELEASE_DB = 0.5
"""dB per hop by which the measured level may fall: the nearer the speaker, the longer the end of a word survives.
Faster ones take more background and, in the same measure, soft consonants."""
PEAK_DB = 11.0
"""dB by which the peaks of a voice exceed the percentile of its level: one that lies at the threshold stays below."""
SLOPE = 4.0
"""dB less gain per dB below the threshold."""
FIRST_BIN = 2
"""Hz from which the level is measured: an offset or rumble below is not a voice."""
QUIETEST = 1e-10
"""Power below which nothing is measured (-100 dBFS)."""
LOWEST_LEVEL, LEVEL_STEP_DB, LEVEL_COUNT = -100.0, 0.5, 220
"""dBFS, dB and number of the levels that the rolling percentile tells apart."""
SPREAD, STEADY_DB = (15.0, 85.0), 8.0
"""A window in which these percentiles lie closer than that many dB holds no conversation: speech spreads over 15."""
FLOOR_RISE = 0.02
"""Relative step per hop of the steady background's power in a bin, upwards: 9 dB per second."""
QUICK_HOPS = 60
"""Hops at the start for which the steps are four times as large."""
QUIETEST_FLOOR = 1e-8
"""Mean square (-80 dBFS) from which steady background is looked for, which bounds the climb out of silence."""
FLOOR_QUANTILE = 0.3
"""Share of the time that a bin lies below its tracked floor …"""
FLOOR_TO_MEAN = -1 / math.log(1 - FLOOR_QUANTILE)
"""… and so the ratio of mean to floor for noise, whose power in a bin is exponentially distributed."""
STEADINESS = 0.97
"""Weight of the last hop in the decision-directed estimate: higher is smoother, lower quicker at onsets."""
TOGETHER = 64
"""Windows transformed in one call, whose fixed price is that of three."""


class FourierDenoiser:
    """Filter for sound below a threshold that follows the near speaker.

    The near speaker is loud, so a high percentile of the recent level is the speaker's level, the *baseline*. A
    background whose own percentile lies ``baseline_offset_db`` below it is at the threshold and turned down by up to
    24 dB, its peaks included. Until the window has been filled once the static threshold stands in. With media
    detection, the steady part of every frequency bin is estimated and taken out under the speech too, and a window
    that holds nothing but steady sound neither establishes nor moves the baseline.

    Parameters
    ----------
    plan : FourierDenoisingPlan
    rate : int
        Hz, 8000 … 48000.

    Raises
    ------
    ParameterError
        The rate is outside its range.

    Notes
    -----
    Windows of 20 ms, square-root Hann on both sides, overlapping by half: with all gains one the output is the input,
    10 ms later, to float precision. It comes in runs of 10 ms. Memory is constant: one byte per 10 ms of plan window.

    The gain of the steady part is power subtraction, the square root of the Wiener filter, which spares weak speech,
    on a decision-directed estimate of the signal-to-noise ratio: Y. Ephraim and D. Malah, "Speech enhancement using a
    minimum mean-square error short-time spectral amplitude estimator", IEEE Trans. ASSP 32 (1984), whose smoothing is
    what keeps musical noise away (O. Cappé, IEEE Trans. SAP 2 (1994)). The noise of a bin is tracked as a quantile: V.
    Stahl, A. Fischer and R. Bippus, "Quantile based noise estimation for spectral subtraction and Wiener filtering",
    ICASSP 2000.

    Limits: in a pause of the near speaker that lasts most of the window, the percentile follows any other talker (a
    longer window helps), and soft consonants after a silence lose their first hops.

    Examples
    --------
    >>> import numpy as np
    >>> denoiser = FourierDenoiser(FourierDenoisingPlan(), 8000)
    >>> hiss = 0.003 * np.random.default_rng(1).standard_normal(16000).astype(np.float32)
    >>> clean = denoiser.feed(hiss)
    >>> denoiser.delay, clean.size, round(20 * np.log10(clean[8000:].std() / hiss[8000:].std()))
    (80.0, 16000, -24)
    """

    def __init__(self, plan: FourierDenoisingPlan, rate: int) -> None:
        valid_rate("rate", rate)
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise ParameterError(f"rate: expected {LOWEST_RATE} … {HIGHEST_RATE} Hz, found {rate}")
        self.plan = plan
        self.rate = rate
        self._hop = round(rate * HOP)
        self._taper = np.sqrt(0.5 - 0.5 * np.cos(np.pi * np.arange(2 * self._hop) / self._hop))
        self._carry: Samples
        self._fed: int
        self._start_over()

    @property
    def delay(self) -> float:
        """Samples by which the output lags behind the input: one hop."""
        return float(self._hop)

    @property
    def threshold(self) -> float:
        """dBFS below which the last hop was, or would have been, filtered."""
        return self._gate.threshold

    def feed(self, samples: Samples) -> Samples:
        """Denoise the next run of samples.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,), float32

        Returns
        -------
        numpy.ndarray, shape (m,), float32
            As many whole hops as became complete.

        Raises
        ------
        SignalError
            See `dsp.stage.valid_samples`.
        """
        samples = valid_samples(samples)
        waiting = np.concatenate([self._carry, samples])
        hops = waiting.size // self._hop - 1
        blocks = waiting[: (hops + 1) * self._hop].reshape(-1, self._hop)
        out = np.empty(hops * self._hop, dtype=np.float32)
        for first in range(0, hops, TOGETHER):
            some = blocks[first : first + TOGETHER + 1]
            start = first * self._hop
            out[start : start + some.size - self._hop] = self._step(some)
        self._carry = waiting[out.size :].copy()
        self._fed += samples.size
        return out

    def flush(self) -> Samples:
        """Hand out the rest, so that `delay` samples more have come out than went in, and reset for a new stream."""
        if not self._fed:
            return SILENCE.copy()
        waiting = self._carry.size
        rest = self.feed(np.zeros(2 * self._hop, dtype=np.float32))[:waiting]
        self._start_over()
        return rest

    def _start_over(self) -> None:
        self._carry = np.zeros(self._hop, dtype=np.float32)
        self._tail = np.zeros(self._hop)
        self._gate = _Gate(self.plan, self._hop)
        self._steady = _SteadyBackground(self._hop) if self.plan.media_detection_enabled else None
        self._fed = 0

    def _step(self, blocks: NDArray[np.float32]) -> Floats:
        """Turn the windows that two blocks after each other make, each of a hop, into one hop of output each."""
        spectra = np.fft.rfft(np.concatenate([blocks[:-1], blocks[1:]], axis=1) * self._taper)
        if self.plan.enabled:
            for spectrum in spectra:
                self._filter(spectrum)
        frames = np.fft.irfft(spectra, 2 * self._hop)
        frames *= self._taper
        out: Floats = frames[:, : self._hop]
        out[0] += self._tail
        out[1:] += frames[:-1, self._hop :]
        self._tail = frames[-1, self._hop :].copy()
        return out.ravel()

    def _filter(self, spectrum: NDArray[np.complex128]) -> None:
        power = spectrum.real**2
        power += spectrum.imag**2
        gate = self._gate.gain(power)
        if self._steady is None:
            spectrum *= gate
            return
        gains = self._steady.gains(power)
        gains *= gate
        spectrum *= np.maximum(gains, DEEPEST, out=gains)


class _Gate:
    """One gain for the whole window, by the plan's baseline."""

    def __init__(self, plan: FourierDenoisingPlan, hop: int) -> None:
        self._plan = plan
        self._levels = _RollingLevels(round(plan.window_size_ms / (1000 * HOP)), (*SPREAD, plan.baseline_percentile))
        # Parseval: twice the power of the bins, over the length and over the energy of the window, which is one hop.
        self._scale = 2.0 / (2 * hop * hop)
        self._held = LOWEST_LEVEL
        self.threshold = self._opening = plan.static_threshold_db

    def gain(self, power: Floats) -> float:
        """Take the power of one window's bins, answer a linear gain."""
        level = 10 * math.log10(float(np.add.reduce(power[FIRST_BIN:])) * self._scale + QUIETEST)
        self._follow(level)
        self._held = max(level, self._held - RELEASE_DB)
        gain_db = SLOPE * (self._held - self._opening)
        return float(10 ** (min(max(gain_db, DEEPEST_DB), 0.0) / 20))

    def _follow(self, level: float) -> None:
        quiet, loud, baseline = self._levels.add(level)
        steady = self._plan.media_detection_enabled and loud - quiet < STEADY_DB
        if self._levels.full and not steady:
            self.threshold = baseline + self._plan.baseline_offset_db
            self._opening = self.threshold + PEAK_DB


class _RollingLevels:
    """Percentiles of the last ``size`` levels, at the cost of one histogram however long the window is."""

    def __init__(self, size: int, percentiles: tuple[float, ...]) -> None:
        self._ring = bytearray(size)
        self._counts = np.zeros(LEVEL_COUNT, dtype=np.int64)
        self._seen = 0
        self._percentiles = np.array(percentiles)
        self._ranks = np.zeros(len(percentiles), dtype=np.int64)

    @property
    def full(self) -> bool:
        return self._seen >= len(self._ring)

    def add(self, level: float) -> list[float]:
        """Put in a level in dBFS, the oldest out; answer the percentiles of what is inside, nearest rank, in dBFS."""
        place = self._seen % len(self._ring)
        if self.full:
            self._counts[self._ring[place]] -= 1
        else:
            self._ranks = np.ceil(self._percentiles * (self._seen + 1) / 100).astype(np.int64)
        index = min(max(round((level - LOWEST_LEVEL) / LEVEL_STEP_DB), 0), LEVEL_COUNT - 1)
        self._ring[place] = index
        self._counts[index] += 1
        self._seen += 1
        return [
            LOWEST_LEVEL + LEVEL_STEP_DB * found for found in self._counts.cumsum().searchsorted(self._ranks).tolist()
        ]


class _SteadyBackground:
    """Gains that take out of every bin what is always there."""

    def __init__(self, hop: int) -> None:
        self._lowest = QUIETEST_FLOOR * hop
        self._floor = np.full(hop + 1, self._lowest)
        self._clean = np.zeros(hop + 1)
        self._steps = 1 + FLOOR_RISE * np.array([1 - 1 / FLOOR_QUANTILE, 1.0])
        self._hops = 0

    def gains(self, power: Floats) -> Floats:
        """Take the power of one window's bins, answer a linear gain for each."""
        noise = self._track(power)
        prior = power - noise
        np.maximum(prior, 0.0, out=prior)
        prior *= 1 - STEADINESS
        prior += STEADINESS * self._clean
        noise += prior
        np.divide(prior, noise, out=prior)
        np.multiply(prior, power, out=self._clean)
        gains: Floats = np.sqrt(prior, out=prior)
        return gains

    def _track(self, power: Floats) -> Floats:
        """Move every floor a step towards its quantile; the step down is larger by the odds of being above."""
        if self._hops == 0:
            np.maximum(power, self._lowest, out=self._floor)
        steps = self._steps**4 if self._hops < QUICK_HOPS else self._steps
        self._floor *= steps.take(power > self._floor)
        np.maximum(self._floor, self._lowest, out=self._floor)
        self._hops += 1
        return self._floor * FLOOR_TO_MEAN

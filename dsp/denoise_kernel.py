"""Compiled Fourier denoiser: the steps of `dsp.denoise` in one call, with the constants of the numpy code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp import backends, denoise_gate, denoise_media
from dsp.denoise_plan import FourierDenoisingPlan
from dsp.stage import FLOAT32, Samples, valid_samples


class DenoiseKernel:
    """State of one stream.

    Parameters
    ----------
    kernels : Kernels
    plan : FourierDenoisingPlan
    hop : int
        Samples of half a window.
    taper : numpy.ndarray, shape (2 hop,)
    """

    def __init__(
        self, kernels: backends.Kernels, plan: FourierDenoisingPlan, hop: int, taper: NDArray[np.float64]
    ) -> None:
        self._hop = hop
        self._told = np.zeros(1)
        numbers = (*_plan(plan, hop), *_gate(), *_media(hop))
        self._run = backends.bound(kernels, "denoise", numbers, taper.astype(np.float32), self._told).run
        self.waiting = hop
        """Samples that the next window begins with."""
        self.fed = 0
        """Samples."""

    @property
    def threshold(self) -> float:
        """dBFS."""
        return float(self._told[0])

    def feed(self, samples: Samples) -> Samples:
        """Denoise the next run of samples; the answer has as many whole hops as became complete."""
        if not isinstance(samples, np.ndarray):
            samples = valid_samples(samples)
        waiting = self.waiting + samples.size
        done = (waiting // self._hop - 1) * self._hop
        out = np.empty(done, FLOAT32)
        if self._run(samples, out) is None:
            self._run(np.ascontiguousarray(valid_samples(samples)), out, True)
        self.waiting = waiting - done
        self.fed += samples.size
        return out


def _plan(plan: FourierDenoisingPlan, hop: int) -> tuple[float, ...]:
    window = round(plan.window_size_ms / (1000 * denoise_gate.HOP))
    percentiles = (*denoise_gate.SPREAD, plan.baseline_percentile)
    thresholds = (plan.static_threshold_db, plan.baseline_offset_db)
    return (hop, plan.enabled, plan.media_detection_enabled, window, *thresholds, *percentiles)


def _gate() -> tuple[float, ...]:
    of = denoise_gate
    return (
        of.FIRST_BIN, of.LEVEL_COUNT,
        of.RELEASE_DB, of.SLOPE, of.DEEPEST_DB, of.QUIETEST, of.LOWEST_LEVEL, of.LEVEL_STEP_DB, of.STEADY_DB,
    )  # fmt: skip


def _media(hop: int) -> tuple[float, ...]:
    of = denoise_media
    return (
        of.FIRST_HOPS, of.AUDIBLE_DB, of.LOUD_DB,
        of.LOWEST * hop, of.SPEECH_PRIOR, of.PRESENCE_STEP, of.MOST_PRESENT, of.NOISE_STEP, of.STEADINESS,
    )  # fmt: skip

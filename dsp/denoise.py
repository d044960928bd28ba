"""Background denoising by the platform's Fourier plan: sound far below the near speaker is filtered out."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dsp import backends, denoise_kernel
from dsp.denoise_gate import HOP, Gate
from dsp.denoise_media import SteadyBackground
from dsp.denoise_plan import FourierDenoisingPlan
from dsp.errors import ParameterError
from dsp.stage import SILENCE, Samples, valid_rate, valid_samples

Floats: TypeAlias = NDArray[np.float64]

LOWEST_RATE, HIGHEST_RATE = 8000, 48000
"""Hz."""
TOGETHER = 64
"""Windows transformed in one call, whose fixed price is that of three."""


class FourierDenoiser:
    """Filter for sound below a threshold that follows the near speaker.

    The near speaker is loud, so a high percentile of the recent level is the speaker's level, the *baseline*. What
    lies more than ``baseline_offset_db`` below it is turned down, by up to 15 dB. Until the window has been filled
    once the static threshold stands in, or the offset below the loudest sound so far where that is lower: a quiet
    caller keeps the first words. With media detection, the steady part of every frequency bin is taken out under the
    speech too unless it lies 30 dB below the speaker, and a window that holds nothing but steady sound neither
    establishes nor moves the baseline.

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

    Limits: in a pause of the near speaker that lasts most of the window, the percentile follows any other talker (a
    longer window helps). The platform advises a smart stage before this one; alone it helps people more than
    recognisers.

    Examples
    --------
    >>> import numpy as np
    >>> denoiser = FourierDenoiser(FourierDenoisingPlan(), 8000)
    >>> hiss = 0.003 * np.random.default_rng(1).standard_normal(16000).astype(np.float32)
    >>> clean = denoiser.feed(hiss)
    >>> denoiser.delay, clean.size, round(20 * np.log10(clean[8000:].std() / hiss[8000:].std()))
    (80.0, 16000, -15)
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
        return self._gate.threshold if self._kernel is None else self._kernel.threshold

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
        if self._kernel is not None:
            return self._kernel.feed(samples)
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
        """Hand out the rest, so that `delay` samples more have come out than went in, and reset for a new stream.

        Returns
        -------
        numpy.ndarray, shape (m,), float32
        """
        if not (self._fed if self._kernel is None else self._kernel.fed):
            return SILENCE.copy()
        waiting = self._carry.size if self._kernel is None else self._kernel.waiting
        rest = self.feed(np.zeros(2 * self._hop, dtype=np.float32))[:waiting]
        self._start_over()
        return rest

    def _start_over(self) -> None:
        self._carry = np.zeros(self._hop, dtype=np.float32)
        self._tail = np.zeros(self._hop)
        self._gate = Gate(self.plan, self._hop)
        self._steady = SteadyBackground(self._hop) if self.plan.media_detection_enabled else None
        self._fed = 0
        self._kernel: denoise_kernel.DenoiseKernel | None = None
        if backends.native is not None:
            self._kernel = denoise_kernel.DenoiseKernel(backends.native, self.plan, self._hop, self._taper)

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
        gains = self._steady.gains(power, self._gate.loud)
        spectrum *= np.minimum(gains, gate, out=gains)

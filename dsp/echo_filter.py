"""Kalman filter for the echo path: a partitioned-block adaptive filter in the frequency domain."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dsp.stage import Samples

Spectrum: TypeAlias = NDArray[np.complex64]
"""One-sided spectrum of two blocks, shape (block + 1,)."""

Power: TypeAlias = NDArray[np.float32]
"""Squared magnitudes of a `Spectrum`, or what is compared with them; shape (block + 1,)."""

PARTITIONS = 8
"""Blocks of 20 ms that the filter spans: 160 ms, at whose end a room of 0.4 s reverberation time is 24 dB down."""

FORGETTING = 0.9995
"""The state transition A per block. At 0.999 double talk is 1.4 dB worse, at 0.996 4 dB; neither learns sooner."""

CONFIDENCE = 0.15
"""Share of the model's certainty that is used. It takes a two-block spectrum's bins for independent, half of each
being new, which would be 0.5; but the bins between a voice's harmonics hold nothing but leakage. At 0.5 the sounds that
use other harmonics than those before them come through, and the worst of 30 calls is 17 dB louder."""

COMMON = 0.5
"""Weight of the mean over the whole filter in the path's strength at a bin, so that no bin's certainty is final."""

DRIFT = 1.0e-5
"""Growth of the uncertainty per block that does not depend on what has been learnt, so that an empty filter learns."""

FIRST_UNCERTAINTY = 0.3
"""Squared gain that a partition of the direct sound may have; an echo of level 0.55 has it."""

LEAD = 2
"""Partitions, after the first, in which the direct sound is looked for."""

UNCERTAINTY_DECAY = 0.6
"""From one partition to the next behind the direct sound: a room of 0.4 s reverberation time falls to 0.5 in 20 ms."""

NOISE_MEMORY = 0.6
"""Share of the old estimate in the power of the customer's side per block."""

NEIGHBOURS = np.full(5, 0.2, dtype=np.float32)
"""Weights with which the customer's power is spread over bins: the leakage of a rectangular window."""

LEAST_NOISE = 2.0e-10
"""Squared amplitude per sample that is always assumed on the customer's side: about one 16-bit step's quantisation."""

MISFIT = 0.25
"""Squared correlation of what is left with what was subtracted, above which the path has changed. A right filter leaves
the customer, who has nothing to do with it; a path that moved leaves 0.5."""

MISFIT_SHARE = 0.4
"""Of what was subtracted, how much has to be wrong besides."""

MISFIT_MEMORY = 0.9
"""Share of the old values per block in both: an average over 0.2 s."""

SETTLING = 25
"""Blocks for which a filter that has just begun to learn is left alone: 0.5 s."""

AUDIBLE = 1.0e-3
"""Amplitude, rms, of the weakest echo for which a changed path resets the certainty: -60 dBFS."""

UPKEEP = 4
"""Blocks from one upkeep of a settled filter to the next, which costs as much as all else. One that has just begun to
learn has its weights constrained on every block: at 4 the first second would cost 2 dB."""

KEPT = FORGETTING ** (2 * UPKEEP)
"""Share of the uncertainty that is left from one upkeep to the next."""


class Cancelled(NamedTuple):
    """One block without the echo that the filter knows of."""

    error: Samples
    """The customer's channel less the echo estimate, shape (block,)."""

    residual: Power
    """Power of the echo that is expected to be left, in the scale of a two-block spectrum."""


def power(spectrum: Spectrum) -> Power:
    """Squared magnitude per bin; the array has the shape of the spectrum."""
    squares = np.square(spectrum.view(np.float32))
    result: Power = squares[..., 0::2] + squares[..., 1::2]
    return result


def to_spectrum(samples: Samples) -> Spectrum:
    """The spectrum of the last axis, in single precision."""
    return np.asarray(np.fft.rfft(samples), dtype=np.complex64)


def from_spectrum(spectrum: Spectrum) -> Samples:
    """The inverse of `to_spectrum` for an even length."""
    return np.asarray(np.fft.irfft(spectrum), dtype=np.float32)


class FarSpectra:
    """Ring buffer of the far channel's last spectra, newest first, with every run of them contiguous in memory.

    Each spectrum is written twice, a ring's length apart, so that no view ever has to be pieced together.
    """

    def __init__(self, blocks: int, bins: int) -> None:
        self._blocks = blocks
        self._spectra = np.zeros((2 * blocks, bins), dtype=np.complex64)
        self._powers = np.zeros((2 * blocks, bins), dtype=np.float32)
        self._newest = 0

    def push(self, spectrum: Spectrum) -> None:
        """Take in the newest spectrum and drop the oldest."""
        self._newest = (self._newest - 1) % self._blocks
        squares = power(spectrum)
        for row in (self._newest, self._newest + self._blocks):
            self._spectra[row] = spectrum
            self._powers[row] = squares

    def spectra(self, offset: int, count: int) -> Spectrum:
        """``count`` spectra from ``offset`` blocks ago backwards, shape (count, bins)."""
        return self._spectra[self._newest + offset : self._newest + offset + count]

    def powers(self, offset: int, count: int) -> Power:
        """The same for their squared magnitudes."""
        return self._powers[self._newest + offset : self._newest + offset + count]


class EchoFilter:
    """Adaptive filter that learns 160 ms of the path from the far to the near channel, and subtracts the echo.

    Parameters
    ----------
    block : int
        Samples per block, at least 1; spectra span two blocks.
    reach : int
        Blocks by which the 160 ms may lie behind, at least 0; see `aim`.

    Notes
    -----
    The overlap-save filter of Soo and Pang, "Multidelay block frequency domain adaptive filter", IEEE Trans. ASSP
    38(2), 1990, whose step size per bin and partition is the Kalman gain of Enzner and Vary, "Frequency-domain adaptive
    Kalman filter for acoustic echo control in hands-free telephones", Signal Processing 86(6), 2006, in the partitioned
    form of Kuech, Mabande and Enzner, "State-space architecture of the partitioned-block-based acoustic echo
    controller", ICASSP 2014. The gain falls on its own when the customer speaks: there is no double-talk detector that
    could be wrong.

    The model takes bins and blocks for independent, which speech is not. Four additions answer that. No update trusts
    a bin by more than half: without this a filter whose echo comes 10 ms late learns nothing in eight seconds, because
    the onset reaches the far channel before its echo is there and each bin concludes that there is none. The certainty
    gained is taken for a third (`CONFIDENCE`). The noise of the customer's side is the larger of a bin's own and its
    neighbours'. Part of the process noise is common to all bins.

    The constraint of the weights to causal taps is applied to every fourth update of a settled filter, and so is the
    process noise: neither changes much in 80 ms.

    When the residual resembles the subtracted echo the path has changed, and all certainty is reset.

    Examples
    --------
    >>> import numpy as np
    >>> far = np.random.default_rng(1).standard_normal((200, 160)).astype(np.float32) * np.float32(0.1)
    >>> heard = 0.5 * far
    >>> echo_filter = EchoFilter(160, 0)
    >>> for block in range(1, 200):
    ...     echo_filter.push(np.fft.rfft(far[block - 1 : block + 1].ravel()))
    ...     error, residual = echo_filter.cancel(heard[block])
    >>> bool(np.std(error) < 0.01 * np.std(heard))
    True
    """

    def __init__(self, block: int, reach: int) -> None:
        self._block = block
        self._history = FarSpectra(reach + PARTITIONS, block + 1)
        self.offset = 0
        """Blocks ago at which the 160 ms begin."""
        decay = FIRST_UNCERTAINTY * UNCERTAINTY_DECAY ** np.maximum(0, np.arange(PARTITIONS) - LEAD)
        self._ignorance = np.repeat(decay[:, None], block + 1, axis=1).astype(np.float32)
        self._noise_floor = np.float32(2 * block * LEAST_NOISE)
        self._padded = np.zeros(2 * block, dtype=np.float32)
        self.forget()

    def forget(self) -> None:
        """Return to the state of a new filter, apart from `offset`."""
        self._weights: Spectrum = np.zeros_like(self._ignorance, dtype=np.complex64)
        self.doubt()
        self._noise: Power = np.zeros(self._block + 1, dtype=np.float32)
        self._likeness: tuple[float, ...] = (0.0, 0.0, 0.0)
        self._age = 0

    def push(self, far: Spectrum) -> None:
        """Take in the spectrum of the last two blocks of the far channel."""
        self._history.push(far)

    def aim(self, offset: int) -> None:
        """Let the 160 ms begin ``offset`` blocks ago, keeping what is known of the part that both share."""
        moved = offset - self.offset
        if not moved:
            return
        self.offset = offset
        weights = self._weights
        self._weights = np.zeros_like(weights)
        self.doubt()
        kept = max(0, PARTITIONS - abs(moved))
        source, target = max(0, moved), max(0, -moved)
        self._weights[target : target + kept] = weights[source : source + kept]

    def doubt(self) -> None:
        """Keep the weights and trust none of them."""
        self._uncertainty = self._ignorance.copy()
        self._settled = 0

    def cancel(self, near: Samples) -> Cancelled:
        """Subtract the echo from the near block that belongs to the last far block, and learn from it."""
        far = self._history.spectra(self.offset, PARTITIONS)
        far_power = self._history.powers(self.offset, PARTITIONS)
        echo = from_spectrum(np.add.reduce(self._weights * far, axis=0))[self._block :]
        error = near - echo
        if self._misfits(error, echo):
            self.doubt()
        residual = self._learn(error, far, far_power)
        return Cancelled(error, residual)

    def _misfits(self, error: Samples, echo: Samples) -> bool:
        """Whether what is left resembles what was subtracted."""
        new = float(error @ echo), float(error @ error), float(echo @ echo)
        both, left, subtracted = self._likeness = tuple(
            old + (1 - MISFIT_MEMORY) * (now - old) for old, now in zip(self._likeness, new, strict=True)
        )
        self._settled += 1
        return bool(
            self._settled > SETTLING
            and subtracted > self._block * AUDIBLE**2
            and abs(both) > MISFIT_SHARE * subtracted
            and both * both > MISFIT * left * subtracted
        )

    def _learn(self, error: Samples, far: Spectrum, far_power: Power) -> Power:
        """One Kalman step; returns the power of the echo that was expected to be left before it."""
        self._padded[self._block :] = error
        spectrum = to_spectrum(self._padded)
        self._age += 1
        upkeep = self._age % UPKEEP == 0
        if upkeep:
            self._predict()
        # Half of each two-block spectrum belongs to the block in question.
        residual: Power = np.add.reduce(self._uncertainty * far_power, axis=0)
        residual *= np.float32(0.5)
        observed = np.maximum(self._near_power(spectrum), residual)
        observed += residual
        observed += self._noise_floor
        step = self._uncertainty / observed
        gradient = np.conjugate(far)
        gradient *= spectrum
        gradient *= step
        self._weights += gradient
        if upkeep or self._settled <= SETTLING:
            self._constrain()
        step *= far_power
        step *= -CONFIDENCE
        step += 1
        self._uncertainty *= step
        return residual

    def _constrain(self) -> None:
        """Take out of each partition what lies beyond its block: what the circular convolution wrapped around."""
        taps = from_spectrum(self._weights)
        taps[:, self._block :] = 0
        self._weights = to_spectrum(taps)

    def _predict(self) -> None:
        """The path may have moved since the last upkeep: by as much as it is strong, and a little everywhere."""
        strength = power(self._weights)
        strength += COMMON * (float(np.add.reduce(strength, axis=None)) / strength.size)
        strength *= 1 - KEPT
        strength += UPKEEP * DRIFT
        self._uncertainty *= KEPT
        self._uncertainty += strength

    def _near_power(self, error: Spectrum) -> Power:
        """What else is in the error than echo: the customer and the noise."""
        self._noise *= NOISE_MEMORY
        self._noise += (1 - NOISE_MEMORY) * power(error)
        around = np.convolve(self._noise, NEIGHBOURS, "same")
        return np.maximum(around, self._noise, out=around)

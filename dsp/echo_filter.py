"""Kalman filter for the echo path: a partitioned-block adaptive filter in the frequency domain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dsp.echo_change import PathWatch
from dsp.echo_drift import DriftTracker
from dsp.echo_tail import ReverberationTail
from dsp.spectra import FarSpectra, Power, Spectrum, from_spectrum, power, to_spectrum
from dsp.stage import Samples

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

LEAD = 1
"""Partitions, after the first, in which the direct sound is looked for."""

UNCERTAINTY_DECAY = 0.6
"""From one partition to the next behind the direct sound: a room of 0.4 s reverberation time falls to 0.5 in 20 ms."""

NOISE_MEMORY = 0.6
"""Share of the old estimate in the power of the customer's side per block."""

NEIGHBOURS = np.full(5, 0.2, dtype=np.float32)
"""Weights with which the customer's power is spread over bins: the leakage of a rectangular window."""

LEAST_NOISE = 2.0e-10
"""Squared amplitude per sample that is always assumed on the customer's side: about one 16-bit step's quantisation."""

REFITTED = 0.05
"""Share of the first uncertainty that a filter has which was moved to where the echo jumped."""

UPKEEP = 4
"""Blocks from one upkeep of a settled filter to the next, which costs as much as all else. One that has just begun to
learn has its weights constrained on every block: at 4 the first second would cost 2 dB."""

KEPT = FORGETTING ** (2 * UPKEEP)
"""Share of the uncertainty that is left from one upkeep to the next."""


class OtherPower:
    """Power of what is in the filter's error besides the echo: the customer and the noise.

    Parameters
    ----------
    block : int
        Samples.
    """

    def __init__(self, block: int) -> None:
        self._floor = np.float32(2 * block * LEAST_NOISE)
        self._power: Power = np.zeros(block + 1, dtype=np.float32)

    def forget(self) -> None:
        """Return to the state of a new estimate."""
        self._power.fill(0)

    def follow(self, error: Spectrum, residual: Power) -> Power:
        """Take in the error's spectrum; the power of all that is in it, given the echo that is expected to be left."""
        self._power *= NOISE_MEMORY
        self._power += (1 - NOISE_MEMORY) * power(error)
        around = np.convolve(self._power, NEIGHBOURS, "same")
        np.maximum(around, self._power, out=around)
        np.maximum(around, residual, out=around)
        around += residual
        around += self._floor
        return around


class Cancelled(NamedTuple):
    """One block without the echo that the filter knows of."""

    error: Samples
    """The customer's channel less the echo estimate, shape (block,)."""

    residual: Power
    """Power of the echo that is expected to be left, in the scale of a two-block spectrum."""

    moved: int
    """Blocks by which the filter followed a jump of the echo."""


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

    When the path has changed (`dsp.echo_change.PathWatch`) the filter is moved to where the same echo is now, or all
    certainty is reset. Where the clocks of the channels drift, the filter is moved along (`dsp.echo_drift`), and what
    reverberates longer than the 160 ms is expected to be left (`dsp.echo_tail`).

    Examples
    --------
    >>> import numpy as np
    >>> far = np.random.default_rng(1).standard_normal((200, 160)).astype(np.float32) * np.float32(0.1)
    >>> heard = 0.5 * far
    >>> echo_filter = EchoFilter(160, 0)
    >>> for block in range(1, 200):
    ...     echo_filter.push(np.fft.rfft(far[block - 1 : block + 1].ravel()))
    ...     error = echo_filter.cancel(heard[block]).error
    >>> bool(np.std(error) < 0.01 * np.std(heard))
    True
    """

    def __init__(self, block: int, reach: int) -> None:
        self._block = block
        self._history = FarSpectra(reach + PARTITIONS + 1, block + 1)
        self.offset = 0
        """Blocks ago at which the 160 ms begin."""
        decay = FIRST_UNCERTAINTY * UNCERTAINTY_DECAY ** np.maximum(0, np.arange(PARTITIONS) - LEAD)
        self._ignorance = np.repeat(decay[:, None], block + 1, axis=1).astype(np.float32)
        self._uncertainty: Power = self._ignorance.copy()
        self._padded = np.zeros((2, 2 * block), dtype=np.float32)
        self._watch, self._drift = PathWatch(block), DriftTracker(block)
        self._tail, self._other = ReverberationTail(block + 1), OtherPower(block)
        self.forget()

    def forget(self) -> None:
        """Return to the state of a new filter, apart from `offset`."""
        self._weights: Spectrum = np.zeros_like(self._ignorance, dtype=np.complex64)
        for part in (self._watch, self._drift, self._tail, self._other):
            part.forget()
        self.doubt()
        self._age = 0

    def push(self, far: Spectrum) -> None:
        """Take in the spectrum of the last two blocks of the far channel."""
        self._history.push(far)

    def aim(self, offset: int, *, certain: bool = False) -> None:
        """Let the 160 ms begin ``offset`` blocks ago, keeping what is known of the part that both share.

        ``certain`` keeps the certainty of that part too: the filter had found the echo, and is merely set straight.
        """
        moved = offset - self.offset
        if not moved:
            return
        self.offset = offset
        weights, uncertainty = self._weights, self._uncertainty
        self._weights, self._uncertainty = np.zeros_like(weights), self._ignorance.copy()
        kept = max(0, PARTITIONS - abs(moved))
        source, target = max(0, moved), max(0, -moved)
        self._weights[target : target + kept] = weights[source : source + kept]
        if certain:
            self._uncertainty[target : target + kept] = uncertainty[source : source + kept]
        else:
            self._watch.restart()

    def doubt(self) -> None:
        """Keep the weights and trust none of them."""
        self._uncertainty = self._ignorance.copy()
        self._watch.restart()

    def coast(self) -> None:
        """Let a block pass in which there is nothing to be learnt."""
        self._drift.coast()

    def cancel(self, near: Samples) -> Cancelled:
        """Subtract the echo from the near block that belongs to the last far block, and learn from it."""
        late = self._drift.whole()
        if late:  # after a silence
            self._delay_weights(late)
        far = self._history.spectra(self.offset, PARTITIONS)
        far_power = self._history.powers(self.offset, PARTITIONS)
        echo = from_spectrum(np.add.reduce(self._weights * far, axis=0))[self._block :]
        error = near - echo
        self._watch.push(near, echo)
        moved = self._refit() if self._watch.misfit or self._watch.louder else 0
        residual = self._learn(error, echo, far, far_power)
        return Cancelled(error, residual, moved)

    def _refit(self) -> int:
        """Move the filter to where the echo is now, or trust nothing of it; returns the blocks that it moved by."""
        jump = self._watch.jump()
        if jump is None:
            if self._watch.misfit:
                self.doubt()
                self._drift.restart()
            return 0
        moved = min(max(round(jump / self._block), -self.offset), self._history.blocks - PARTITIONS - 1 - self.offset)
        self._delay_weights(jump - moved * self._block)
        self.offset += moved
        self.doubt()
        self._uncertainty *= REFITTED
        self._drift.restart()
        return moved

    def _delay_weights(self, samples: int) -> None:
        """Let the filter's response begin later, or earlier where negative; what leaves the 160 ms is lost."""
        taps = from_spectrum(self._weights)[:, : self._block].ravel()
        moved = np.zeros_like(taps)
        source, target = max(0, -samples), max(0, samples)
        count = max(0, taps.size - source - target)
        moved[target : target + count] = taps[source : source + count]
        padded = np.zeros((PARTITIONS, 2 * self._block), dtype=np.float32)
        padded[:, : self._block] = moved.reshape(PARTITIONS, self._block)
        self._weights = to_spectrum(padded)

    def _learn(self, error: Samples, echo: Samples, far: Spectrum, far_power: Power) -> Power:
        """One Kalman step; returns the power of the echo that was expected to be left before it."""
        self._padded[0, self._block :] = error
        self._padded[1, self._block :] = echo
        spectrum, echo_spectrum = to_spectrum(self._padded)
        self._age += 1
        upkeep = self._age % UPKEEP == 0
        if upkeep:
            self._predict()
        # Half of each two-block spectrum belongs to the block in question.
        residual: Power = np.add.reduce(self._uncertainty * far_power, axis=0)
        residual *= np.float32(0.5)
        observed = self._other.follow(spectrum, residual)
        step = self._uncertainty / observed
        gradient = np.conjugate(far)
        gradient *= spectrum
        gradient *= step
        self._weights += gradient
        if self._watch.settled:
            self._drift.follow(spectrum, echo_spectrum, observed)
        else:
            self._drift.coast()
        turn = self._drift.turn()
        if turn is not None:
            self._weights *= turn
        if upkeep or not self._watch.settled:
            self._constrain()
        step *= far_power
        step *= -CONFIDENCE
        step += 1
        self._uncertainty *= step
        residual += self._tail.follow(self._history.powers(self.offset + PARTITIONS, 1)[0])
        return residual

    def _constrain(self) -> None:
        """Take out of each partition what lies beyond its block: what the circular convolution wrapped around."""
        taps = from_spectrum(self._weights)
        taps[:, self._block :] = 0
        self._weights = to_spectrum(taps)

    def _predict(self) -> None:
        """The path may have moved since the last upkeep: by as much as it is strong, and a little everywhere."""
        strength = power(self._weights)
        self._tail.learn(strength)
        strength += COMMON * (float(np.add.reduce(strength, axis=None)) / strength.size)
        strength *= 1 - KEPT
        strength += UPKEEP * DRIFT
        self._uncertainty *= KEPT
        self._uncertainty += strength

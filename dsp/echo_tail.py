"""Expectation of the reverberation that is longer than an echo filter."""

from __future__ import annotations

import numpy as np

from dsp.spectra import Power

LONGEST = 0.85
"""Share of its power that reverberation keeps per block at most: 60 dB in 1.7 s."""

SPREAD = np.full(9, 1 / 9, dtype=np.float32)
"""Weights with which the strength of the filter's end is averaged over bins: single bins are fading at random."""


class ReverberationTail:
    """Expected power of the echo behind the end of the filter.

    A room's response decays exponentially, so its end follows from what the filter has learnt of the part before: the
    strength of its last blocks and how fast they fall (E. A. P. Habets et al., "Joint dereverberation and residual echo
    suppression of speech signals in noisy environments", IEEE Trans. ASLP 16(8), 2008).

    Parameters
    ----------
    bins : int
        Of a spectrum of two blocks.
    """

    def __init__(self, bins: int) -> None:
        self._power: Power = np.zeros(bins, dtype=np.float32)
        self._gain: Power = np.zeros(bins, dtype=np.float32)
        self.forget()

    def forget(self) -> None:
        """Return to the state of a new expectation."""
        self._power.fill(0)
        self._gain = np.zeros_like(self._power)
        self._decay = np.float32(0)

    def learn(self, strengths: Power) -> None:
        """Take in the squared weights of the filter, shape (partitions, bins)."""
        levels = np.add.reduce(strengths, axis=1) + np.float32(1e-12)
        half = strengths.shape[0] // 2
        earlier, later = levels[-half:].reshape(2, -1).sum(axis=1)
        self._decay = np.float32(min(float(later / earlier) ** (2 / half), LONGEST))
        end = np.add.reduce(strengths[-half // 2 :], axis=0) * np.float32(2 / half)
        self._gain = np.convolve(end, SPREAD, "same") * self._decay

    def follow(self, far_power: Power) -> Power:
        """The expected power in a block, given the far block that has just left the filter."""
        self._power *= self._decay
        self._power += self._gain * far_power
        return self._power

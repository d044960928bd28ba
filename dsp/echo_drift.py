"""Tracking of the drift between the clocks of the two channels, by the phase of what an echo filter leaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.spectra import Power, Spectrum

MOST_DRIFT = 4.0e-4
"""Blocks per block that are believed: twice what two sound cards differ by."""

FIRST_DRIFT = 1.0e-4
"""Standard deviation of the drift before anything is known, in blocks per block."""

WANDER = 1.0e-5
"""Standard deviation by which the drift changes per block: a clock warms up."""

JITTER = 5.0e-6
"""Blocks, standard deviation of the delay that the drift does not explain, per block."""

LEAST_MOVE = 1.0e-5
"""Blocks that are moved at a time, 0.2 µs: less does not show at 60 dB, and most calls have no drift at all."""


def parameters(block: int) -> tuple[float, float, float, float, float]:
    """The numbers above for blocks of so many samples: the drift, variances of it and of its growth, and the move."""
    return (
        MOST_DRIFT * block,
        (FIRST_DRIFT * block) ** 2,
        (WANDER * block) ** 2,
        (JITTER * block) ** 2,
        LEAST_MOVE * block,
    )


class DriftTracker:
    """Tracker of how the delay of an echo creeps, and of the phases that move a filter along with it.

    Parameters
    ----------
    block : int
        Samples per block; spectra span two blocks.

    Notes
    -----
    When the echo comes a little later than the filter expects, what is left is its derivative times the delay. The
    delay is estimated per block by weighted least squares over the bins, each weighted by the power that else is in
    it, so that the estimate's variance is known too; a Kalman filter of two states, delay and drift, takes it from
    there. The customer raises the variance, and so needs no detector.
    """

    def __init__(self, block: int) -> None:
        self._turn = (np.pi * np.arange(block + 1) / block).astype(np.float32)
        """Radians per sample of delay in each bin."""
        self._square = np.square(self._turn)
        self._block = block
        self.forget()

    def forget(self) -> None:
        """Return to the state of a new tracker."""
        self.drift = 0.0
        """Samples by which the echo comes later per block."""
        self._spread = (FIRST_DRIFT * self._block) ** 2
        self._cross = 0.0
        self.restart()
        self.due = 0.0
        """Samples by which the filter has to be moved."""

    def restart(self) -> None:
        """Forget where the echo is, not how fast it moves: the path has changed."""
        self._offset = (JITTER * self._block) ** 2
        self._cross = 0.0

    def follow(self, error: Spectrum, echo: Spectrum, other: Power) -> None:
        """Take in one block."""
        weight = np.square(echo.real)
        weight += np.square(echo.imag)
        weight /= other
        weight *= self._square
        certainty = float(np.add.reduce(weight))
        if certainty > 0:
            late = echo.imag * error.real
            late -= echo.real * error.imag
            late /= other
            late *= self._turn
            self._correct(float(np.add.reduce(late)) / certainty, 1 / certainty)
        self.coast()

    def coast(self) -> None:
        """One block later: the echo has moved on, whether anything of it was heard or not."""
        most = MOST_DRIFT * self._block
        self.drift = min(max(self.drift, -most), most)
        self._offset += 2 * self._cross + self._spread + (JITTER * self._block) ** 2
        self._cross += self._spread
        self._spread += (WANDER * self._block) ** 2
        self.due += self.drift

    def whole(self) -> int:
        """Whole samples that the filter is due to be moved by, which then it was."""
        whole = round(self.due)
        self.due -= whole
        return whole

    def turn(self) -> NDArray[np.complex64] | None:
        """Phases that move the filter by what is due, which then it was; None where that is nothing."""
        if abs(self.due) < LEAST_MOVE * self._block:
            return None
        moved, self.due = self.due, 0.0
        return np.asarray(np.exp(self._turn * np.complex64(-1j * moved)), dtype=np.complex64)

    def _correct(self, late: float, variance: float) -> None:
        total = self._offset + variance
        gain, drift_gain = self._offset / total, self._cross / total
        self.due += gain * late
        self.drift += drift_gain * late
        self._spread -= drift_gain * self._cross
        self._cross -= gain * self._cross
        self._offset -= gain * self._offset

"""The gate of the Fourier plan: sound below a threshold that follows the near speaker is turned down."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dsp.denoise_plan import FourierDenoisingPlan

Floats: TypeAlias = NDArray[np.float64]

HOP = 0.01
"""Seconds; a window is two hops."""
DEEPEST_DB = -15.0
"""Gain of what is filtered. With a lower one the line sounds dead, and a recogniser loses the soft ends of words."""
SLOPE = 2.0
"""dB less gain per dB below the threshold: 7.5 dB below it the gain is at its lowest."""
RELEASE_DB = 0.5
"""dB per hop by which the measured level may fall: the nearer the speaker, the longer the end of a word survives."""
FIRST_BIN = 2
"""Bin from which the level is measured: an offset or rumble below 100 Hz is not a voice."""
QUIETEST = 1e-10
"""Power below which nothing is measured (-100 dBFS)."""
LOWEST_LEVEL, LEVEL_STEP_DB, LEVEL_COUNT = -100.0, 0.5, 220
"""dBFS, dB and number of the levels that the rolling percentile tells apart."""
SPREAD, STEADY_DB = (15.0, 85.0), 8.0
"""A window in which these percentiles lie closer than that many dB holds no conversation: speech spreads over 15."""


class Gate:
    """One gain for the whole window, by the plan's threshold.

    Sound at or above the threshold passes unchanged; each dB below it costs `SLOPE` dB, down to `DEEPEST_DB`.

    Parameters
    ----------
    plan : FourierDenoisingPlan
    hop : int
        Samples of half a window.
    """

    def __init__(self, plan: FourierDenoisingPlan, hop: int) -> None:
        self._plan = plan
        self._levels = RollingLevels(round(plan.window_size_ms / (1000 * HOP)), (*SPREAD, plan.baseline_percentile))
        # Parseval: twice the power of the bins, over the length and over the energy of the window, which is one hop.
        self._scale = 2.0 / (2 * hop * hop)
        self._held = self._loudest = LOWEST_LEVEL
        self.threshold = plan.static_threshold_db
        """dBFS."""
        self.loud = LOWEST_LEVEL
        """dBFS, a high percentile of the window, whatever the plan's percentile is."""

    def gain(self, power: Floats) -> float:
        """Linear gain of the window whose bins have this power."""
        level = 10 * math.log10(float(np.add.reduce(power[FIRST_BIN:])) * self._scale + QUIETEST)
        self._follow(level)
        self._held = max(level, self._held - RELEASE_DB)
        gain_db = SLOPE * (self._held - self.threshold)
        return float(10 ** (min(max(gain_db, DEEPEST_DB), 0.0) / 20))

    def _follow(self, level: float) -> None:
        quiet, self.loud, baseline = self._levels.add(level)
        steady = self.loud - quiet < STEADY_DB
        if self._levels.full:
            if not (steady and self._plan.media_detection_enabled):
                self.threshold = baseline + self._plan.baseline_offset_db
            return
        # The static threshold stands in for a baseline. A caller below it would lose the first words, so a line that
        # is not steady lowers it to the offset below the loudest sound so far.
        self._loudest = max(self._loudest, level)
        if not steady:
            self.threshold = min(self.threshold, self._loudest + self._plan.baseline_offset_db)


class RollingLevels:
    """Percentiles of the last ``size`` levels, at the cost of one histogram however long the window is."""

    def __init__(self, size: int, percentiles: tuple[float, ...]) -> None:
        self._ring = bytearray(size)
        self._counts = np.zeros(LEVEL_COUNT, dtype=np.int64)
        self._seen = 0
        self._percentiles = np.array(percentiles)
        self._ranks = np.zeros(len(percentiles), dtype=np.int64)

    @property
    def full(self) -> bool:
        """Whether as many levels came as the window holds."""
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

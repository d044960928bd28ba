"""Steady background, such as hiss, hum, engines or air, taken out of every frequency bin."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dsp.denoise_gate import DEEPEST_DB, FIRST_BIN, QUIETEST

Floats: TypeAlias = NDArray[np.float64]

LOWEST = 1e-9
"""Mean square (-90 dBFS) of the quietest background that is looked for."""
AUDIBLE_DB, LOUD_DB = 30.0, 20.0
"""dB below the speaker at which a background begins to be taken out, and from which it is taken out in full: nobody
hears what lies lower, and a recogniser is better off without the change."""
SPEECH_PRIOR = 10**1.5
"""Signal-to-noise ratio of a bin that holds speech, 15 dB: the fixed prior of the estimator."""
PRESENCE_STEP = 0.1
"""Share of the newest hop in the smoothed probability of speech …"""
MOST_PRESENT = 0.99
"""… and the probability that a bin reaches when speech has filled it for long, so that a louder noise is learnt."""
NOISE_STEP = 0.2
"""Share of the newest hop in the estimate of the background."""
FIRST_HOPS = 10
"""Hops over which the first estimate is averaged."""
STEADINESS = 0.97
"""Weight of the last hop in the decision-directed estimate: higher is smoother, lower quicker at onsets."""


class SteadyBackground:
    """Gains per frequency bin that take out what is always there.

    Parameters
    ----------
    hop : int
        Samples of half a window; there are ``hop + 1`` bins.

    Notes
    -----
    The background is the noise power that a bin is expected to hold, given the probability that it holds speech:
    T. Gerkmann and R. Hendriks, "Unbiased MMSE-based noise power estimation with low complexity and low tracking
    delay", IEEE Trans. Audio, Speech and Language Processing 20 (2012). The gain is the Wiener filter's on
    the decision-directed estimate of Y. Ephraim and D. Malah, IEEE Trans. ASSP 32 (1984), whose smoothing keeps musical
    noise away.
    """

    def __init__(self, hop: int) -> None:
        self._lowest = LOWEST * hop
        self._scale = 1.0 / (hop * hop)
        self._noise = np.full(hop + 1, self._lowest)
        self._presence = np.zeros(hop + 1)
        self._clean = np.zeros(hop + 1)
        self._hops = 0

    def gains(self, power: Floats, speaker: float) -> Floats:
        """Linear gains, shape (hop + 1,), of a window.

        Parameters
        ----------
        power : numpy.ndarray, shape (hop + 1,), float64
            Of the window's bins.
        speaker : float
            dBFS, level of the near speaker.
        """
        noise = self._track(power)
        prior = np.maximum(power - noise, 0.0)
        prior *= 1 - STEADINESS
        prior += STEADINESS * self._clean
        gains: Floats = prior / (prior + noise)
        np.maximum(gains, self._deepest(speaker), out=gains)
        self._clean = np.square(gains) * power
        return gains

    def _deepest(self, speaker: float) -> float:
        level = 10 * math.log10(float(np.add.reduce(self._noise[FIRST_BIN:])) * self._scale + QUIETEST)
        share = (AUDIBLE_DB - (speaker - level)) / (AUDIBLE_DB - LOUD_DB)
        return float(10 ** (DEEPEST_DB * min(max(share, 0.0), 1.0) / 20))

    def _track(self, power: Floats) -> Floats:
        if self._hops < FIRST_HOPS:
            self._noise += (np.maximum(power, self._lowest) - self._noise) / (self._hops + 1)
            self._hops += 1
            return self._noise
        odds = (1 + SPEECH_PRIOR) * np.exp(np.maximum(power / self._noise, 0.0) * (-SPEECH_PRIOR / (1 + SPEECH_PRIOR)))
        present = 1 / (1 + odds)
        self._presence += PRESENCE_STEP * (present - self._presence)
        stuck = self._presence > MOST_PRESENT
        np.minimum(present, MOST_PRESENT, out=present, where=stuck)
        expected = present * self._noise + (1 - present) * power
        self._noise += NOISE_STEP * (expected - self._noise)
        np.maximum(self._noise, self._lowest, out=self._noise)
        return self._noise

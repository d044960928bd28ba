"""Join by sound: the assistant's channel of a socket against the audio that was made for a call id.

Both are envelopes of 100 values per second. A few seconds of speech have a shape of their own; what many calls hear at
once, such as one greeting, fits all of them and decides nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

import numpy as np

__all__ = ["Envelope", "best_match", "likeness"]

RATE = 100
"""Values per second."""

SHORTEST = 2.0
"""Seconds of speech that can be compared."""

_KEPT = 12.0
"""Seconds that are kept."""

_CERTAIN = 0.85
"""Likeness from which two envelopes are of the same sound; a telephone line and a mixed-in noise leave above 0.9."""

_APART = 0.1
"""By how much the next best has to be less alike."""

Socket = TypeVar("Socket", bound=Hashable)


class Envelope:
    """The last seconds of a sound, as the square root of its level: 100 values per second.

    Parameters
    ----------
    rate
        Hz.
    """

    def __init__(self, rate: int) -> None:
        self._step = max(1, rate // RATE)
        self._carry: np.ndarray = np.zeros(0, np.float32)
        self._values: np.ndarray = np.zeros(0, np.float32)

    def feed(self, samples: np.ndarray) -> None:
        """Take in int16 or float samples of one channel."""
        joined = np.concatenate((self._carry, np.abs(samples, dtype=np.float32)))
        steps = len(joined) // self._step
        self._carry = joined[steps * self._step :]
        means = joined[: steps * self._step].reshape(steps, self._step).mean(axis=1)
        self._values = np.concatenate((self._values, np.sqrt(means)))[-int(_KEPT * RATE) :]

    @property
    def values(self) -> np.ndarray:
        """The envelope, newest last."""
        return self._values


def likeness(made: np.ndarray, played: np.ndarray) -> float:
    """Highest normalised correlation of a made envelope with any stretch of a played one, -1 … 1.

    What was made is played whole, or its beginning is: the stretch that both have is at least `SHORTEST` long. 0 when
    either is too short or flat.
    """
    made = _trimmed(made)
    shortest = int(SHORTEST * RATE)
    best = 0.0
    if min(len(made), len(played)) < shortest:
        return best
    length = min(len(made), len(played))
    piece = made[:length]
    if float(piece.std()) < 1e-6:
        return best
    for end in sorted({shortest, length}):
        best = max(best, _correlation(piece[:end], played))
    return best


def best_match(made: np.ndarray, played: Mapping[Socket, np.ndarray]) -> Socket | None:
    """The socket that alone has heard the sound; None when none or several are alike."""
    scores = sorted(((likeness(made, heard), index) for index, heard in enumerate(played.values())), reverse=True)
    if not scores or scores[0][0] < _CERTAIN:
        return None
    if len(scores) > 1 and scores[0][0] - scores[1][0] < _APART:
        return None
    return list(played)[scores[0][1]]


def _trimmed(values: np.ndarray) -> np.ndarray:
    """Without the silence before the first sound."""
    if not len(values):
        return values
    loud = np.flatnonzero(values > 0.1 * float(values.max()))
    return values[loud[0] :] if len(loud) else values[:0]


def _correlation(piece: np.ndarray, played: np.ndarray) -> float:
    """Highest Pearson correlation of a piece with the stretches of its length."""
    length = len(piece)
    centred = piece - piece.mean()
    norm = float(np.sqrt(np.dot(centred, centred)))
    products = np.correlate(played, centred, mode="valid")
    sums = np.cumsum(np.concatenate(([0.0], played.astype(np.float64))))
    squares = np.cumsum(np.concatenate(([0.0], played.astype(np.float64) ** 2)))
    total = sums[length:] - sums[:-length]
    power = squares[length:] - squares[:-length] - total**2 / length
    spread = np.sqrt(np.maximum(power, 1e-9))
    return float((products / (norm * spread)).max(initial=0.0)) if norm > 0 else 0.0

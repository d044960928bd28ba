"""Fades: ramps of half a cosine at the ends of a run, so that a cut does not click."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.errors import ParameterError
from dsp.stage import Samples, valid_rate, valid_samples

FADE = 0.005
"""Seconds. A ramp of 5 ms has its spectrum below 400 Hz, where speech masks it, and is too short to sound slow."""


def fade_in(samples: ArrayLike, rate: int, *, seconds: float = FADE) -> Samples:
    """Raise the beginning from silence along half a cosine.

    Parameters
    ----------
    samples : array_like, shape (n,), float32, float64 or int16
    rate : int
        Hz.
    seconds : float
        Length of the ramp; a shorter run is faded over its whole length.

    Returns
    -------
    numpy.ndarray, shape (n,), float32
        A new array. Delay: 0 samples.

    Raises
    ------
    ParameterError, SignalError
        ``seconds`` is negative; see `dsp.stage.valid_samples`.

    Examples
    --------
    >>> fade_in([1.0, 1.0, 1.0, 1.0], 4000, seconds=0.0005).round(3)
    array([0.146, 0.854, 1.   , 1.   ], dtype=float32)
    """
    faded = valid_samples(samples).copy()
    valid_rate("rate", rate)
    weights = ramp(min(sample_count("seconds", seconds, rate), faded.size))
    faded[: weights.size] *= weights
    return faded


def fade_out(samples: ArrayLike, rate: int, *, seconds: float = FADE) -> Samples:
    """Lower the end to silence along half a cosine; the mirror image of `fade_in`.

    Parameters
    ----------
    samples : array_like, shape (n,), float32, float64 or int16
    rate : int
        Hz.
    seconds : float
        Length of the ramp; a shorter run is faded over its whole length.

    Returns
    -------
    numpy.ndarray, shape (n,), float32
        A new array. Delay: 0 samples.

    Raises
    ------
    ParameterError, SignalError
        ``seconds`` is negative; see `dsp.stage.valid_samples`.

    Examples
    --------
    >>> fade_out([1.0, 1.0, 1.0, 1.0], 4000, seconds=0.0005).round(3)
    array([1.   , 1.   , 0.854, 0.146], dtype=float32)
    """
    return fade_in(valid_samples(samples)[::-1], rate, seconds=seconds)[::-1].copy()


def crossfade(first: ArrayLike, second: ArrayLike, rate: int, *, seconds: float = FADE) -> Samples:
    """Join two runs so that the end of the first and the beginning of the second overlap.

    Parameters
    ----------
    first, second : array_like, shapes (n,) and (m,), float32, float64 or int16
    rate : int
        Hz.
    seconds : float
        Length of the overlap; at most the length of the shorter run is used.

    Returns
    -------
    numpy.ndarray, shape (n + m - overlap,), float32
        The two raised-cosine weights add up to one, so a signal that goes on across the joint comes out unchanged.

    Raises
    ------
    ParameterError, SignalError
        ``seconds`` is negative; see `dsp.stage.valid_samples`.

    Examples
    --------
    >>> crossfade([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], 4000, seconds=0.0005).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    before, after = valid_samples(first), valid_samples(second)
    valid_rate("rate", rate)
    overlap = min(sample_count("seconds", seconds, rate), before.size, after.size)
    end, weights = before.size - overlap, ramp(overlap)
    # Written as one difference, the weights add up to exactly one.
    joint = before[end:] + weights * (after[:overlap] - before[end:])
    return np.concatenate([before[:end], joint, after[overlap:]])


def ramp(count: int) -> Samples:
    """Half a raised cosine from 0 to 1, sampled between its ends, so that it and its mirror image add up to one."""
    position: NDArray[np.float64] = (np.arange(count) + 0.5) / max(count, 1)
    return (0.5 - 0.5 * np.cos(np.pi * position)).astype(np.float32)


def sample_count(name: str, seconds: float, rate: int) -> int:
    """Samples of a duration, or a ParameterError that names it."""
    if not 0 <= seconds < float("inf"):
        raise ParameterError(f"{name}: expected at least 0 seconds, found {seconds}")
    return round(seconds * rate)

"""Levels of a whole run: root mean square, peak and true peak, in decibels of full scale."""

from __future__ import annotations

import math

import numpy as np
import soxr
from numpy.typing import ArrayLike

from dsp.stage import float_run, valid_samples

AUDIBLE = 2.0**-10
"""Peak magnitude (-60 dBFS) from which a signal can be heard: above dither and idle noise, below the softest onset."""


def is_audible(samples: ArrayLike) -> bool:
    """Whether a run of samples is audible, by its loudest one.

    Parameters
    ----------
    samples : array_like, shape (n,), float32, float64 or int16

    Returns
    -------
    bool
        True from a peak of -60 dBFS on; False for no samples.

    Raises
    ------
    SignalError
        Not one-dimensional, or neither floating point nor int16.

    Examples
    --------
    >>> import numpy as np
    >>> is_audible(np.array([0.0, -0.002], dtype=np.float32)), is_audible(np.array([0.0009], dtype=np.float32))
    (True, False)
    """
    run = float_run(samples)
    return bool(run.size) and bool(max(run.max(), -run.min()) >= AUDIBLE)


def rms_dbfs(samples: ArrayLike) -> float:
    """The root mean square in decibels of full scale.

    Parameters
    ----------
    samples : array_like, shape (n,), float32, float64 or int16

    Returns
    -------
    float
        dBFS; 0 for a full-scale square wave, -3.01 for a full-scale sine, ``-inf`` for silence and for no samples.

    Raises
    ------
    SignalError
        See `dsp.stage.valid_samples`.

    Examples
    --------
    >>> round(rms_dbfs([0.1, -0.1, 0.1, -0.1]), 3)
    -20.0
    """
    run = valid_samples(samples).astype(np.float64)
    return decibels(float(np.dot(run, run)) / run.size if run.size else 0.0)


def peak_dbfs(samples: ArrayLike) -> float:
    """The largest magnitude of any sample in decibels of full scale.

    Parameters
    ----------
    samples : array_like, shape (n,), float32, float64 or int16

    Returns
    -------
    float
        dBFS; ``-inf`` for silence and for no samples.

    Raises
    ------
    SignalError
        See `dsp.stage.valid_samples`.

    Examples
    --------
    >>> round(peak_dbfs([0.1, -0.5]), 2)
    -6.02
    """
    run = valid_samples(samples)
    return decibels(float(np.abs(run).max()) ** 2 if run.size else 0.0)


def true_peak_dbtp(samples: ArrayLike) -> float:
    """The largest magnitude, between the samples too, by fourfold oversampling (ITU-R BS.1770-5, annex 2).

    Parameters
    ----------
    samples : array_like, shape (n,), float32, float64 or int16

    Returns
    -------
    float
        dBTP, at least `peak_dbfs`; ``-inf`` for silence and for no samples.

    Raises
    ------
    SignalError
        See `dsp.stage.valid_samples`.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4)
    >>> round(peak_dbfs(tone), 2), abs(round(true_peak_dbtp(np.hanning(4000) * tone), 2))
    (-3.01, 0.0)
    """
    run = valid_samples(samples)
    return max(peak_dbfs(run), peak_dbfs(soxr.resample(run, 1, 4, "VHQ")))


def decibels(power: float) -> float:
    """Ten times the decimal logarithm; ``-inf`` for no power."""
    return 10 * math.log10(power) if power > 0 else -math.inf

"""Protocol of signal stages, checks of their input, and chains of stages.

A stage turns float32 mono samples into float32 mono samples, carries its state between calls and can be cut anywhere:
however the input is split over calls of `Stage.feed`, the joined output is the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.errors import ParameterError, SignalError

Samples: TypeAlias = NDArray[np.float32]
"""float32 mono samples, shape (n,), nominally in [-1, 1)."""

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)

SILENCE: Samples = np.zeros(0, dtype=np.float32)
SILENCE.flags.writeable = False


@runtime_checkable
class Stage(Protocol):
    """Streaming step of signal processing."""

    @property
    def delay(self) -> float:
        """Samples, at the output's rate, by which the output lags behind the input in time."""
        ...

    def feed(self, samples: Samples, /) -> Samples:
        """Process the next run of samples; the answer may be shorter, longer or empty."""
        ...

    def flush(self) -> Samples:
        """Hand out what is still inside and return to the state of a new stage."""
        ...


def valid_samples(samples: ArrayLike, *, start: int = 0) -> Samples:
    """Check one run of samples and return it as float32.

    Parameters
    ----------
    samples : array_like, shape (n,), float32 or float64
        Mono samples. Integers are refused: int16 enters through `dsp.pcm` alone.
    start : int
        The index that an error gives the first of them.

    Returns
    -------
    numpy.ndarray, shape (n,), float32
        The same memory where the input was float32 already.

    Raises
    ------
    SignalError
        Not one-dimensional, not floating point, or NaN or infinity inside.

    Examples
    --------
    >>> valid_samples([0.5, float("nan")])
    Traceback (most recent call last):
    ...
    dsp.errors.SignalError: samples: expected finite values, found nan at index 1
    """
    array = float_run(samples)
    # A dot product of the samples with themselves is finite only if they all are, at a third of isfinite's price;
    # values so large that their squares overflow are sorted out by the slow path.
    # vdot, unlike dot, does not warn of that.
    if not isfinite(np.vdot(array, array)):
        wrong = np.flatnonzero(~np.isfinite(array))
        if wrong.size:
            raise SignalError(f"samples: expected finite values, found {array[wrong[0]]} at index {start + wrong[0]}")
    return array


def valid_rate(name: str, rate: int) -> None:
    """Check a sample rate: a whole number of Hz from 4000 to 192000, or a ParameterError that names it."""
    if not isinstance(rate, (int, np.integer)) or not 4000 <= rate <= 192000:
        raise ParameterError(f"{name}: expected a whole number of Hz from 4000 to 192000, found {rate!r}")


def float_run(samples: ArrayLike) -> Samples:
    """Check shape and dtype alone, for code that looks at every value anyway; see `valid_samples`."""
    array = np.asarray(samples)
    if array.ndim != 1:
        raise SignalError(f"samples: expected shape (n,), found {array.shape}")
    if array.dtype != FLOAT32:
        if array.dtype != FLOAT64:
            raise SignalError(f"samples: expected dtype float32, found {array.dtype}")
        with np.errstate(over="ignore"):  # what is too large for float32 becomes an infinity, which is refused
            array = array.astype(FLOAT32)
    return array


class Chain:
    """Chain of stages, as one stage.

    Parameters
    ----------
    stages : sequence of Stage
        In signal order. An empty chain passes everything through.

    Notes
    -----
    ``delay`` is the sum of the stages' delays. Stages that change the rate state their delay at their own output rate,
    so the sum is exact where no rate changes and an approximation across a rate change.

    Examples
    --------
    >>> import numpy as np
    >>> chain = Chain([])
    >>> chain.feed(np.ones(3, dtype=np.float32))
    array([1., 1., 1.], dtype=float32)
    >>> chain.delay
    0.0
    """

    def __init__(self, stages: Sequence[Stage] = ()) -> None:
        for stage in stages:
            if not isinstance(stage, Stage):
                found = type(stage).__name__
                raise ParameterError(f"stages: expected objects with feed, flush and delay, found {found}")
        self._stages = tuple(stages)

    @property
    def delay(self) -> float:
        """Samples at the output's rate: the sum over the stages."""
        return float(sum(stage.delay for stage in self._stages))

    def feed(self, samples: Samples) -> Samples:
        """Pass samples through every stage in turn."""
        for stage in self._stages:
            samples = stage.feed(samples)
        return samples

    def flush(self) -> Samples:
        """Empty every stage in turn, pushing the tail of each through the later ones."""
        rest = SILENCE
        for stage in self._stages:
            rest = np.concatenate([stage.feed(rest), stage.flush()])
        return rest

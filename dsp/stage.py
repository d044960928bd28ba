"""Protocol of signal stages, checks of their input, and chains of stages.

A stage turns float32 mono samples into float32 mono samples, carries its state between calls and can be cut anywhere:
however the input is split over calls of `Stage.feed`, the joined output is the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp import backends
from dsp.errors import ParameterError, SignalError

Samples: TypeAlias = NDArray[np.float32]
"""float32 mono samples, shape (n,), nominally in [-1, 1)."""

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)

INT16 = np.dtype("<i2")

SCALE = 32768.0
"""int16 counts per full scale, wherever int16 becomes samples or samples become int16."""

LOUDEST = np.float32(2.0**15)
"""Largest magnitude that a stage works on, 90 dB over full scale: no square, sum or filter of it overflows float32."""

FAINTEST = np.float32(2.0**-100)
"""Magnitude below which a sample is zero, -602 dBFS: processors take up to 16 times as long over denormal numbers."""

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
    """Check one run of samples and return it as float32 that every stage can work on.

    Parameters
    ----------
    samples : array_like, shape (n,), float32, float64 or int16
        Mono samples; int16 counts 32768 to full scale. Other integers are refused: their scale is unknown.
    start : int
        The index that an error gives the first of them.

    Returns
    -------
    numpy.ndarray, shape (n,), float32, [-32768, 32768]
        The same memory where the input was such float32 already. Magnitudes above 2**15 are clipped to it, and those
        below 2**-100 are zero.

    Raises
    ------
    SignalError
        Not one-dimensional, neither floating point nor int16, or NaN or infinity inside.

    Examples
    --------
    >>> valid_samples([0.5, float("nan")])
    Traceback (most recent call last):
    ...
    dsp.errors.SignalError: samples: expected finite values, found nan at index 1
    >>> import numpy as np
    >>> valid_samples(np.array([16384, -32768], dtype=np.int16))
    array([ 0.5, -1. ], dtype=float32)
    """
    native = backends.native
    if native is not None and isinstance(samples, np.ndarray) and native.is_plain(samples):
        return samples
    array = float_run(samples)
    # A dot product of the samples with themselves is within bounds only if they all are, at a third of the price of
    # looking at each; only then is the latter done. vdot, unlike dot, does not warn of squares that overflow.
    energy = float(np.vdot(array, array))
    if not energy <= float(LOUDEST) ** 2:
        array = _within_bounds(array, start)
    magnitudes = np.abs(array)
    if array.size and np.minimum.reduce(magnitudes) < FAINTEST:
        faint = magnitudes < FAINTEST
        if magnitudes[faint].any():
            return np.where(faint, np.float32(0), array)
    return array


def _within_bounds(array: Samples, start: int) -> Samples:
    wrong = np.flatnonzero(~np.isfinite(array))
    if wrong.size:
        raise SignalError(f"samples: expected finite values, found {array[wrong[0]]} at index {start + wrong[0]}")
    if np.abs(array).max() <= LOUDEST:
        return array
    return np.clip(array, -LOUDEST, LOUDEST)


def valid_rate(name: str, rate: int) -> None:
    """Check a sample rate: a whole number of Hz from 4000 to 192000, or a ParameterError that names it."""
    if not isinstance(rate, (int, np.integer)) or not 4000 <= rate <= 192000:
        raise ParameterError(f"{name}: expected a whole number of Hz from 4000 to 192000, found {rate!r}")


def float_run(samples: ArrayLike) -> Samples:
    """Check shape and dtype alone, for code that looks at every value anyway; see `valid_samples`."""
    if isinstance(samples, np.ndarray) and samples.dtype == FLOAT32 and samples.ndim == 1:
        return samples
    try:
        array = np.asarray(samples)
    except ValueError:
        raise SignalError("samples: expected shape (n,), found rows of different lengths") from None
    if array.ndim != 1:
        raise SignalError(f"samples: expected shape (n,), found {array.shape}")
    if array.dtype == FLOAT32:
        return array
    if array.dtype == INT16:
        return array.astype(FLOAT32) * np.float32(1 / SCALE)
    if array.dtype != FLOAT64:
        raise SignalError(f"samples: expected dtype float32 or int16, found {array.dtype}")
    with np.errstate(over="ignore"):  # what is too large for float32 becomes an infinity, which is refused
        return array.astype(FLOAT32)


class Chain:
    """Chain of stages, as one stage.

    Parameters
    ----------
    stages : sequence of Stage
        In signal order. An empty chain passes everything through. The first may be a `dsp.PcmDecoder`, whose chain
        then takes bytes.

    Raises
    ------
    ParameterError
        A stage does not turn samples into samples (`dsp.VoiceActivity` answers with events, `dsp.EchoCanceller` needs
        two channels), or works at another rate than the one before it answers at.

    Notes
    -----
    The rates are those that the stages state as ``in_rate`` and ``out_rate``, or as ``rate`` where it does not change;
    a stage that states none leaves the rate as it is. `delay` is counted at the rate of the chain's output: the delay
    of a stage before a change of rate is converted.

    Examples
    --------
    >>> import numpy as np
    >>> from dsp import LiveResampler, Limiter
    >>> chain = Chain([LiveResampler(8000, 16000), LiveResampler(16000, 48000)])
    >>> [stage.delay for stage in (LiveResampler(8000, 16000), LiveResampler(16000, 48000))], chain.delay
    ([32.0, 48.0], 144.0)
    >>> Chain([LiveResampler(8000, 16000), Limiter(8000)])
    Traceback (most recent call last):
    ...
    dsp.errors.ParameterError: stages: expected a stage for 16000 Hz in place 1, found Limiter for 8000 Hz
    """

    def __init__(self, stages: Sequence[Stage] = ()) -> None:
        self._stages = tuple(stages)
        self.in_rate: int | None = None
        """Hz of what goes in; None where no stage states one."""
        self.out_rate: int | None = None
        """Hz of what comes out; None where no stage states one."""
        for place, stage in enumerate(self._stages):
            _check_stage(stage, place)
            in_rate, out_rate = _rates(stage)
            if None not in (in_rate, self.out_rate) and in_rate != self.out_rate:
                found = f"{type(stage).__name__} for {in_rate} Hz"
                raise ParameterError(f"stages: expected a stage for {self.out_rate} Hz in place {place}, found {found}")
            self.in_rate = in_rate if self.in_rate is None else self.in_rate
            self.out_rate = self.out_rate if out_rate is None else out_rate

    @property
    def delay(self) -> float:
        """Samples at the output's rate: every stage's delay, converted to that rate."""
        total = 0.0
        for stage in self._stages:
            in_rate, out_rate = _rates(stage)
            if in_rate and out_rate:
                total *= out_rate / in_rate
            total += stage.delay
        return total

    def feed(self, samples: Samples) -> Samples:
        """Pass the next run of samples through every stage in turn.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,), float32
            What the first stage takes.

        Returns
        -------
        numpy.ndarray, shape (m,), float32
            What the last stage answers with.

        Raises
        ------
        SignalError
            A stage refused it; see `valid_samples`.
        """
        for stage in self._stages:
            samples = stage.feed(samples)
        return samples

    def flush(self) -> Samples:
        """Empty every stage in turn, pushing the tail of each through the later ones.

        Returns
        -------
        numpy.ndarray, shape (m,), float32

        Raises
        ------
        SignalError
            The first stage refuses the end, as `dsp.PcmDecoder` does in the middle of a sample. It has then begun
            anew, and a second call hands out what the later stages hold.
        """
        rest = SILENCE.copy()
        for place, stage in enumerate(self._stages):
            rest = np.concatenate([stage.feed(rest), stage.flush()]) if place else stage.flush()
        return rest


def _rates(stage: Stage) -> tuple[int | None, int | None]:
    """Hz in and out, as far as the stage states them."""
    rate = getattr(stage, "rate", None)
    return getattr(stage, "in_rate", rate), getattr(stage, "out_rate", rate)


def _check_stage(stage: Stage, place: int) -> None:
    """Raise a ParameterError unless the stage turns samples into samples, which an empty run finds out."""
    name = type(stage).__name__
    if not isinstance(stage, Stage):
        raise ParameterError(f"stages: expected objects with feed, flush and delay, found {name} in place {place}")
    answer: object
    try:
        answer = stage.feed(SILENCE)
    except (TypeError, SignalError):  # another number of channels, or bytes
        answer = _from_bytes(stage) if not place else None
    if not isinstance(answer, np.ndarray) or answer.dtype != FLOAT32 or answer.ndim != 1:
        raise ParameterError(f"stages: expected stages from samples to samples, found {name} in place {place}")


def _from_bytes(stage: Stage) -> object:
    try:
        return stage.feed(b"")  # type: ignore[arg-type] # a decoder's chain takes bytes
    except (TypeError, SignalError):
        return None

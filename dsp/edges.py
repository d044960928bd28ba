"""Where sound begins and ends: silence cut to a set length, and edges that do not click."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.errors import ParameterError
from dsp.stage import SILENCE, Samples, valid_rate, valid_samples

FADE = 0.005
"""Seconds. A ramp of 5 ms has its spectrum below 400 Hz, where speech masks it, and is too short to sound slow."""


class EdgeTrim:
    """Cut the silence before the first and after the last sound of a stream to a set length.

    Parameters
    ----------
    rate : int
        Hz.
    pre_roll : float
        Seconds of what precedes the first sound that stay: the soft beginning of a consonant lies there.
    tail : float
        Seconds of what follows the last sound that stay.
    threshold : float
        dBFS. A sample whose magnitude reaches it is sound. A fricative of -45 dBFS RMS peaks near -35 dBFS; the
        noise floor of synthesis usually stays below -60 dBFS.
    hold : float
        Seconds of silence, beyond ``tail``, that may wait inside for the decision whether sound follows. Of an even
        longer silence the beginning is handed out, and so kept even if the stream ends without another sound.

    Raises
    ------
    ParameterError
        A duration is negative or the threshold is not below 0 dBFS.

    Notes
    -----
    Silence inside is untouched, sound is untouched, and silence that is shorter than its set length stays as it is:
    nothing is added. Where something was cut, the silence that stays is faded over 5 ms. A stream without any sound
    comes out as at most ``pre_roll`` of it.

    Delay: 0 samples, apart from the silence that was cut. A pause comes out up to ``tail - 5 ms`` at once and the rest
    of it together with the sound that ends it. Memory: at most ``hold + 5 ms`` of samples.

    Examples
    --------
    >>> import numpy as np
    >>> trim = EdgeTrim(8000, pre_roll=0.01, tail=0.02)
    >>> sound = np.concatenate([np.zeros(4000), np.full(800, 0.5), np.zeros(4000)]).astype(np.float32)
    >>> len(trim.feed(sound)) + len(trim.flush())
    1040
    """

    def __init__(
        self,
        rate: int,
        *,
        pre_roll: float = 0.02,
        tail: float = 0.1,
        threshold: float = -50.0,
        hold: float = 5.0,
    ) -> None:
        valid_rate("rate", rate)
        self._pre_roll = _count("pre_roll", pre_roll, rate)
        self._tail = _count("tail", tail, rate)
        self._hold = _count("hold", hold, rate)
        if not threshold < 0:
            raise ParameterError(f"threshold: expected below 0 dBFS, found {threshold}")
        self._threshold = np.float32(10 ** (threshold / 20))
        self._fade = round(FADE * rate)
        self._held: deque[Samples] = deque()
        self._waiting = 0
        """Samples in ``_held``."""
        self._quiet = 0
        """Samples handed out since the last sound."""
        self._begun = self._dropped = False

    @property
    def delay(self) -> float:
        """Samples; 0, apart from the silence that was cut."""
        return 0.0

    def feed(self, samples: Samples) -> Samples:
        """Trim the next run of samples; the answer may be empty, or longer than what was fed.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,), float32

        Returns
        -------
        numpy.ndarray, shape (m,), float32

        Raises
        ------
        SignalError
            See `dsp.stage.valid_samples`.
        """
        samples = valid_samples(samples)
        loud = np.abs(samples) >= self._threshold
        onset = int(loud.argmax()) if loud.size else 0  # ends at the first that is true
        heard = bool(loud.size and loud[onset])
        ready = [] if self._begun or not heard else [self._begin(samples[:onset])]
        if heard:
            first, end = (0 if not ready else onset), len(loud) - int(loud[::-1].argmax())
            ready += [*self._release(self._waiting), samples[first:end].copy()]
            samples = samples[end:]
            self._quiet = 0
        self._keep(samples)
        if self._begun:
            certain = self._tail - min(self._fade, self._tail)
            due = max(min(certain - self._quiet, self._waiting), self._waiting - self._hold - self._fade, 0)
            self._quiet += due
            ready += self._release(due)
        return np.concatenate(ready) if ready else SILENCE.copy()

    def flush(self) -> Samples:
        """Hand out the rest of the tail and be ready for a new stream."""
        waiting, tail_fade = self._waiting, min(self._fade, self._tail)
        rest = np.concatenate([SILENCE, *self._release(waiting)])
        if self._begun and waiting > tail_fade:
            rest = rest[:tail_fade] * _ramp(tail_fade)[::-1]
        self._reset()
        return rest

    def _reset(self) -> None:
        self._held.clear()
        self._waiting = self._quiet = 0
        self._begun = self._dropped = False

    def _begin(self, before: Samples) -> Samples:
        """The first sound is here: what precedes it, cut to the pre-roll."""
        self._keep(before)
        self._begun = True
        whole = np.concatenate([SILENCE, *self._release(self._waiting)])
        if self._dropped:
            ramp = _ramp(min(self._fade, whole.size))
            whole[: ramp.size] *= ramp
        return whole

    def _keep(self, silence: Samples) -> None:
        """Hold on to silence; before the first sound to no more of it than the pre-roll."""
        if silence.size:
            self._held.append(silence.copy())
            self._waiting += silence.size
        if not self._begun and self._waiting > self._pre_roll:
            self._dropped = True
            self._release(self._waiting - self._pre_roll)

    def _release(self, count: int) -> list[Samples]:
        """Take the oldest ``count`` samples out of what is held."""
        released = []
        self._waiting -= count
        while count:
            run = self._held.popleft()
            if run.size > count:
                self._held.appendleft(run[count:])
                run = run[:count]
            released.append(run)
            count -= run.size
        return released


def trim_silence(
    samples: ArrayLike, rate: int, *, pre_roll: float = 0.02, tail: float = 0.1, threshold: float = -50.0
) -> Samples:
    """Cut the silence at both ends of a whole recording to a set length; `EdgeTrim` in one call.

    Parameters
    ----------
    samples : array_like, shape (n,), float32 or float64
    rate : int
        Hz.
    pre_roll, tail : float
        Seconds of silence that stay before the first and after the last sound.
    threshold : float
        dBFS, see `EdgeTrim`.

    Returns
    -------
    numpy.ndarray, shape (m,), float32
        m <= n. Delay: 0 samples, apart from the silence that was cut.

    Raises
    ------
    ParameterError, SignalError
        See `EdgeTrim` and `dsp.stage.valid_samples`.

    Examples
    --------
    >>> import numpy as np
    >>> len(trim_silence(np.concatenate([np.zeros(8000), np.ones(80), np.zeros(8000)]), 8000))
    1040
    """
    run = valid_samples(samples)
    valid_rate("rate", rate)
    stage = EdgeTrim(rate, pre_roll=pre_roll, tail=tail, threshold=threshold, hold=run.size / rate)
    return np.concatenate([stage.feed(run), stage.flush()])


def fade_in(samples: ArrayLike, rate: int, *, seconds: float = FADE) -> Samples:
    """Raise the beginning from silence along half a cosine.

    Parameters
    ----------
    samples : array_like, shape (n,), float32 or float64
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
    ramp = _ramp(min(_count("seconds", seconds, rate), faded.size))
    faded[: ramp.size] *= ramp
    return faded


def fade_out(samples: ArrayLike, rate: int, *, seconds: float = FADE) -> Samples:
    """Lower the end to silence along half a cosine; the mirror image of `fade_in`.

    Parameters
    ----------
    samples : array_like, shape (n,), float32 or float64
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
    first, second : array_like, shapes (n,) and (m,), float32 or float64
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
    overlap = min(_count("seconds", seconds, rate), before.size, after.size)
    end, ramp = before.size - overlap, _ramp(overlap)
    # Written as one difference, the weights add up to exactly one.
    joint = before[end:] + ramp * (after[:overlap] - before[end:])
    return np.concatenate([before[:end], joint, after[overlap:]])


def _ramp(count: int) -> Samples:
    """Half a raised cosine from 0 to 1, sampled between its ends, so that it and its mirror image add up to one."""
    position: NDArray[np.float64] = (np.arange(count) + 0.5) / max(count, 1)
    return (0.5 - 0.5 * np.cos(np.pi * position)).astype(np.float32)


def _count(name: str, seconds: float, rate: int) -> int:
    if not 0 <= seconds < float("inf"):
        raise ParameterError(f"{name}: expected at least 0 seconds, found {seconds}")
    return round(seconds * rate)

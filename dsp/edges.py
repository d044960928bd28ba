"""Trimming of the silence before and after a sound."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import ArrayLike

from dsp.errors import ParameterError
from dsp.fades import FADE, ramp, sample_count
from dsp.stage import SILENCE, Samples, valid_rate, valid_samples


class EdgeTrim:
    """Trimmer of the silence before the first and after the last sound of a stream, to a set length.

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
        self._pre_roll = sample_count("pre_roll", pre_roll, rate)
        self._tail = sample_count("tail", tail, rate)
        self._hold = sample_count("hold", hold, rate)
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
            rest = rest[:tail_fade] * ramp(tail_fade)[::-1]
        self._reset()
        return rest

    def _reset(self) -> None:
        self._held.clear()
        self._waiting = self._quiet = 0
        self._begun = self._dropped = False

    def _begin(self, before: Samples) -> Samples:
        """The samples before the first sound, cut to the pre-roll."""
        self._keep(before)
        self._begun = True
        whole = np.concatenate([SILENCE, *self._release(self._waiting)])
        if self._dropped:
            fade = ramp(min(self._fade, whole.size))
            whole[: fade.size] *= fade
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

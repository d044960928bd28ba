"""Trimming of the silence before and after a sound."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.errors import ParameterError
from dsp.fades import FADE, ramp, sample_count
from dsp.stage import SILENCE, Samples, valid_rate, valid_samples

BLOCK_SECONDS = 0.01
"""Length of the level measurement: over fewer samples the level of steady noise is too uncertain."""

THRESHOLD = -53.0
"""dBFS RMS of 10 ms. Noise of -58 dBFS, pink noise too, does not reach it by chance; a soft fricative has -45."""

PIECE = 2048
"""Samples that are held in one array at most, so that little is kept of what was released in part."""


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
        dBFS, below 0. A block of 10 ms is sound if its RMS reaches it, a constant offset taken out. In it sound begins
        with the first sample whose magnitude reaches it too, and ends with the last.
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

    Delay: 0 samples, apart from the silence that was cut; the output comes in runs of 10 ms. A pause comes out up to
    ``tail - 5 ms`` at once and the rest of it together with the sound that ends it. Memory: at most ``hold`` and 25 ms
    of samples, however short the runs are that it is fed.

    Examples
    --------
    >>> import numpy as np
    >>> trim = EdgeTrim(8000, pre_roll=0.01, tail=0.02)
    >>> sound = np.concatenate([np.zeros(4000), np.tile([0.5, -0.5], 400), np.zeros(4000)]).astype(np.float32)
    >>> len(trim.feed(sound)) + len(trim.flush())
    1040
    """

    def __init__(
        self,
        rate: int,
        *,
        pre_roll: float = 0.02,
        tail: float = 0.1,
        threshold: float = THRESHOLD,
        hold: float = 5.0,
    ) -> None:
        valid_rate("rate", rate)
        self._pre_roll = sample_count("pre_roll", pre_roll, rate)
        self._tail = sample_count("tail", tail, rate)
        self._hold = sample_count("hold", hold, rate)
        if not threshold < 0:
            raise ParameterError(f"threshold: expected below 0 dBFS, found {threshold}")
        self.rate = rate
        self._fade = round(FADE * rate)
        self._blocks = _Blocks(round(BLOCK_SECONDS * rate), 10 ** (threshold / 20))
        self._held: deque[Samples] = deque()
        self._waiting = 0
        """Samples in ``_held``."""
        self._quiet = 0
        """Samples handed out since the last sound."""
        self._begun = False
        self._cut = 0

    @property
    def cut(self) -> int:
        """Samples of silence that were left out before the first sound of this stream; final once that was heard."""
        return self._cut

    @property
    def begun(self) -> bool:
        """Whether the first sound of this stream was heard."""
        return self._begun

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
        return self._trim(*self._blocks.push(valid_samples(samples)))

    def flush(self) -> Samples:
        """Hand out the rest of the tail and be ready for a new stream.

        Returns
        -------
        numpy.ndarray, shape (m,), float32
        """
        last = self._trim(*self._blocks.drain())
        waiting, tail_fade = self._waiting, min(self._fade, self._tail)
        rest = np.concatenate([SILENCE, *self._release(waiting)])
        if self._begun and waiting > tail_fade:
            rest = rest[:tail_fade] * ramp(tail_fade)[::-1]
        self._reset()
        return np.concatenate([last, rest])

    def _trim(self, samples: Samples, sound: slice | None) -> Samples:
        """Take in samples of which ``sound`` spans the first to the last sound, if there is any."""
        ready = [] if self._begun or sound is None else [self._begin(samples[: sound.start])]
        if sound is not None:
            first = sound.start if ready else 0
            ready += [*self._release(self._waiting), samples[first : sound.stop].copy()]
            samples = samples[sound.stop :]
            self._quiet = 0
        self._keep(samples)
        if self._begun:
            certain = self._tail - min(self._fade, self._tail)
            due = max(min(certain - self._quiet, self._waiting), self._waiting - self._hold - self._fade, 0)
            self._quiet += due
            ready += self._release(due)
        return np.concatenate(ready) if ready else SILENCE.copy()

    def _reset(self) -> None:
        self._held.clear()
        self._waiting = self._quiet = 0
        self._begun = False
        self._cut = 0

    def _begin(self, before: Samples) -> Samples:
        """The samples before the first sound, cut to the pre-roll."""
        self._keep(before)
        self._begun = True
        whole = np.concatenate([SILENCE, *self._release(self._waiting)])
        if self._cut:
            fade = ramp(min(self._fade, whole.size))
            whole[: fade.size] *= fade
        return whole

    def _keep(self, silence: Samples) -> None:
        """Hold on to silence; before the first sound to no more of it than the pre-roll."""
        if silence.size:
            self._held.extend(silence[at : at + PIECE].copy() for at in range(0, silence.size, PIECE))
            self._waiting += silence.size
        if not self._begun and self._waiting > self._pre_roll:
            self._cut += self._waiting - self._pre_roll
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


class _Blocks:
    """Divider of a stream into blocks, and judge of where in them sound is.

    Parameters
    ----------
    size : int
        Samples per block.
    threshold : float
        Amplitude from which on a block's RMS and a sample of it are sound.
    """

    def __init__(self, size: int, threshold: float) -> None:
        self._size, self._threshold = size, threshold
        self._reset()

    def _reset(self) -> None:
        self._rest = SILENCE
        self._last = np.zeros(self._size, dtype=np.float32)
        self._offset = 0.0
        """Mean of the last block without sound: the constant that an engine adds."""

    def push(self, samples: Samples) -> tuple[Samples, slice | None]:
        """The whole blocks that samples complete, as one run, and where in it sound begins and ends."""
        waiting = np.concatenate([self._rest, samples])
        count = waiting.size // self._size
        run, self._rest = waiting[: count * self._size], waiting[count * self._size :].copy()
        if not count:
            return run, None
        blocks = run.reshape(count, self._size)
        self._last = blocks[-1].copy()
        means = blocks.mean(axis=1, dtype=np.float64)
        loud = np.square(blocks - means[:, None]).mean(axis=1) >= self._threshold**2
        first, last = int(loud.argmax()), count - 1 - int(loud[::-1].argmax())
        if not loud[first]:
            self._offset = float(means[-1])
            return run, None
        start = first * self._size + self._sounds(blocks[first], means[:first])[0]
        stop = last * self._size + self._sounds(blocks[last], means[:last][~loud[:last]])[1]
        self._settle(means[~loud])
        return run, slice(start, stop)

    def drain(self) -> tuple[Samples, slice | None]:
        """The incomplete block, judged together with the end of the block before it; begins anew."""
        run, waiting = self._rest, self._rest.size
        window = np.concatenate([self._last, run])[waiting:].astype(np.float64)
        loud = waiting > 0 and window.var() >= self._threshold**2
        heard = loud and np.abs(run - self._offset).max() >= self._threshold
        sound = slice(*self._sounds(run, np.zeros(0))) if heard else None
        self._reset()
        return run, sound

    def _sounds(self, block: Samples, silent_before: NDArray[np.float64]) -> tuple[int, int]:
        """Place of the first sample of a loud block that is sound, and the one after the last."""
        self._settle(silent_before)
        sound = np.abs(block - self._offset) >= self._threshold
        return int(sound.argmax()), block.size - int(sound[::-1].argmax())

    def _settle(self, means: NDArray[np.float64]) -> None:
        if means.size:
            self._offset = float(means[-1])


def trim_silence(
    samples: ArrayLike, rate: int, *, pre_roll: float = 0.02, tail: float = 0.1, threshold: float = THRESHOLD
) -> Samples:
    """Cut the silence at both ends of a whole recording to a set length; `EdgeTrim` in one call.

    Parameters
    ----------
    samples : array_like, shape (n,), float32, float64 or int16
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
    >>> len(trim_silence(np.concatenate([np.zeros(8000), np.tile([1, -1], 40), np.zeros(8000)]), 8000))
    1040
    """
    run = valid_samples(samples)
    valid_rate("rate", rate)
    stage = EdgeTrim(rate, pre_roll=pre_roll, tail=tail, threshold=threshold, hold=run.size / rate)
    return np.concatenate([stage.feed(run), stage.flush()])

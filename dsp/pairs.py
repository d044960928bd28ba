"""Blocks of two synchronous channels: runs of any equal length in, blocks of one length out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dsp.errors import ParameterError, SignalError
from dsp.stage import SILENCE, Samples, valid_rate, valid_samples

BLOCKS_PER_SECOND = 50
"""Seconds of a block of two channels: 20 ms, the frame of telephony."""


class Pair(NamedTuple):
    """One block of both channels, each of shape (block,)."""

    near: Samples
    far: Samples


def block_length(rate: int) -> int:
    """Samples in 20 ms.

    Raises
    ------
    ParameterError
        The rate is not a whole number of 8000 to 48000 Hz.
    """
    valid_rate("rate", rate)
    if not 8000 <= rate <= 48000:
        raise ParameterError(f"rate: expected 8000 to 48000 Hz, found {rate}")
    return round(rate / BLOCKS_PER_SECOND)


def named_samples(name: str, samples: Samples) -> Samples:
    """`dsp.stage.valid_samples` for one input of several, clipped to [-1, 1] so that no square can overflow."""
    if fits(samples):
        return samples
    try:
        valid = valid_samples(samples)
    except SignalError as error:
        raise SignalError(str(error).replace("samples", name, 1)) from None
    clipped: Samples = np.minimum(np.maximum(valid, np.float32(-1)), np.float32(1))
    return clipped


def fits(samples: Samples) -> bool:
    """Whether it is a run of float32 within [-1, 1]. Both comparisons are false for NaN."""
    return bool(
        isinstance(samples, np.ndarray)
        and samples.dtype == np.float32
        and samples.ndim == 1
        and samples.size
        and np.minimum.reduce(samples) >= -1
        and np.maximum.reduce(samples) <= 1
    )


def same_length(near: Samples, far: Samples) -> None:
    """Raise a SignalError unless both have as many samples."""
    if len(near) != len(far):
        raise SignalError(f"near, far: expected equal lengths, found {len(near)} and {len(far)} samples")


class Pairs:
    """Divider of two channels into blocks that do not depend on the division of the input.

    Parameters
    ----------
    block : int
        Samples, at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> pairs = Pairs(2)
    >>> pairs.push(np.ones(1, np.float32), np.zeros(1, np.float32))
    []
    >>> pairs.push(np.ones(2, np.float32), np.zeros(2, np.float32))
    [Pair(near=array([1., 1.], dtype=float32), far=array([0., 0.], dtype=float32))]
    """

    def __init__(self, block: int) -> None:
        self._block = block
        self._near = self._far = SILENCE
        self._begun = False

    def push(self, near: Samples, far: Samples) -> list[Pair]:
        """Append one run of both channels and take out every whole block.

        Parameters
        ----------
        near, far : numpy.ndarray, shape (n,), float32
            Of equal length.

        Returns
        -------
        list of Pair
            In order; the blocks own their memory.

        Raises
        ------
        SignalError
            The lengths differ, or see `dsp.stage.valid_samples`.
        """
        near, far = named_samples("near", near), named_samples("far", far)
        same_length(near, far)
        self._begun = self._begun or len(near) > 0
        if len(near) == self._block and not len(self._near):
            return [Pair(near.copy(), far.copy())]  # the caller may reuse its memory
        near, far = np.concatenate([self._near, near]), np.concatenate([self._far, far])
        whole = len(near) - len(near) % self._block
        self._near, self._far = near[whole:].copy(), far[whole:].copy()
        blocks = (slice(at, at + self._block) for at in range(0, whole, self._block))
        # Copies: a stage that keeps one block would otherwise keep all that was fed with it.
        return [Pair(near[block].copy(), far[block].copy()) for block in blocks]

    def drain(self) -> tuple[list[Pair], int]:
        """End the stream for a stage that lags by one block.

        Returns
        -------
        list of Pair
            What is left, filled up with silence, and one silent block; empty when nothing was ever pushed.
        int
            How many samples of the stage's answer belong to the stream.
        """
        if not self._begun:
            return [], 0
        waiting = len(self._near)
        fill = np.zeros((2 if waiting else 1) * self._block - waiting, dtype=np.float32)
        pairs = self.push(fill, fill)
        self._begun = False
        return pairs, self._block + waiting


def joined(blocks: list[Samples]) -> Samples:
    """One run from many, empty from none."""
    return np.concatenate([SILENCE, *blocks])

"""Echo gate: the customer's channel passes only while it is louder than the assistant's."""

from __future__ import annotations

from collections import deque
from math import ceil

import numpy as np

from dsp.errors import ParameterError
from dsp.pairs import BLOCKS_PER_SECOND, Pair, Pairs, block_length, joined
from dsp.stage import Samples


class EchoGate:
    """Gate that mutes the near channel unless it is clearly louder than the recent far channel.

    It mutes the customer in double talk: while the assistant speaks, a customer who is not ``ratio`` times louder is
    not heard at all, and that is so without any echo too, because the gate does not know whether there is one. An
    interruption in a usual voice is lost. `EchoCanceller` hears both; the gate is for where processor time counts more.

    Parameters
    ----------
    rate : int
        Hz, 8000 to 48000.
    ratio : float
        Near over far RMS from which on the near channel is the customer's; above 0. Echoes of 0.3 to 0.65 were met on
        Vapi's customer channel, and one team in the field gates at 1.3.
    hang_over : float
        Seconds for which the customer's level is held, 0 to 5: the gate stays open in the gaps between words, and
        shuts at once when the assistant begins, because a held background noise is no match for a voice.
    reach : float
        Seconds by which an echo may be late, 0 to 5: the far level is its maximum over that time.

    Notes
    -----
    Levels are measured, and the gate moves, in blocks of 20 ms; it looks one block ahead, so that it is open when the
    customer begins. It opens and closes along a straight line, without a click.

    While the far channel is silent the near channel passes untouched, bit for bit.

    Examples
    --------
    >>> import numpy as np
    >>> gate = EchoGate(8000)
    >>> far = np.sin(np.arange(8000, dtype=np.float32))
    >>> heard = np.concatenate([gate.feed(0.5 * far, far), gate.flush()])
    >>> float(np.abs(heard).max())
    0.0
    >>> customer = np.sin(np.arange(8000, dtype=np.float32) / 3)  # no echo at all
    >>> float(np.abs(gate.feed(customer, far)).max())
    0.0
    """

    def __init__(self, rate: int, *, ratio: float = 1.3, hang_over: float = 0.25, reach: float = 0.3) -> None:
        if not ratio > 0 or not np.isfinite(ratio):
            raise ParameterError(f"ratio: expected a number above 0, found {ratio}")
        for name, seconds in (("hang_over", hang_over), ("reach", reach)):
            if not 0 <= seconds <= 5:
                raise ParameterError(f"{name}: expected 0 to 5 s, found {seconds}")
        self._block = block_length(rate)
        self._ratio = ratio
        # Two more: the block in which a sound ends, and the one that is looked ahead.
        self._held_blocks = [2 + ceil(seconds * BLOCKS_PER_SECOND) for seconds in (hang_over, reach)]
        self._start()

    def _start(self) -> None:
        self._pairs = Pairs(self._block)
        self._waiting = np.zeros(self._block, dtype=np.float32)
        self._near_levels, self._far_levels = (deque([0.0], maxlen=blocks) for blocks in self._held_blocks)
        self._gain = 1.0

    @property
    def delay(self) -> float:
        """Samples by which the output lags behind the near channel: 20 ms."""
        return float(self._block)

    def feed(self, near: Samples, far: Samples) -> Samples:
        """Gate the next run of the near channel.

        Parameters
        ----------
        near, far : numpy.ndarray, shape (n,), float32, [-1, 1]
            The customer's and the assistant's channel, of equal length; what lies outside the range is clipped.

        Returns
        -------
        numpy.ndarray, shape (m,), float32
            As many samples as make whole blocks of 20 ms, `delay` behind.

        Raises
        ------
        SignalError
            The lengths differ, or see `dsp.stage.valid_samples`.
        """
        return joined([self._gate(pair) for pair in self._pairs.push(near, far)])

    def flush(self) -> Samples:
        """Hand out the rest, `delay` samples more than were fed in all, and be ready for a new stream.

        Returns
        -------
        numpy.ndarray, shape (m,), float32
        """
        pairs, count = self._pairs.drain()
        rest = joined([self._gate(pair) for pair in pairs])[:count]
        self._start()
        return rest

    def _gate(self, pair: Pair) -> Samples:
        """One block in, the one before it out."""
        self._near_levels.append(rms(pair.near))
        self._far_levels.append(rms(pair.far))
        previous, self._waiting = self._waiting, pair.near
        customer = max(self._near_levels) >= self._ratio * max(self._far_levels)
        return self._faded(previous, 1.0 if customer else 0.0)

    def _faded(self, samples: Samples, gain: float) -> Samples:
        before, self._gain = self._gain, gain
        if before == gain:
            return samples if gain else np.zeros_like(samples)
        return samples * np.linspace(before, gain, self._block, dtype=np.float32)


def rms(samples: Samples) -> float:
    """Root mean square of at least one sample."""
    return float(np.sqrt(np.dot(samples, samples) / len(samples)))

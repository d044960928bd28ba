"""Echo cancellation for the customer's channel: an adaptive filter, and a suppressor for the residual echo."""

from __future__ import annotations

import functools

import numpy as np

from dsp import backends, delay, echo_change, echo_drift, echo_filter, echo_tail
from dsp.delay import DelayEstimator
from dsp.echo_filter import LEAD, PARTITIONS, EchoFilter
from dsp.pairs import Pair, Pairs, block_length, joined, named_samples, same_length
from dsp.spectra import Power, from_spectrum, power, to_spectrum
from dsp.stage import FLOAT32, SILENCE, Samples

FARTHEST = 26
"""The largest lag in blocks that is looked for: the direct sound of an echo 500 ms late begins in block 25."""

SUPPRESSION = 2.7
"""How many times the expected residual is taken off. At 2 the worst of 30 calls is 3 dB louder and double talk 1.3 dB
cleaner, at 5 it is 5 dB softer and double talk 1.8 dB worse."""

LEAST_GAIN = 0.03
"""The suppressor takes off 30 dB at most. At 20 dB there is 9 dB more echo left between the customer's words, and
double talk gains 0.3 dB. Noise above the expected residual is left alone at any setting."""

PATIENCE = 100
"""Blocks with both channels heard after which an echo would have been found: 2 s."""

FIRST_SLACK, SLACK = 3, 5
"""Blocks from the beginning of the filter to the lag above which it is aimed again, before and after an echo was found:
aiming loses its certainty, so a good filter does not follow every change of the estimated lag."""

UNHEARD = 1.0e-4
"""Amplitude, rms of a block, below which a channel counts as silent: -80 dBFS."""


@functools.lru_cache(maxsize=16)
def sine_window(block: int) -> Samples:
    """The window of two blocks, shape (2 block,), read-only."""
    window = np.sin(np.pi * (np.arange(2 * block) + 0.5) / (2 * block)).astype(np.float32)
    window.flags.writeable = False
    return window


class Suppressor:
    """Suppressor of the residual echo in the spectrum, given its expected power per bin.

    Spectral subtraction on frames of two blocks that overlap by one, with a sine window before and after, so that
    frames left alone add up to the input. What is subtracted is the Kalman filter's own expectation, as in the
    post-filter of Enzner and Vary (2006): there is no model of the room and no detector. Delay: one block.
    """

    def __init__(self, block: int) -> None:
        self._block = block
        self._window = sine_window(block)
        self._frame = np.zeros(2 * block, dtype=np.float32)
        self._overlap = np.zeros(block, dtype=np.float32)
        self._expected: Power | None = None

    def process(self, samples: Samples, residual: Power | None) -> Samples:
        """One block in, the block before it out; a residual of ``None`` is none at all."""
        self._frame[: self._block] = self._frame[self._block :]
        self._frame[self._block :] = samples
        shaped = self._frame * self._window
        expected, self._expected = louder(self._expected, residual), residual
        if expected is not None:
            shaped = self._suppress(shaped, expected)
        shaped *= self._window
        out = self._overlap + shaped[: self._block]
        self._overlap = shaped[self._block :]
        return out

    def _suppress(self, frame: Samples, expected: Power) -> Samples:
        spectrum = to_spectrum(frame)
        gain = expected / (power(spectrum) + np.float32(1e-9))
        gain *= -SUPPRESSION
        gain += 1
        np.maximum(gain, np.float32(LEAST_GAIN), out=gain)
        spectrum *= gain
        return from_spectrum(spectrum)


def louder(one: Power | None, other: Power | None) -> Power | None:
    """The larger power per bin of the two blocks of a frame, of which either may have none."""
    if one is None or other is None:
        return other if one is None else one
    return np.maximum(one, other)


class EchoCanceller:
    """Canceller of the far channel's echo in the near channel, up to 500 ms late.

    Parameters
    ----------
    rate : int
        Hz, 8000 to 48000.

    Raises
    ------
    ParameterError
        The rate is outside its range.

    Notes
    -----
    Three steps on blocks of 20 ms: `dsp.delay.DelayEstimator` finds where the echo is, `dsp.echo_filter.EchoFilter`
    learns 160 ms of path from there and subtracts it, `Suppressor` takes off what the filter expects to have missed.
    Clocks that drift apart by up to 400 ppm and delays that jump by up to 60 ms are followed.

    When both channels were heard for two seconds and have nothing to do with each other, the near channel passes
    untouched until an echo appears. It also does while the far channel is silent, but for rounding (-140 dB).

    Works on blocks of its own however the input is cut. The state has a fixed size. Input outside [-1, 1] is clipped.

    Examples
    --------
    >>> import numpy as np
    >>> far = np.random.default_rng(1).standard_normal(32000).astype(np.float32) * np.float32(0.1)
    >>> echo = np.float32(0.5) * np.roll(far, 400)
    >>> canceller = EchoCanceller(8000)
    >>> cleaned = np.concatenate([canceller.feed(echo, far), canceller.flush()])
    >>> len(cleaned) - len(echo) == canceller.delay == 160.0
    True
    >>> bool(np.std(cleaned[16000:]) < 0.01 * np.std(echo[16000:]))
    True
    """

    def __init__(self, rate: int) -> None:
        self._block = block_length(rate)
        self._rate = rate
        self._start()

    def _start(self) -> None:
        block = self._block
        self._kernel: _EchoKernel | None = None
        if backends.native is not None:
            self._kernel = _EchoKernel(backends.native, block, self._rate)
            return
        self._pairs = Pairs(block)
        self._delay = DelayEstimator(block, self._rate, FARTHEST + 1)
        self._filter = EchoFilter(block, FARTHEST)
        self._suppressor = Suppressor(block)
        self._last = np.zeros((2, 2 * block), dtype=np.float32)
        self._silent_blocks = FARTHEST + PARTITIONS
        self._unrelated = 0
        self._found = False

    @property
    def delay(self) -> float:
        """Samples by which the output lags behind the near channel: 20 ms."""
        return float(self._block)

    def feed(self, near: Samples, far: Samples) -> Samples:
        """Clean the next run of the near channel.

        Parameters
        ----------
        near, far : numpy.ndarray, shape (n,), float32, [-1, 1]
            The customer's and the assistant's channel, of equal length and recorded at the same time.

        Returns
        -------
        numpy.ndarray, shape (m,), float32
            As many samples as make whole blocks of 20 ms, `delay` behind.

        Raises
        ------
        SignalError
            The lengths differ, or see `dsp.stage.valid_samples`.
        """
        if self._kernel is not None:
            return self._kernel.feed(near, far)
        return joined([self._cancel(pair) for pair in self._pairs.push(near, far)])

    def flush(self) -> Samples:
        """Hand out the rest, `delay` samples more than were fed in all, and be ready for a new call.

        Returns
        -------
        numpy.ndarray, shape (m,), float32
        """
        if self._kernel is not None:
            rest = self._kernel.drain()
        else:
            pairs, count = self._pairs.drain()
            rest = joined([self._cancel(pair) for pair in pairs])[:count]
        self._start()
        return rest

    def _cancel(self, pair: Pair) -> Samples:
        """Clean one block of the near channel."""
        near, far = pair
        last, block = self._last, self._block
        last[:, :block] = last[:, block:]
        last[0, block:] = near
        last[1, block:] = far
        near_spectrum, far_spectrum = to_spectrum(last)
        self._filter.push(far_spectrum)
        self._delay.push(far_spectrum)
        self._silent_blocks = 0 if self._heard(far) else self._silent_blocks + 1
        # Where nothing is heard nothing is learnt: a caller who mutes the telephone keeps the path.
        if self._silent_blocks > FARTHEST + PARTITIONS or not self._heard(near):
            self._filter.coast()
            return self._suppressor.process(near, None)
        self._delay.compare(near_spectrum)
        self._listen()
        if not self._suspicious:
            return self._suppressor.process(near, None)
        error, residual, moved = self._filter.cancel(near)
        if moved:
            self._delay.shift(moved)
        return self._suppressor.process(error, residual)

    def _heard(self, samples: Samples) -> bool:
        return float(samples @ samples) > self._block * UNHEARD**2

    @property
    def _suspicious(self) -> bool:
        """Whether there is an echo, or too little was heard to know."""
        return self._delay.lag is not None or self._unrelated < PATIENCE

    def _listen(self) -> None:
        """Aim the filter at the estimated lag."""
        self._unrelated = 0 if self._delay.related else self._unrelated + 1
        lag = self._delay.lag
        if lag is None:
            if self._unrelated == PATIENCE:
                self._filter.forget()
            return
        # A lag between two blocks is estimated as either: a filter that has found the echo may begin at the later one.
        first, last = (lag - SLACK, lag) if self._found else (lag - FIRST_SLACK, lag - 1)
        if not max(0, first) <= self._filter.offset <= max(0, last):
            self._filter.aim(max(0, lag - LEAD), certain=self._found)
        self._found = True


class _EchoKernel:
    """Compiled canceller: the steps and the state of `EchoCanceller` in one call."""

    def __init__(self, kernels: backends.Kernels, block: int, rate: int) -> None:
        self._block = block
        self._run = backends.bound(kernels, "echo", _numbers(block, rate), sine_window(block)).run
        self._waiting = 0
        self._begun = False

    def feed(self, near: Samples, far: Samples) -> Samples:
        try:
            out = np.empty((self._waiting + len(near)) // self._block * self._block, FLOAT32)
            waiting = self._run(near, far, out)
        except TypeError:  # no length
            waiting = None
        if waiting is None:
            near, far = (np.ascontiguousarray(named_samples(*named)) for named in (("near", near), ("far", far)))
            same_length(near, far)
            out = np.empty((self._waiting + len(near)) // self._block * self._block, FLOAT32)
            waiting = self._run(near, far, out, True)
        self._begun = self._begun or len(near) > 0
        self._waiting = waiting
        return out

    def drain(self) -> Samples:
        """End the stream: the rest, filled up with silence, and what lags behind."""
        if not self._begun:
            return SILENCE.copy()
        waiting = self._waiting
        fill = np.zeros((2 if waiting else 1) * self._block - waiting, dtype=np.float32)
        return self.feed(fill, fill)[: self._block + waiting]


def _numbers(block: int, rate: int) -> tuple[float, ...]:
    """The parameters, in the order of ``dsp/kernels/echo_state.h``."""
    low, stop = delay.band_bins(block, rate)
    counts = (
        block, low, stop, FARTHEST, PARTITIONS, LEAD, PATIENCE, FIRST_SLACK, SLACK,
        delay.SETTLED, echo_change.SETTLING, echo_filter.UPKEEP, echo_change.SEEN, echo_change.FARTHEST_JUMP,
    )  # fmt: skip
    return (
        *counts,
        SUPPRESSION, LEAST_GAIN, block * UNHEARD**2,
        delay.MEMORY, delay.quiet_bin(block), delay.CLEARLY, delay.COHERENT, delay.RELATED,
        echo_filter.KEPT, echo_filter.CONFIDENCE, echo_filter.COMMON, echo_filter.DRIFT,
        echo_filter.FIRST_UNCERTAINTY, echo_filter.UNCERTAINTY_DECAY,
        echo_filter.NOISE_MEMORY, 2 * block * echo_filter.LEAST_NOISE,
        echo_change.MISFIT, echo_change.MISFIT_SHARE, echo_change.MISFIT_MEMORY, block * echo_change.AUDIBLE**2,
        echo_filter.REFITTED, echo_change.SEEN * block * echo_change.CLEARLY_AUDIBLE**2,
        echo_change.ALIKE, echo_change.CLEARLY, float(echo_change.EMPHASIS), echo_change.FAINT,
        *echo_drift.parameters(block), echo_tail.LONGEST,
    )  # fmt: skip

"""Resampling of live audio: a polyphase FIR filter with a delay of at most 2 ms.

How it works. Output sample k is the input around time ``(k - delay) * in_rate / out_rate``, weighted by a low-pass
kernel. The weights repeat every ``L`` outputs (``out_rate`` over the greatest common divisor), so they are worked out
once, laid out as one dense matrix per group of neighbouring outputs, and applied as a matrix product.

Why the cutting of the input cannot matter. Floating-point sums depend on their order, and a matrix library chooses
the order by shape and alignment. So every product here has one shape and works in the stage's own aligned memory:
the stream is divided into blocks of 20 ms counted from its start, a block that is still incomplete is calculated as it
stands, and of its outputs those are handed out that depend on nothing yet to come. They come out of the same
operation, at the same place of the same matrix, however much of the block had arrived.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp import backends
from dsp.errors import ParameterError
from dsp.stage import FLOAT32, SILENCE, Samples, valid_rate, valid_samples

HALF_WIDTH = 16
"""Samples at the lower rate: reach of the kernel to either side, and so the delay (2 ms at 8 kHz)."""

BAND = (0.36, 0.5)
"""Cycles per sample at the lower rate: passed up to 0.72 of the lower Nyquist frequency, stopped from all of it."""

TELEPHONE_RATE = 8000
"""Hz. The telephone band ends at 3400 Hz, closer to this rate's Nyquist frequency than `BAND` passes."""

TELEPHONE_BAND = (0.425, 0.565)
"""The band where the lower rate is the telephone's: all of it is passed, and its images, from 4600 Hz on, are stopped.
What a recogniser makes of G.711 speech decided: 55 % word errors, against 61 % with a transition half as wide, which
rings, 67 % with `BAND` and 53 % with soxr, whose delay is thirty times as long."""

PASS_WEIGHT = 3e-3
"""A passband error counts this much of a stopband error: 0.05 dB is 0.6 %, -99 dB is 0.001 %."""

TERMS = 20
"""Cosines that make up the kernel; more only add ripples that the passband does not need."""

SMALLEST_DIVISOR = 25
"""Hz: rates with a smaller common divisor would need weights for a period beyond 40 ms. 11025 and 8000 have it."""

BLOCK_SECONDS = 0.02
GROUP = 64
"""Outputs per matrix at most: wider ones multiply more zeros, narrower ones leave the matrix library idle."""


SPAN, PADDING = 8, 32
"""Outputs that the kernel sums up together at least, and at most."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Constants of a pair of rates."""

    block_in: int
    block_out: int
    history: int
    """Input samples before the block that its outputs reach back to."""
    delay: int
    """Output samples."""
    index: NDArray[np.intp]
    """Shape (groups, repeats, reach): which samples of history + block each group of outputs looks at."""
    weights: Samples
    """Shape (groups, reach, outputs per group)."""
    compiled: tuple[NDArray[np.int64], Samples, NDArray[np.int64]]
    """The same for the kernel, each flat: the first of ``index``; the weights with the last axis filled up with zeros;
    where the weights of every eight outputs begin and end."""
    growth: float
    """The largest sum of the magnitudes of an output's weights."""


class LiveResampler:
    """Streaming resampler for live input: exact count, no bursts, a delay of at most 2 ms.

    Parameters
    ----------
    in_rate, out_rate : int
        Hz, from 4000 to 192000, with a common divisor of at least 25. Equal rates pass samples through untouched.
    band : (float, float), optional
        Where the passband ends and the stop band begins, in cycles per sample at the lower rate, 0.25 to 0.6 and at
        least 0.08 apart. A stop band that begins above 0.5 buys a wider passband with images near the edge. By
        default `TELEPHONE_BAND` where the lower rate is 8000 Hz, else `BAND`.

    Raises
    ------
    ParameterError
        A rate or the band is outside its range, or the pair has no common divisor of at least 25 Hz.

    Notes
    -----
    After ``n`` samples have been fed, ``ceil(n * out_rate / in_rate)`` have come out: 20 ms in, 20 ms out. What comes
    out lags by `delay` samples; `flush` hands out that many more. To line a whole recording up with its origin, drop
    the first `delay` samples.

    The kernel is the weighted least-squares design of a linear-phase low-pass filter in continuous time, a cosine
    series on a finite support (T. W. Parks and C. S. Burrus, *Digital Filter Design*, Wiley 1987, section 3.2): for
    its length it lies about 15 dB below a Kaiser window. Passband ripple is at most 0.05 dB up to 0.7 of the lower
    Nyquist frequency; aliases and images lie below -92 dB from the lower Nyquist frequency on, not only beyond the
    transition band. With 8000 Hz as the lower rate the ripple is at most 0.1 dB up to 3400 Hz; aliases and images of
    the telephone band lie below -90 dB, and what is at the Nyquist frequency is 15 dB down. Each output's weights add
    up to one, so a constant comes out as that constant.

    Memory is constant, about 100 kB per pair of rates and 10 kB per instance. A single fed sample costs about as much
    as 20 ms of them.

    Examples
    --------
    >>> import numpy as np
    >>> resampler = LiveResampler(8000, 16000)
    >>> resampler.delay
    32.0
    >>> len(resampler.feed(np.zeros(160, dtype=np.float32))), len(resampler.flush())
    (320, 32)
    """

    def __init__(self, in_rate: int, out_rate: int, *, band: tuple[float, float] | None = None) -> None:
        valid_rate("in_rate", in_rate)
        valid_rate("out_rate", out_rate)
        divisor = math.gcd(in_rate, out_rate)
        if divisor < SMALLEST_DIVISOR:
            raise ParameterError(
                f"rates: expected a common divisor of at least {SMALLEST_DIVISOR} Hz, "
                f"found {divisor} for {in_rate} and {out_rate}"
            )
        if band is None:
            band = TELEPHONE_BAND if min(in_rate, out_rate) == TELEPHONE_RATE else BAND
        if not (0.25 <= band[0] <= band[1] - 0.08 and band[1] <= 0.6):
            raise ParameterError(f"band: expected two edges from 0.25 to 0.6, at least 0.08 apart, found {band}")
        self.in_rate = in_rate
        self.out_rate = out_rate
        self._filled = 0
        self._fed = False
        self._plan = None if in_rate == out_rate else _plan(in_rate, out_rate, band)
        if self._plan is not None:
            plan = self._plan
            groups, repeats, reach = plan.index.shape
            self._window = _aligned(plan.history + plan.block_in)
            self._looked_at = _aligned(groups, repeats, reach)
            self._product = _aligned(groups, repeats, plan.weights.shape[2])
            self._block = np.empty((repeats, groups, plan.weights.shape[2]), dtype=np.float32)
            self._kernel = self._bound(plan)

    @property
    def delay(self) -> float:
        """Samples at ``out_rate`` by which the output lags; at most 2 ms of them."""
        return float(self._plan.delay) if self._plan else 0.0

    @property
    def growth(self) -> float:
        """Factor by which the magnitude of an output may exceed that of every input, at most."""
        return self._plan.growth if self._plan else 1.0

    def feed(self, samples: Samples) -> Samples:
        """Resample the next run of samples.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,), float32

        Returns
        -------
        numpy.ndarray, shape (m,), float32
            As many as bring the total to ``ceil(total fed * out_rate / in_rate)``.

        Raises
        ------
        SignalError
            See `dsp.stage.valid_samples`.
        """
        plan = self._plan
        if plan is None:
            return valid_samples(samples)
        if self._kernel is not None:
            return self._feed_native(self._kernel, plan, samples)
        samples = valid_samples(samples)
        blocks, filled = divmod(self._filled + samples.size, plan.block_in)
        out = np.empty(blocks * plan.block_out + self._ready(filled) - self._ready(self._filled), dtype=np.float32)
        start = written = 0
        while start < samples.size:
            stop = min(start + plan.block_in - self._filled, samples.size)
            ready = self._advance(samples[start:stop])
            out[written : written + ready.size] = ready
            start, written = stop, written + ready.size
        return out

    def skip(self, samples: Samples) -> None:
        """Take in the next run of samples as `feed` does, without working out what comes out.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,), float32

        Raises
        ------
        SignalError
            See `dsp.stage.valid_samples`.
        """
        samples = valid_samples(samples)
        plan = self._plan
        start = 0
        while plan is not None and start < samples.size:
            stop = min(start + plan.block_in - self._filled, samples.size)
            self._take(samples[start:stop])
            self._end_block()
            start = stop

    def flush(self) -> Samples:
        """Hand out the last `delay` samples, none if nothing was fed, and be ready for a new stream.

        Returns
        -------
        numpy.ndarray, shape (delay,), float32
        """
        plan = self._plan
        if plan is None or not self._fed:
            return SILENCE.copy()
        per_out = self.in_rate / self.out_rate
        rest = self.feed(np.zeros(math.ceil((plan.delay + 1) * per_out), dtype=np.float32))[: plan.delay]
        self._reset()
        return rest

    def _bound(self, plan: _Plan) -> backends.Kernel | None:
        if backends.native is None:
            return None
        groups, _, width = plan.weights.shape
        numbers = plan.block_in, plan.block_out, plan.history, groups, width, self.in_rate, self.out_rate
        return backends.native.bind("fir", numbers, (self._window, *plan.compiled))

    def _feed_native(self, kernel: backends.Kernel, plan: _Plan, samples: Samples) -> Samples:
        if not isinstance(samples, np.ndarray):
            samples = valid_samples(samples)
        blocks, filled = divmod(self._filled + samples.size, plan.block_in)
        out = np.empty(blocks * plan.block_out + self._ready(filled) - self._ready(self._filled), FLOAT32)
        if kernel.run(samples, out, self._filled) is None:
            kernel.run(np.ascontiguousarray(valid_samples(samples)), out, self._filled, True)
        self._fed = self._fed or samples.size > 0
        self._filled = filled
        return out

    def _reset(self) -> None:
        self._filled = 0
        self._fed = False
        if self._plan is not None:
            self._window.fill(0)

    def _ready(self, filled: int) -> int:
        """Outputs of the current block that depend on its first ``filled`` inputs only."""
        return -(-filled * self.out_rate // self.in_rate)

    def _advance(self, samples: Samples) -> Samples:
        """Add samples to the current block, at most as many as it has room for; return the outputs now ready."""
        plan = self._plan
        assert plan is not None
        before, after = self._filled, self._filled + samples.size
        self._take(samples)
        self._window.take(plan.index, out=self._looked_at, mode="clip")
        np.matmul(self._looked_at, plan.weights, out=self._product)
        # Adding zero makes every zero positive: inputs yet to come have weight zero, but they do have a sign.
        np.add(self._product.transpose(1, 0, 2), np.float32(0), out=self._block)
        self._end_block()
        return self._block.reshape(-1)[self._ready(before) : self._ready(after)]

    def _take(self, samples: Samples) -> None:
        """Write samples to the current block, which has room for them."""
        plan = self._plan
        assert plan is not None
        start = plan.history + self._filled
        self._window[start : start + samples.size] = samples
        self._filled += samples.size
        self._fed = True

    def _end_block(self) -> None:
        """Begin a new block where the current one is full."""
        plan = self._plan
        assert plan is not None
        if self._filled == plan.block_in:
            self._window[: plan.history] = self._window[plan.block_in :]
            self._filled = 0


def _aligned(*shape: int) -> Samples:
    """Memory that starts at a multiple of 64 bytes, so that no kernel treats the first samples differently."""
    size = math.prod(shape)
    memory = np.zeros(size + 16, dtype=np.float32)
    offset = -memory.ctypes.data % 64 // 4
    return memory[offset : offset + size].reshape(shape)


@functools.lru_cache(maxsize=64)
def _plan(in_rate: int, out_rate: int, band: tuple[float, float]) -> _Plan:
    divisor = math.gcd(in_rate, out_rate)
    inputs, outputs = in_rate // divisor, out_rate // divisor
    periods = max(1, round(BLOCK_SECONDS * divisor))
    delay = HALF_WIDTH * out_rate // min(in_rate, out_rate)
    group = _group(outputs, periods * outputs)
    groups = max(1, outputs // group)
    first = np.arange(0, periods * outputs, group).reshape(-1, groups).T  # the first output of each group and repeat
    oldest = -((2 * delay - first) * inputs // outputs)
    reach = int(np.max((first + group - 1) * inputs // outputs - oldest)) + 1
    history = -int(oldest.min())
    # Beyond the block the last group may look at a few samples that have weight zero: any sample will do.
    index = np.minimum(oldest[:, :, None] + np.arange(reach) + history, history + periods * inputs - 1)
    lag = (oldest[:, :1] + np.arange(reach))[:, :, None] * outputs
    lag = lag - (first[:, :1] + np.arange(group) - delay)[:, None, :] * inputs  # in 1/outputs of an input sample
    weights = _aligned(*lag.shape)
    half_width = delay * min(in_rate, out_rate) / out_rate
    weights[...] = _kernel(lag / (inputs * delay), _design(half_width, band))
    index.flags.writeable = weights.flags.writeable = False
    growth = float(np.abs(weights, dtype=np.float64).sum(axis=1).max())
    compiled = _compiled(oldest + history, weights)
    return _Plan(periods * inputs, periods * outputs, history, delay, index, weights, compiled, growth)


def _compiled(first: NDArray[np.intp], weights: Samples) -> tuple[NDArray[np.int64], Samples, NDArray[np.int64]]:
    groups, reach, width = weights.shape
    padded = _aligned(groups, reach, width + -width % PADDING)
    padded[:, :, :width] = weights
    used = (padded.reshape(groups, reach, -1, SPAN) != 0).any(axis=3).swapaxes(1, 2)
    last = reach - used[:, :, ::-1].argmax(axis=2)
    spans = np.stack([used.argmax(axis=2), last], axis=2) * used.any(axis=2)[:, :, None]
    return first.astype(np.int64).ravel(), padded.ravel(), spans.astype(np.int64).ravel()


def _group(period: int, block: int) -> int:
    """The widest group of outputs that is made of whole periods or makes up a period, and that fills a block."""
    return max(g for g in range(1, GROUP + 1) if (g % period == 0 or period % g == 0) and block % g == 0)


def _kernel(position: NDArray[np.float64], series: NDArray[np.float64]) -> NDArray[np.float64]:
    """The kernel at positions from -1 to 1 (zero beyond), scaled so that each output's weights add up to one."""
    inside = np.abs(position) <= 1
    # cos(m x) is the Chebyshev polynomial of degree m of cos(x).
    values = np.polynomial.chebyshev.chebval(np.cos(np.pi * position), series) * inside
    scaled: NDArray[np.float64] = values / values.sum(axis=1, keepdims=True)
    return scaled


def _design(half_width: float, band: tuple[float, float]) -> NDArray[np.float64]:
    """Weighted least squares: cosine coefficients of the low-pass kernel on ``half_width`` samples to either side."""
    passed = np.linspace(0, band[0], 60)
    stopped = np.concatenate([np.linspace(band[1], 1, 200), np.linspace(1, 3, 200)[1:]])
    cycles = 2 * half_width * np.concatenate([passed, stopped])[:, None]
    terms = np.arange(TERMS)
    # The Fourier transform of a cosine that is cut off at both ends.
    response = np.sinc(cycles - terms) + np.sinc(cycles + terms)
    weight = np.where(np.arange(len(cycles)) < passed.size, PASS_WEIGHT, 1.0)
    wanted = np.where(np.arange(len(cycles)) < passed.size, 1.0, 0.0)
    solution: NDArray[np.float64] = np.linalg.lstsq(response * weight[:, None], wanted * weight, rcond=None)[0]
    return solution

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

import math

import numpy as np

from dsp import backends
from dsp.errors import ParameterError
from dsp.live_filter import BAND, SMALLEST_DIVISOR, TELEPHONE_BAND, TELEPHONE_RATE, FilterPlan, aligned, filter_plan
from dsp.stage import FLOAT32, SILENCE, Samples, valid_rate, valid_samples


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
        self._plan = None if in_rate == out_rate else filter_plan(in_rate, out_rate, band)
        if self._plan is not None:
            plan = self._plan
            groups, repeats, reach = plan.index.shape
            self._window = aligned(plan.history + plan.block_in)
            self._looked_at = aligned(groups, repeats, reach)
            self._product = aligned(groups, repeats, plan.weights.shape[2])
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

    def _bound(self, plan: FilterPlan) -> backends.Kernel | None:
        if backends.native is None:
            return None
        groups, _, width = plan.weights.shape
        numbers = plan.block_in, plan.block_out, plan.history, groups, width, self.in_rate, self.out_rate
        return backends.native.bind("fir", numbers, (self._window, *plan.compiled))

    def _feed_native(self, kernel: backends.Kernel, plan: FilterPlan, samples: Samples) -> Samples:
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

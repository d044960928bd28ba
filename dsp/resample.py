"""Resampling with soxr, for synthesised audio, which arrives faster than real time."""

from __future__ import annotations

from typing import Literal

import numpy as np
import soxr

from dsp.errors import ParameterError
from dsp.stage import SILENCE, Samples, valid_rate, valid_samples


class Resampler:
    """Streaming soxr resampler, bit-identical to the one-shot call for any division of the input.

    Parameters
    ----------
    in_rate, out_rate : int
        Hz, from 4000 to 192000. Equal rates pass samples through untouched.
    quality : {"LQ", "MQ", "HQ", "VHQ"}
        soxr's recipe. "QQ" is refused: it has no anti-alias filter.

    Raises
    ------
    ParameterError
        A rate or the quality is invalid.

    Notes
    -----
    The method is Rob Sykes' libsoxr, as wrapped by python-soxr. The output is aligned in time with the input and its
    total length is ``n * out_rate / in_rate``, rounded. It comes in bursts, up to 120 ms of audio behind the input,
    which matters for live input only: there `dsp.LiveResampler` is at most 2 ms behind.

    Examples
    --------
    >>> import numpy as np
    >>> resampler = Resampler(8000, 16000)
    >>> out = [resampler.feed(np.zeros(800, dtype=np.float32)), resampler.flush()]
    >>> sum(map(len, out))
    1600
    """

    def __init__(self, in_rate: int, out_rate: int, quality: Literal["LQ", "MQ", "HQ", "VHQ"] = "HQ") -> None:
        valid_rate("in_rate", in_rate)
        valid_rate("out_rate", out_rate)
        if quality not in ("LQ", "MQ", "HQ", "VHQ"):
            raise ParameterError(f"quality: expected LQ, MQ, HQ or VHQ, found {quality!r}")
        self.in_rate = in_rate
        self.out_rate = out_rate
        self._stream = None if in_rate == out_rate else soxr.ResampleStream(in_rate, out_rate, 1, "float32", quality)

    @property
    def delay(self) -> float:
        """Samples; 0, the output is aligned in time with the input."""
        return 0.0

    def feed(self, samples: Samples) -> Samples:
        """Resample the next run of samples; the answer may be empty, which is not the end.

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
        if self._stream is None:
            return samples
        # soxr's own way from one dimension to two and back costs a tenth of a short call.
        out: Samples = self._stream.resample_chunk(samples.reshape(-1, 1)).ravel()
        return out

    def flush(self) -> Samples:
        """Hand out the tail, and be ready for a new stream.

        Returns
        -------
        numpy.ndarray, shape (m,), float32
        """
        if self._stream is None:
            return SILENCE.copy()
        rest: Samples = self._stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)
        self._stream.clear()
        return rest

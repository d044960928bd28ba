"""Log-mel spectrogram as Whisper's encoder takes it."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from dsp.stage import Samples, valid_samples

__all__ = ["log_mel"]

RATE = 16_000
"""Hz that the filters are made for."""

WINDOW, HOP = 400, 160
"""Samples: 25 and 10 ms."""

BANDS = 80

FLOOR = 1e-10
"""Smallest power of a band."""

RANGE = 8.0
"""Decades below the loudest band that are kept."""


def log_mel(samples: Samples) -> NDArray[np.float32]:
    """Log-mel spectrogram of a recording, brought to zero mean and unit variance first.

    Parameters
    ----------
    samples : numpy.ndarray, shape (n,), float32, [-1, 1), 16 kHz
        At least 201 samples.

    Returns
    -------
    numpy.ndarray, shape (80, n // 160), float32
        About -1 … 2: (log10 of the power + 4) / 4, at most eight decades below its greatest value.

    Raises
    ------
    SignalError
        See `dsp.stage.valid_samples`.

    Notes
    -----
    Centred frames of 25 ms every 10 ms with a periodic Hann window, the edges mirrored, the last frame left out;
    triangular bands of equal area on Slaney's mel scale from 0 to 8 kHz. A. Radford et al., "Robust speech recognition
    via large-scale weak supervision", 2022, section 2.2; M. Slaney, "Auditory toolbox", technical report 1998-010.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    >>> spectrum = log_mel(tone)
    >>> spectrum.shape, int(spectrum.mean(axis=1).argmax())
    ((80, 100), 26)
    """
    valid = valid_samples(samples)
    level = (valid - valid.mean()) / np.sqrt(valid.var() + np.float32(1e-7))
    mirrored = np.pad(level, WINDOW // 2, mode="reflect")
    frames = sliding_window_view(mirrored, WINDOW)[: valid.size // HOP * HOP : HOP]
    spectrum = np.fft.rfft(frames * _window())
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    bands = np.log10(np.maximum(power @ _filters(), FLOOR))
    kept = np.maximum(bands, bands.max() - RANGE)
    return np.ascontiguousarray(((kept + 4.0) / 4.0).T, dtype=np.float32)


@cache
def _window() -> NDArray[np.float32]:
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@cache
def _filters() -> NDArray[np.float32]:
    """Weights of each bin in each band, shape (201, 80)."""
    edges = _hertz(np.linspace(0.0, _mel(RATE / 2), BANDS + 2))
    bins = np.linspace(0, RATE / 2, WINDOW // 2 + 1)[:, None]
    rising = (bins - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins) / np.diff(edges)[1:]
    area = 2.0 / (edges[2:] - edges[:-2])
    return (np.maximum(0.0, np.minimum(rising, falling)) * area).astype(np.float32)


_STRAIGHT = 1000.0
"""Hz up to which Slaney's scale is straight: three mels for 200 Hz; logarithmic above, 27 mels for a factor of 6.4."""


def _mel(hertz: float) -> float:
    if hertz < _STRAIGHT:
        return hertz * 3 / 200
    return 15.0 + float(np.log(hertz / _STRAIGHT)) * 27 / float(np.log(6.4))


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _STRAIGHT * np.exp((mels - 15.0) * np.log(6.4) / 27)
    return np.where(mels < 15.0, mels * 200 / 3, above)

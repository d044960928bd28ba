"""Spectra of two blocks in single precision, and the ring buffer of the last ones."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dsp.stage import Samples

Spectrum: TypeAlias = NDArray[np.complex64]
"""One-sided spectrum of two blocks, shape (block + 1,)."""

Power: TypeAlias = NDArray[np.float32]
"""Squared magnitudes of a `Spectrum`, or what is compared with them; shape (block + 1,)."""


def power(spectrum: Spectrum) -> Power:
    """Squared magnitude per bin; the array has the shape of the spectrum."""
    squares = np.square(spectrum.view(np.float32))
    result: Power = squares[..., 0::2] + squares[..., 1::2]
    return result


def to_spectrum(samples: Samples) -> Spectrum:
    """The spectrum of the last axis, in single precision."""
    return np.asarray(np.fft.rfft(samples), dtype=np.complex64)


def from_spectrum(spectrum: Spectrum) -> Samples:
    """The inverse of `to_spectrum` for an even length."""
    return np.asarray(np.fft.irfft(spectrum), dtype=np.float32)


class FarSpectra:
    """Ring buffer of the far channel's last spectra, newest first, with every run of them contiguous in memory.

    Each spectrum is written twice, a ring's length apart, so that no view ever has to be pieced together.
    """

    def __init__(self, blocks: int, bins: int) -> None:
        self.blocks = blocks
        self._spectra = np.zeros((2 * blocks, bins), dtype=np.complex64)
        self._powers = np.zeros((2 * blocks, bins), dtype=np.float32)
        self._newest = 0

    def push(self, spectrum: Spectrum) -> None:
        """Take in the newest spectrum and drop the oldest."""
        self._newest = (self._newest - 1) % self.blocks
        squares = power(spectrum)
        for row in (self._newest, self._newest + self.blocks):
            self._spectra[row] = spectrum
            self._powers[row] = squares

    def spectra(self, offset: int, count: int) -> Spectrum:
        """``count`` spectra from ``offset`` blocks ago backwards, shape (count, bins)."""
        return self._spectra[self._newest + offset : self._newest + offset + count]

    def powers(self, offset: int, count: int) -> Power:
        """The same for their squared magnitudes."""
        return self._powers[self._newest + offset : self._newest + offset + count]

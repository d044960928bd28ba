"""Spectra of a stream in short looks, and the tones that stand out of them: what detectors of signal tones share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp.pairs import block_length
from dsp.stage import Samples, valid_samples


@dataclass(frozen=True, slots=True)
class StrongestTone:
    """The strongest tone of a range."""

    frequency: float
    """Hz, between the bins of the spectrum by a parabola through three of them."""
    amplitude: float
    """Of the sine, full scale 1."""
    power: float
    """Sum over the bins of its main lobe."""


class ToneSpectra:
    """Power spectra under a Hann window, one per hop; any cutting of the input gives the same ones.

    Parameters
    ----------
    rate : int
        Hz, 8000 to 48000.
    hop, window : float
        Seconds from one look to the next, and that each sees.

    Raises
    ------
    ParameterError
        The rate is outside its range.
    """

    def __init__(self, rate: int, *, hop: float, window: float) -> None:
        block_length(rate)  # checks it
        self.hop, self.window = round(hop * rate), round(window * rate)
        """Samples."""
        self._size = 1 << (4 * self.window - 1).bit_length()
        self._taper = np.hanning(self.window + 2)[1:-1]
        self._per_bin = rate / self._size
        self._lobe = self._bin(2 / window)  # Hz to either side that hold a tone's power under a Hann window
        self.start_over()

    def start_over(self) -> None:
        """Begin a new stream."""
        self._carry = np.zeros(self.window // 2, dtype=np.float32)

    def feed(self, samples: Samples) -> Iterator[NDArray[np.float64]]:
        """Spectra of the next looks.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,), float32

        Returns
        -------
        iterator of numpy.ndarray, shape (bins,), float64
            To be exhausted by the caller.

        Raises
        ------
        SignalError
            See `dsp.stage.valid_samples`.
        """
        waiting = np.concatenate([self._carry, valid_samples(samples)])
        count = max(waiting.size - self.window + self.hop, 0) // self.hop
        self._carry = waiting[count * self.hop :].copy()
        starts = range(0, count * self.hop, self.hop)
        return (self._power(waiting[start : start + self.window]) for start in starts)

    def strongest(self, power: NDArray[np.float64], lowest: float, highest: float) -> StrongestTone:
        """The strongest tone of a spectrum from ``lowest`` to ``highest`` Hz.

        Parameters
        ----------
        power : numpy.ndarray, shape (bins,), float64
        lowest, highest : float
            Hz.

        Returns
        -------
        StrongestTone
        """
        first, last = self._bin(lowest), self._bin(highest)
        peak = first + int(power[first : last + 1].argmax())
        below, at, above = np.log(power[peak - 1 : peak + 2] + 1e-30)
        curve = below - 2 * at + above
        offset = 0.5 * (below - above) / curve if curve < 0 else 0.0
        return StrongestTone(
            float((peak + offset) * self._per_bin),
            2 * float(np.sqrt(power[peak])) / float(self._taper.sum()),
            float(power[peak - self._lobe : peak + self._lobe + 1].sum()),
        )

    def between(self, power: NDArray[np.float64], lowest: float, highest: float) -> float:
        """The power of a spectrum from ``lowest`` to ``highest`` Hz.

        Parameters
        ----------
        power : numpy.ndarray, shape (bins,), float64
        lowest, highest : float
            Hz.

        Returns
        -------
        float
        """
        return float(power[self._bin(lowest) : self._bin(highest)].sum())

    def _power(self, frame: Samples) -> NDArray[np.float64]:
        power: NDArray[np.float64] = np.square(np.abs(np.fft.rfft(frame * self._taper, self._size)))
        return power

    def _bin(self, frequency: float) -> int:
        return round(frequency / self._per_bin)

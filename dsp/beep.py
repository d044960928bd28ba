"""Detection of the beep of an answering machine: one steady tone, by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp.errors import ParameterError
from dsp.stage import Samples
from dsp.tones import ToneSpectra

HOP, WINDOW = 0.01, 0.032
"""Seconds from one look to the next, and that each sees."""

LOWEST, HIGHEST = 520.0, 2400.0
"""Hz. Lower tones are the network's: ringing is 425 Hz in Europe and 440 with 480 Hz in America."""

BAND = (200.0, 3600.0)
"""Hz in which the tone has to hold nearly all the power."""

PURITY = 0.9
"""That share. A voice leaves its harmonics besides, a chord its other notes, and call progress its second tone."""

STEADY = 0.012
"""Share by which the frequency may stray from its beginning: a voice and a whistle glide."""

QUIETEST = 10 ** (-45 / 20)
"""Amplitude of the weakest beep, -45 dBFS."""

LONGEST_GAP = 0.02
"""Seconds that may be lost to noise inside a beep."""


@dataclass(frozen=True, slots=True)
class Beep:
    """One tone."""

    frequency: float
    """Hz."""
    at: int
    """Samples from the first one fed to its beginning, within 20 ms."""
    length: int
    """Samples that it lasts, within 20 ms."""


class BeepDetector:
    """Detector of the beep after which an answering machine records.

    Parameters
    ----------
    rate : int
        Hz, 8000 to 48000.
    shortest, longest : float
        Seconds that a beep lasts, 0.08 to 10. What lasts longer is a line's tone.

    Raises
    ------
    ParameterError
        A parameter is outside its range.

    Notes
    -----
    Every 10 ms the spectrum of the last 32 ms is looked at: one tone has to hold nine tenths of the power of the
    telephone band, and to keep its frequency. A beep is reported 30 ms after its end. That moment is when a message
    may begin. Call progress tones of two frequencies, keypad digits and voices are no beeps; a single held note is one.

    Any cutting of the input gives the same beeps. Memory is constant.

    Examples
    --------
    >>> time = np.arange(3200) / 8000
    >>> beep = np.concatenate([np.zeros(800), 0.3 * np.sin(2 * np.pi * 1000 * time), np.zeros(800)])
    >>> detector = BeepDetector(8000)
    >>> [round(each.frequency) for each in detector.feed(beep) + detector.flush()]
    [1000]
    """

    def __init__(self, rate: int, *, shortest: float = 0.15, longest: float = 4.0) -> None:
        self._spectra = ToneSpectra(rate, hop=HOP, window=WINDOW)
        if not 0.08 <= shortest < longest <= 10:
            raise ParameterError(f"shortest, longest: expected 0.08 to 10 s in order, found {shortest} and {longest}")
        self.rate = rate
        self._limits = round(shortest / HOP), round(longest / HOP)
        self._start_over()

    def _start_over(self) -> None:
        self._spectra.start_over()
        self._looks = self._lost = 0
        self._first = self._last = 0
        self._frequency = 0.0

    @property
    def delay(self) -> float:
        """Samples from the end of a beep to its report: 30 ms."""
        return float(round((LONGEST_GAP + HOP) * self.rate))

    def feed(self, samples: Samples) -> list[Beep]:
        """Listen to the next run of samples.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,), float32

        Returns
        -------
        list of Beep
            Those that ended, in order.

        Raises
        ------
        SignalError
            See `dsp.stage.valid_samples`.
        """
        found: list[Beep] = []
        for power in self._spectra.feed(samples):
            self._follow(self._frequency_of(power), found)
        return found

    def flush(self) -> list[Beep]:
        """End the stream, and be ready for a new one.

        Returns
        -------
        list of Beep
            The one that lasted to the end, if any.
        """
        found = self.feed(np.zeros(self._spectra.window, dtype=np.float32))
        self._end(found)
        self._start_over()
        return found

    def _frequency_of(self, power: NDArray[np.float64]) -> float:
        """Hz of the tone that a spectrum holds by itself; 0 for none."""
        tone = self._spectra.strongest(power, LOWEST, HIGHEST)
        alone = tone.power >= PURITY * self._spectra.between(power, *BAND)
        return tone.frequency if alone and tone.amplitude >= QUIETEST else 0.0

    def _follow(self, frequency: float, found: list[Beep]) -> None:
        self._looks += 1
        if self._frequency and abs(frequency / self._frequency - 1) <= STEADY:
            self._lost, self._last = 0, self._looks
            return
        self._lost += 1
        if self._frequency and self._lost * HOP > LONGEST_GAP:
            self._end(found)
        if frequency and not self._frequency:
            self._frequency, self._first, self._last, self._lost = frequency, self._looks - 1, self._looks, 0

    def _end(self, found: list[Beep]) -> None:
        looks = self._last - self._first
        if self._frequency and self._limits[0] <= looks <= self._limits[1]:
            hop = self._spectra.hop
            found.append(Beep(self._frequency, self._first * hop, looks * hop))
        self._frequency, self._lost = 0.0, 0

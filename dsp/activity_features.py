"""What the voice detector is told about each 20 ms: band levels against their floors, and how periodic the sound is."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dsp.stage import Samples

Floats: TypeAlias = NDArray[np.float64]
Features: TypeAlias = NDArray[np.float32]

HOP = 0.02
"""Seconds from one decision to the next."""
WINDOW = 0.032
"""Seconds of signal behind one decision: three periods of a deep voice."""
BANDS = 20
"""Bands of equal width in mel …"""
LOWEST, HIGHEST = 90.0, 3800.0
"""… between these Hz, so that every rate sees the same telephone band."""
QUIETEST = 1e-9
"""Power added to every band, white noise of -90 dBFS: digital silence and the last bits of int16 must look alike."""
PITCH = (75.0, 400.0)
"""Hz between which a period is looked for …"""
HIGHEST_PITCHED = 1500.0
"""… in the sound below this many Hz."""
LAG_RATE = 8000
"""Hz that the lags of a period have at least: a faster line's are thinned by a power of two."""
MIDDLE_PITCH = 200.0
"""Hz of the period that counts as zero octaves."""
FLOOR_RISE, FLOOR_FALL = 0.005, 0.3
"""Share of the way that a band's floor moves per hop, upwards (4 s) and downwards."""
PEAK_RISE, PEAK_FALL, FASTEST_FALL = 0.1, 0.003, 0.03
"""The same for the speaker's level, and the most dB that it falls per hop."""
SIZE = 3 * BANDS + 6
"""Features of a hop."""


class ActivityFeatures:
    """Features of one stream, hop after hop; they do not depend on the level of the line.

    Parameters
    ----------
    rate : int
        Hz.

    Notes
    -----
    In their order, levels in tens of dB: every band above its floor, above the mean of the bands, and above itself one
    hop earlier; the mean above the mean floor; the speaker's level above the mean; twice the height and the period, in
    octaves around 5 ms, of the highest peak of the autocorrelation; twice the height one hop earlier; the change of
    the period, weighted by the height.
    """

    def __init__(self, rate: int) -> None:
        self.window = round(rate * WINDOW)
        length = 1 << (self.window - 1).bit_length()
        mel = np.linspace(1127 * np.log1p(LOWEST / 700), 1127 * np.log1p(HIGHEST / 700), BANDS + 1)
        self.bins = np.rint(700 * np.expm1(mel / 1127) * length / rate).astype(np.intp)
        self.pitched = slice(int(self.bins[0]), round(HIGHEST_PITCHED * length / rate))
        thinned = 1 << (rate // LAG_RATE).bit_length() - 1
        self.correlated, lag_rate = length // thinned, rate / thinned
        self.lags = slice(int(lag_rate / PITCH[1]), int(lag_rate / PITCH[0]))
        self.octaves = np.log2(np.arange(self.lags.start, self.lags.stop) / lag_rate * MIDDLE_PITCH)
        self.taper = np.hanning(self.window)
        self.length = length
        self.scale = 1 / (np.diff(self.bins) * np.square(self.taper).sum())
        self.start_over()

    def start_over(self) -> None:
        """Forget the stream."""
        self._floor = self._last = np.zeros(BANDS)
        self._peak = 0.0
        self._period = (0.0, 0.0)
        self._fresh = True

    def of(self, frame: Samples) -> Features:
        """Features of the next hop.

        Parameters
        ----------
        frame : numpy.ndarray, shape (window,), float32
            The last 32 ms, ending with the hop.

        Returns
        -------
        numpy.ndarray, shape (SIZE,), float32
        """
        spectrum = np.fft.rfft(frame * self.taper, self.length)
        power = spectrum.real**2
        power += spectrum.imag**2
        levels = 10 * np.log10(np.add.reduceat(power[: self.bins[-1]], self.bins[:-1]) * self.scale + QUIETEST)
        period = self._periodicity(power)
        mean = float(levels.mean())
        if self._fresh:
            self._floor, self._last, self._peak, self._period, self._fresh = levels, levels, mean, period, False
        return self._assemble(levels, mean, period)

    def _assemble(self, levels: Floats, mean: float, period: tuple[float, float]) -> Features:
        above = levels - self._floor
        self._floor = self._floor + np.where(above > 0, FLOOR_RISE, FLOOR_FALL) * above
        higher = mean - self._peak
        self._peak += PEAK_RISE * higher if higher > 0 else max(PEAK_FALL * higher, -FASTEST_FALL)
        height, octave = period
        features = np.empty(SIZE, dtype=np.float32)
        features[:BANDS] = np.clip(levels - self._floor, 0, 40)
        features[BANDS : 2 * BANDS] = np.clip(levels - mean, -30, 30)
        features[2 * BANDS : 3 * BANDS] = np.clip(levels - self._last, -20, 20)
        features[3 * BANDS] = min(max(mean - float(self._floor.mean()), 0.0), 50.0)
        features[3 * BANDS + 1] = min(max(self._peak - mean, -10.0), 50.0)
        features[: 3 * BANDS + 2] *= np.float32(0.1)
        change = min(max(octave - self._period[1], -1.0), 1.0)
        features[3 * BANDS + 2 :] = 2 * height, octave, 2 * self._period[0], 5 * change * height
        self._last, self._period = levels, period
        return features

    def _periodicity(self, power: Floats) -> tuple[float, float]:
        """Height of the autocorrelation's highest peak in the range of voices, and its period in octaves."""
        amplitude = np.zeros(self.correlated // 2 + 1)
        amplitude[self.pitched] = np.sqrt(power[self.pitched])
        correlation = np.fft.irfft(amplitude, self.correlated)
        inside = correlation[self.lags]
        at = int(inside.argmax())
        return float(inside[at] / (correlation[0] + 1e-6)), float(self.octaves[at])

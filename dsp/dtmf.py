"""Digits of a telephone's keypad as pairs of tones (DTMF): generated, and detected in a call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp.errors import ParameterError
from dsp.fades import ramp, sample_count
from dsp.stage import Samples, valid_rate
from dsp.tones import ToneSpectra

LOW, HIGH = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)
"""Hz of the rows and of the columns, ITU-T Q.23."""

KEYS = ("123A", "456B", "789C", "*0#D")
"""The keypad, row by row."""

HOP, WINDOW = 0.005, 0.0256
"""Seconds from one look to the next, and that each sees: two tones of a row or of a column are apart by its width."""

DEVIATION = 0.025
"""Share by which a tone may be off its frequency: ITU-T Q.24 wants 1.5 % to work and 3.5 % not to."""

HIGHER, LOWER = 5.0, -9.0
"""dB by which the upper tone may be louder than the lower: Q.24 wants +4 and -8 dB to work; looks err a little."""

QUIETEST = 10 ** (-42 / 20)
"""Amplitude of the weaker tone, -42 dBFS: Q.24's range ends at -25 dBm, which is -28 dBFS."""

PURITY = 0.8
"""Share of the power of the telephone band that the two tones hold. Noise 12 dB below them leaves 0.94; of two
harmonics of a voice the others remain."""

BAND = (200.0, 3600.0)
"""Hz."""

SHORTEST = 0.03
"""Seconds that a digit lasts at least: Q.24 wants 40 ms to work and 23 ms not to."""

LONGEST_GAP = 0.02
"""Seconds of interruption that do not end a digit; a pause of 40 ms has to, one of 10 ms must not."""

SETTLED = 20
"""Looks after which a tone is as strong as it gets: 100 ms."""

RISE = 0.005
"""Seconds of the ramps at both ends of a generated tone."""


@dataclass(frozen=True, slots=True)
class DtmfDigit:
    """One key, pressed once."""

    digit: str
    """One of ``0123456789*#ABCD``."""
    at: int
    """Samples from the first one fed to its beginning, within 10 ms."""
    length: int
    """Samples that it lasts, within 10 ms."""


class DtmfDetector:
    """Detector of keypad digits in a call.

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
    Every 5 ms the spectrum of the last 25.6 ms is looked at: the strongest tone of each group has to be near one of
    its frequencies, both have to be of similar strength, and together they have to hold nearly all the power of the
    telephone band, which a voice never leaves to two tones. What lasts 30 ms or longer is a digit. It is reported
    25 ms after its end. Tolerances are those that the administrations in ITU-T Q.24 (11/88), annex A, share:
    frequencies within 1.5 %, an upper tone from 8 dB weaker to 4 dB stronger, tones and pauses from 40 ms on.

    Any cutting of the input gives the same digits. Memory is constant.

    Examples
    --------
    >>> detector = DtmfDetector(8000)
    >>> heard = detector.feed(dtmf_tones("42#", 8000)) + detector.flush()
    >>> "".join(each.digit for each in heard)
    '42#'
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._spectra = ToneSpectra(rate, hop=HOP, window=WINDOW)
        self._start_over()

    def _start_over(self) -> None:
        self._spectra.start_over()
        self._looks = 0
        self._key = ""
        self._begun = self._silent = 0
        self._more = 0
        """Looks of the digit beyond those whose level is kept."""
        self._levels: list[float] = []

    @property
    def delay(self) -> float:
        """Samples from the end of a digit to its report: 25 ms."""
        return float(round((LONGEST_GAP + HOP) * self.rate))

    def feed(self, samples: Samples) -> list[DtmfDigit]:
        """Listen to the next run of samples.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,), float32

        Returns
        -------
        list of DtmfDigit
            Those that ended, in order.

        Raises
        ------
        SignalError
            See `dsp.stage.valid_samples`.
        """
        found: list[DtmfDigit] = []
        for power in self._spectra.feed(samples):
            self._follow(*self._key_of(power), found)
        return found

    def flush(self) -> list[DtmfDigit]:
        """End the stream, and be ready for a new one.

        Returns
        -------
        list of DtmfDigit
            The digit that lasted to the end, if any.
        """
        found = self.feed(np.zeros(self._spectra.window, dtype=np.float32))
        self._end(found)
        self._start_over()
        return found

    def _key_of(self, power: NDArray[np.float64]) -> tuple[str, float]:
        """The key whose tones a spectrum holds, empty for none, and the amplitude of the weaker one."""
        low, high = (self._spectra.strongest(power, group[0] * 0.94, group[-1] * 1.06) for group in (LOW, HIGH))
        weaker = min(low.amplitude, high.amplitude)
        if weaker < QUIETEST or low.power + high.power < PURITY * self._spectra.between(power, *BAND):
            return "", 0.0
        if not LOWER <= 20 * np.log10(high.amplitude / low.amplitude) <= HIGHER:
            return "", 0.0
        row, column = _nearest(low.frequency, LOW), _nearest(high.frequency, HIGH)
        if row is None or column is None:
            return "", 0.0
        return KEYS[row][column], weaker

    def _follow(self, key: str, level: float, found: list[DtmfDigit]) -> None:
        """Take one look: a digit lasts while its tones are more than half as strong as at their strongest."""
        self._looks += 1
        held = bool(self._key) and key == self._key and level >= 0.5 * max(self._levels)
        if held:
            room = SETTLED - len(self._levels)
            self._levels += [level] * min(1 + self._silent, room)
            self._more += max(1 + self._silent - room, 0)
            self._silent = 0
            return
        self._silent += 1
        if self._key and (self._silent * HOP > LONGEST_GAP or (key and key != self._key)):
            self._end(found)
        if key and not self._key:
            self._key, self._begun, self._levels, self._silent = key, self._looks - 1, [level], 0

    def _end(self, found: list[DtmfDigit]) -> None:
        if self._key:
            loud = np.flatnonzero(np.array(self._levels) >= 0.5 * max(self._levels))
            length = int(loud[-1] - loud[0]) + 1 + self._more
            if length * HOP >= SHORTEST:
                hop = self._spectra.hop
                at = max((self._begun + int(loud[0])) * hop - hop // 2, 0)
                found.append(DtmfDigit(self._key, at, length * hop))
        self._key, self._levels, self._silent, self._more = "", [], 0, 0


def _nearest(frequency: float, group: tuple[float, ...]) -> int | None:
    """Place in the group of the frequency that is meant, if any."""
    deviations = [abs(frequency / nominal - 1) for nominal in group]
    best = int(np.argmin(deviations))
    return best if deviations[best] <= DEVIATION else None


def dtmf_tones(
    digits: str, rate: int, *, tone: float = 0.1, pause: float = 0.1, level: float = -10.0, twist: float = 2.0
) -> Samples:
    """Tones of keypad digits, each followed by a pause.

    Parameters
    ----------
    digits : str
        Of ``0123456789*#ABCD``; lower case is taken too.
    rate : int
        Hz, at least 8000.
    tone, pause : float
        Seconds of each tone and of the silence after it. Receivers need 40 ms of either; 100 ms are usual.
    level : float
        dBFS, peak of the lower tone, from -60 to -6.
    twist : float
        dB by which the upper tone is louder, -6 to 6: lines take more of it.

    Returns
    -------
    numpy.ndarray, shape (n,), float32
        ``n = len(digits) * (tone + pause) * rate``.

    Raises
    ------
    ParameterError
        No such digit, or a parameter is outside its range.

    Notes
    -----
    Frequencies and keys: ITU-T Q.23 (11/88). Each tone rises and falls within 5 ms, without a click.

    Examples
    --------
    >>> len(dtmf_tones("911", 8000))
    4800
    """
    valid_rate("rate", rate)
    for name, value, least, most in (("rate", rate, 8000, 192000), ("level", level, -60, -6), ("twist", twist, -6, 6)):
        if not least <= value <= most:
            raise ParameterError(f"{name}: expected {least} to {most}, found {value}")
    count, silence = sample_count("tone", tone, rate), sample_count("pause", pause, rate)
    edges = np.ones(count, dtype=np.float32)
    rise = ramp(min(round(RISE * rate), count // 2))
    edges[: rise.size] = rise
    edges[count - rise.size :] = rise[::-1]
    time = np.arange(count) / rate
    runs = [np.zeros(0, dtype=np.float32)]
    for digit in digits.upper():
        low, high = _frequencies(digit)
        wave = np.sin(2 * np.pi * low * time) + 10 ** (twist / 20) * np.sin(2 * np.pi * high * time)
        runs += [(10 ** (level / 20) * wave * edges).astype(np.float32), np.zeros(silence, dtype=np.float32)]
    return np.concatenate(runs)


def _frequencies(digit: str) -> tuple[float, float]:
    for row, keys in enumerate(KEYS):
        if digit in keys:
            return LOW[row], HIGH[keys.index(digit)]
    raise ParameterError(f"digits: expected only 0123456789*#ABCD, found {digit!r}")

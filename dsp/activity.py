"""Voice activity detection: start and end of speech, from the changes and the level of the telephone band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dsp.errors import ParameterError
from dsp.stage import Samples, valid_rate, valid_samples

Levels: TypeAlias = NDArray[np.float64]
"""dB, shape (BANDS,)."""

LOWEST_RATE, HIGHEST_RATE = 8000, 48000
"""Hz."""
HOP = 0.02
"""Seconds from one decision to the next."""
WINDOW = 0.032
"""Seconds of signal behind one decision: three periods of a deep voice."""
BANDS = 12
"""Bands of equal width in mel …"""
LOWEST, HIGHEST = 90.0, 3800.0
"""… between these Hz, so that every rate sees the same telephone band."""
QUIETEST = 1e-9
"""Power added to every band, white noise of -90 dBFS: digital silence and the last bits of int16 must look alike."""
LEVEL_STEP = 1 - float(np.exp(-HOP / 0.04))
"""Share of a new level in the smoothed one, time constant 40 ms."""
FLUX_STEP = 1 - float(np.exp(-HOP / 0.3))
"""The same for the flux, 300 ms: a syllable, the 3 … 4 Hz at which speech is modulated most."""
MOST_FLUX = 4.0
"""Largest dB per hop that count, so that a slammed door or a switch does not count for a second."""
BLOCK_HOPS = 5
"""Hops per block of the level history."""
BLOCKS, QUANTILE = 100, 0.85
"""The speaker's level is this quantile of the last ten seconds of blocks."""
ENOUGH_FLUX = 0.875
"""dB per hop: what speech at the speaker's level exceeds. Steady noise stays below 0.8 whatever its colour."""
FLUX_PER_DB = 0.11
"""Additional flux required per dB below the speaker's level. Both numbers: logistic regression over speech in office,
street, music, babble and pink noise at 20 … 0 dB, and over noise alone (`benchmarks.signals`, seeds below 100)."""
LAG_HOPS = 1
"""Hops by which smoothing lets a decision trail the signal; events are dated back by it."""


@dataclass(frozen=True, slots=True)
class ActivityEvent:
    """Start or end of speech."""

    speaking: bool
    """True where speech starts, False where it ends."""
    at: int
    """Samples from the first one fed: the first of the speech, or the first after it."""


class VoiceActivity:
    """Detector of speech in noise, one decision per 20 ms.

    Speech moves: within one syllable the level of every band rises and falls, while air conditioning, engines and held
    notes do not. And the person near the microphone is the loudest. So a hop is speech when its *flux*, the mean change
    of twelve band levels per hop smoothed over a syllable, exceeds a threshold that rises for every dB the hop lies
    below the speaker's level, a high quantile of the last ten seconds.

    Parameters
    ----------
    rate : int
        Hz, 8000 … 48000.
    onset : float
        Seconds speech must last before it is reported, 0.02 … 1.
    hang_over : float
        Seconds of pause that end it, 0.02 … 5; shorter pauses belong to the speech.

    Raises
    ------
    ParameterError
        A parameter is outside its range.

    Notes
    -----
    Any cutting of the input gives the same events. A start is reported ``onset`` after the decision and an end
    ``hang_over`` after it, dated back to where they were. Memory is constant.

    Spectral flux as a cue of speech: E. Scheirer and M. Slaney, "Construction and evaluation of a robust multifeature
    speech/music discriminator", ICASSP 1997. Tracking levels by quantiles: V. Stahl, A. Fischer and R. Bippus,
    "Quantile based noise estimation for spectral subtraction and Wiener filtering", ICASSP 2000. Dating an onset back
    and hanging over its end: ITU-T G.729 Annex B.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> syllables = np.repeat(np.tile([1.0, 0.05], 6), 1200)  # 150 ms loud, 150 ms soft
    >>> line = np.concatenate([np.full(8000, 0.01), 0.3 * syllables, np.full(8000, 0.01)])
    >>> activity = VoiceActivity(8000)
    >>> events = activity.feed((line * rng.standard_normal(line.size)).astype(np.float32)) + activity.flush()
    >>> [(event.speaking, round(event.at / 8000, 1)) for event in events]
    [(True, 1.0), (False, 2.7)]
    """

    def __init__(self, rate: int, *, onset: float = 0.04, hang_over: float = 0.12) -> None:
        valid_rate("rate", rate)
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise ParameterError(f"rate: expected {LOWEST_RATE} … {HIGHEST_RATE} Hz, found {rate}")
        if not HOP <= onset <= 1.0:
            raise ParameterError(f"onset: expected {HOP} … 1 s, found {onset}")
        if not HOP <= hang_over <= 5.0:
            raise ParameterError(f"hang_over: expected {HOP} … 5 s, found {hang_over}")
        self.rate = rate
        self._hop, self._window = round(rate * HOP), round(rate * WINDOW)
        self._onset_hops, self._pause_hops = round(onset / HOP), round(hang_over / HOP)
        self._bands = _BandLevels(rate, self._window)
        self._carry: Samples
        self._start_over()

    @property
    def speaking(self) -> bool:
        """Whether the last decision was speech, as far as the input has come."""
        return self._speaking

    @property
    def delay(self) -> float:
        """Samples by which a start is reported after it happened, at least."""
        return float(self._hop * (self._onset_hops + LAG_HOPS))

    def feed(self, samples: Samples) -> list[ActivityEvent]:
        """Process the next run of samples.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,), float32, [-1, 1)

        Returns
        -------
        list of ActivityEvent
            Events that these samples decide, in order; starts and ends alternate.

        Raises
        ------
        SignalError
            See `dsp.stage.valid_samples`.
        """
        waiting = np.concatenate([self._carry, valid_samples(samples)])
        events: list[ActivityEvent] = []
        hops = max(waiting.size - self._window + self._hop, 0) // self._hop
        for start in range(0, hops * self._hop, self._hop):
            self._decide(self._bands.of(waiting[start : start + self._window]), events)
        self._carry = waiting[hops * self._hop :].copy()
        return events

    def flush(self) -> list[ActivityEvent]:
        """End the stream: open speech ends with the last sample. The detector is then ready for a new stream."""
        heard = self._hops * self._hop + self._carry.size - (self._window - self._hop)
        events = [ActivityEvent(speaking=False, at=heard)] if self._speaking else []
        self._start_over()
        return events

    def _start_over(self) -> None:
        self._carry = np.zeros(self._window - self._hop, dtype=np.float32)
        self._detector = _FluxDetector()
        self._hops = 0
        self._speaking = False
        self._run = 0
        self._end = 0

    def _decide(self, levels: Levels, events: list[ActivityEvent]) -> None:
        """Take one hop; ``_run`` counts the hops in a row that contradict the state."""
        active = self._detector.is_speech(levels)
        self._hops += 1
        self._run = self._run + 1 if active != self._speaking else 0
        if self._run < (self._pause_hops if self._speaking else self._onset_hops):
            return
        at = max((self._hops - self._run - LAG_HOPS) * self._hop, self._end)
        self._speaking, self._run, self._end = active, 0, at
        events.append(ActivityEvent(active, at))


class _FluxDetector:
    """The decision of one hop, from the flux of the band levels and the level below the speaker's."""

    def __init__(self) -> None:
        self._level: Levels | None = None
        self._history = _LevelHistory()
        self._flux = 0.0

    def is_speech(self, levels: Levels) -> bool:
        """Take the band levels of the next hop."""
        if self._level is None:
            self._level = levels.copy()
        change = (levels - self._level) * LEVEL_STEP
        self._level += change
        flux = float(np.add.reduce(np.abs(change))) / BANDS
        self._flux += FLUX_STEP * (min(flux, MOST_FLUX) - self._flux)
        mean = float(np.add.reduce(self._level)) / BANDS
        enough = ENOUGH_FLUX + FLUX_PER_DB * (self._history.loud(mean) - mean)
        return self._flux > enough


class _BandLevels:
    """Short-time levels of `BANDS` bands in dB re full-scale white noise."""

    def __init__(self, rate: int, window: int) -> None:
        length = 1 << (window - 1).bit_length()
        mel = np.linspace(1127 * np.log1p(LOWEST / 700), 1127 * np.log1p(HIGHEST / 700), BANDS + 1)
        bins = np.rint(700 * np.expm1(mel / 1127) * length / rate).astype(np.intp)
        # The spectrum is seen as pairs of real numbers, whose squares need no complex arithmetic; float64 holds the
        # square of any float32.
        self._edges, self._last = 2 * bins[:-1], 2 * int(bins[-1])
        self._taper = np.hanning(window)
        self._padded = np.zeros(length)
        self._windowed = self._padded[:window]
        self._scale = 1 / (np.diff(bins) * np.square(self._taper).sum())

    def of(self, frame: Samples) -> Levels:
        np.multiply(frame, self._taper, out=self._windowed)
        parts = np.fft.rfft(self._padded).view(np.float64)[: self._last]
        parts *= parts
        power: Levels = np.add.reduceat(parts, self._edges)
        power *= self._scale
        power += QUIETEST
        np.log10(power, out=power)
        power *= 10.0
        return power


class _LevelHistory:
    """The mean level of the last blocks, and how loud the loud ones are."""

    def __init__(self) -> None:
        self._blocks = np.zeros(BLOCKS, dtype=np.float64)
        self._sum, self._hops = 0.0, 0
        self._loud: float | None = None

    def loud(self, level: float) -> float:
        """Add the level of one hop, in dB, and answer the speaker's level."""
        loud = level if self._loud is None else self._loud
        self._sum += level
        self._hops += 1
        if self._hops % BLOCK_HOPS == 0:
            count = self._hops // BLOCK_HOPS
            self._blocks[(count - 1) % BLOCKS] = self._sum / BLOCK_HOPS
            inside = self._blocks[: min(count, BLOCKS)]
            rank = int(QUANTILE * (inside.size - 1))
            self._loud = float(np.partition(inside, rank)[rank])
            self._sum = 0.0
        return loud

"""Sentences of espeak-ng, and seeded signals with the edges of speech: a pulse train through formants, fricatives."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import signal

from benchmarks.signals import SENTENCES, utterance
from dsp import Samples

Floats = NDArray[np.float64]

VOICES, SPOKEN_RATE = ("en-us", "en-us+f2", "en-us+m3", "en-gb-scotland", "de"), 48000
"""Names, and the Hz at which they are made once for all rates."""

FORMANTS = [(700, 1200, 2600), (300, 2200, 2900), (500, 900, 2400), (400, 1900, 2500)]
"""Hz: roughly a, i, o and e."""


def speech(rate: int, seconds: float, *, seed: int = 1, level: float = -26.0) -> Samples:
    """Voiced and unvoiced syllables with short gaps, at ``level`` dBFS RMS; no silence at either end.

    `dsp.VoiceActivity` takes between a twentieth and a half of it for speech: what depends on that needs `sentences`.
    """
    rng = np.random.default_rng(seed)
    parts: list[Floats] = []
    while sum(map(len, parts)) < seconds * rate:
        parts.append(_syllable(rng, rate))
        parts.append(np.zeros(int(rate * rng.choice([0.02, 0.03, 0.05, 0.12]))))
    joined: Floats = np.concatenate(parts)[: int(seconds * rate)]
    joined[-(rate // 100) :] *= np.linspace(1, 0, rate // 100)
    return np.asarray(joined * 10 ** (level / 20) / np.sqrt(np.mean(joined**2)), dtype=np.float32)


def sentences(rate: int, seconds: float, *, seed: int = 1, level: float = -26.0) -> Samples:
    """Sentences of one of espeak-ng's voices with short pauses, at ``level`` dBFS RMS."""
    rng = np.random.default_rng([seed, 7])
    voice, wpm, pitch = VOICES[seed % len(VOICES)], int(rng.integers(150, 210)), int(rng.integers(30, 70))
    parts: list[Samples] = []
    while sum(map(len, parts)) < seconds * SPOKEN_RATE:
        text = str(rng.choice(SENTENCES))
        parts.append(utterance(text, SPOKEN_RATE, voice=voice, wpm=wpm, pitch=pitch, seed=seed))
        parts.append(np.zeros(round(0.15 * SPOKEN_RATE), dtype=np.float32))
    joined = soxr.resample(np.concatenate(parts), SPOKEN_RATE, rate)[: round(seconds * rate)].astype(np.float64)
    return np.asarray(joined * 10 ** (level / 20) / np.sqrt(np.mean(joined**2)), dtype=np.float32)


def fricative(rate: int, seconds: float, *, level: float, seed: int = 2) -> Samples:
    """An s that swells in over its first half, ``level`` dBFS RMS at its height."""
    rng = np.random.default_rng(seed)
    count = int(seconds * rate)
    high = signal.lfilter(*signal.butter(2, 0.5, "high"), rng.normal(size=count))
    high *= 10 ** (level / 20) / np.sqrt(np.mean(high**2))
    return np.asarray(high * np.minimum(1, np.arange(count) / (count / 2)), dtype=np.float32)


def _syllable(rng: np.random.Generator, rate: int) -> Floats:
    if rng.random() < 0.3:
        seed = int(rng.integers(1 << 30))
        return fricative(rate, rng.uniform(0.06, 0.12), level=-20, seed=seed).astype(np.float64)
    count = int(rng.uniform(0.12, 0.3) * rate)
    pitch = rng.uniform(95, 140) * np.linspace(1.05, 0.92, count)
    phase = np.cumsum(pitch / rate)
    sound = (np.diff(np.floor(phase), prepend=0) > 0).astype(np.float64) + rng.normal(scale=0.01, size=count)
    for centre in FORMANTS[int(rng.integers(len(FORMANTS)))]:
        radius = np.exp(-np.pi * 90 / rate)
        sound = signal.lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * centre / rate), radius**2], sound)
    return np.asarray(sound / np.sqrt(np.mean(sound**2)) * 0.2 * signal.windows.tukey(count, 0.3))

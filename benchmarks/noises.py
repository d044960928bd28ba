"""Noises with a known spectrum and rhythm: office, street, music, babble, white and pink; seeded."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from benchmarks.signals import NOMINAL_DBFS, VOICES, Floats, Samples, at_level, speech


def _shaped(rng: np.random.Generator, rate: int, count: int, gain: Callable[[Floats], Floats]) -> Floats:
    """Gaussian noise with an amplitude response ``gain(Hz)``."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency: Floats = np.arange(spectrum.size, dtype=np.float64) * (rate / count)
    shaped: Floats = np.fft.irfft(spectrum * gain(frequency), count)
    shaped /= shaped.std()
    return shaped


def _pink(frequency: Floats) -> Floats:
    return 1 / np.sqrt(np.maximum(frequency, 30.0))


def _slow(rng: np.random.Generator, rate: int, count: int, hertz: float) -> Floats:
    """A positive envelope that wanders at about ``hertz``."""
    knots = np.arange(0, count + 2 * rate / hertz, rate / hertz)
    return np.interp(np.arange(count), knots, np.exp(rng.normal(0, 0.4, knots.size)))


def white(rng: np.random.Generator, rate: int, count: int) -> Floats:
    """Gaussian noise, flat."""
    return rng.standard_normal(count)


def pink(rng: np.random.Generator, rate: int, count: int) -> Floats:
    """Gaussian noise, 3 dB less per octave."""
    return _shaped(rng, rate, count, _pink)


def office(rng: np.random.Generator, rate: int, count: int) -> Floats:
    """Air conditioning, mains hum and runs of typing."""
    time = np.arange(count) / rate
    air = _shaped(rng, rate, count, lambda f: _pink(f) / (1 + (f / 900) ** 2))
    hum = sum(np.sin(2 * np.pi * 50 * k * time + rng.uniform(0, 6)) / k for k in (1, 2, 3, 6))
    keys = np.zeros(count)
    length = round(0.03 * rate)
    decay = np.exp(-np.arange(length) / (0.005 * rate))
    strokes = np.cumsum(rng.exponential(0.16, round(count / rate * 10) + 10))
    typing = np.sin(2 * np.pi * strokes / 9 + rng.uniform(0, 6)) > 0
    for at in (strokes[typing] * rate).astype(int):
        if at + length < count:
            click = np.diff(rng.standard_normal(length + 1)) * decay * rng.uniform(0.5, 1.5)
            keys[at : at + length] += click
    return air + 0.25 * hum + 1.2 * keys


def street(rng: np.random.Generator, rate: int, count: int) -> Floats:
    """Low rumble that swells, and a car passing every few seconds."""
    time = np.arange(count) / rate
    rumble = _shaped(rng, rate, count, lambda f: 1 / (1 + (f / 120) ** 2)) * _slow(rng, rate, count, 0.7)
    tyres = _shaped(rng, rate, count, lambda f: 1 / (1 + (np.abs(f - 700) / 600) ** 2))
    passing = np.zeros(count)
    at = rng.uniform(0, 3)
    while at < count / rate:
        passing += rng.uniform(0.4, 1.4) / (1 + ((time - at) / rng.uniform(0.4, 0.9)) ** 2)
        at += rng.uniform(2.5, 6)
    return rumble + tyres * passing


def music(rng: np.random.Generator, rate: int, count: int) -> Floats:
    """Chords with vibrato, an envelope on every note, a bass line and a soft beat."""
    beat = round(rate * rng.uniform(0.4, 0.6))
    out = np.zeros(count + 2 * beat)
    time = np.arange(2 * beat) / rate
    envelope = np.minimum(time / 0.03, 1) * np.exp(-time / 0.7) * np.minimum((time[-1] - time) / 0.05, 1)
    for number, start in enumerate(range(0, count, 2 * beat)):
        root = 110 * 2 ** ((0, 5, 7, 3)[number % 4] / 12)
        for step in (-12, 0, int(rng.choice((3, 4))), 7, int(rng.choice((12, 14, 16)))):
            vibrato = 0.004 * np.sin(2 * np.pi * 5.5 * time + rng.uniform(0, 6)) / 5.5
            phase = 2 * np.pi * root * 2 ** (step / 12) * (time + vibrato)
            note = sum(np.sin(k * phase) / k**1.3 for k in range(1, 7))
            out[start : start + 2 * beat] += envelope * note * rng.uniform(0.5, 1)
        for tap in (start, start + beat):
            drum = np.exp(-time[:beat] / 0.04) * rng.standard_normal(beat)
            out[tap : tap + beat] += 0.5 * drum
    return out[:count]


def babble(rng: np.random.Generator, rate: int, count: int) -> Floats:
    """Six people talking at once."""
    crowd = [speech(rate, count / rate, seed=int(rng.integers(1 << 16)), voice=voice) for voice in VOICES[1:7]]
    return sum((one.samples.astype(np.float64) for one in crowd), np.zeros(count))


NOISES = {"office": office, "street": street, "music": music, "babble": babble, "white": white, "pink": pink}
"""Name to maker."""


@lru_cache(maxsize=64)
def noise(kind: str, rate: int, seconds: float, *, seed: int) -> Samples:
    """A noise of `NOISES` at the nominal level; the array is shared, so it is read-only."""
    count = round(rate * seconds)
    made = NOISES[kind](np.random.default_rng([seed, 2]), rate, count)
    samples = at_level(made.astype(np.float32), NOMINAL_DBFS)
    samples.flags.writeable = False
    return samples

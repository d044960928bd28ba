"""Test material with a known truth: seeded speech, seeded noises, mixes at a chosen signal-to-noise ratio, and scores.

Everything is float32 mono, normalised to `NOMINAL_DBFS`, and the same on every run of the same versions. Speech comes
from espeak-ng in a process of its own (`benchmarks.speaker`); noises are made by `benchmarks.noises`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

from benchmarks.speaker import RATE as ESPEAK_RATE
from dsp import ActivityEvent

Samples: TypeAlias = NDArray[np.float32]
Floats: TypeAlias = NDArray[np.float64]
Frames: TypeAlias = NDArray[np.bool_]

NOMINAL_DBFS = -26.0
"""dBFS RMS of speech while it is active, the customary level of ITU-T P.56 material; noises have it throughout."""
FRAME = 0.01
"""Seconds of one frame of the truth."""
ACTIVE_DB = 35.0
"""A frame is speech when it is at most this far below the loudest tenth of the clean signal …"""
STOP_GAP = 0.1
"""… or in a gap no longer than this many seconds: the closure of a stop consonant belongs to its word."""

VOICES = ("en-us", "en-us+f2", "en", "en-us+m3", "de", "en-029+f4", "es", "en-gb-x-rp+m7", "en-gb-scotland", "it+f1")
"""espeak-ng's names; the foreign ones speak English with an accent."""
SENTENCES = (
    "Hello, I am calling about the order that I placed last Thursday.",
    "Yes, please.",
    "Could you tell me whether the small blue one is still available?",
    "My number is five five five, zero one four seven.",
    "No, that is not what I meant.",
    "She had your dark suit in greasy wash water all year.",
    "Well, the thing is, we moved house in March and nobody updated the address.",
    "I would like to speak to a person.",
    "The birch canoe slid on the smooth planks.",
    "Half past nine works for me, thank you very much.",
)


@dataclass(frozen=True, slots=True)
class PlacedSpeech:
    """Speech on a silent line, and where it is."""

    samples: Samples
    rate: int
    """Hz."""
    truth: Frames
    """One decision per `FRAME`: is there speech?"""


@lru_cache(maxsize=256)
def utterance(text: str, rate: int, *, voice: str = "en-us", wpm: int = 175, pitch: int = 50, seed: int = 1) -> Samples:
    """One utterance of espeak-ng at ``rate`` Hz, at the nominal level; the array is shared, so it is read-only."""
    import espeakng_loader

    request = {"text": text, "voice": voice, "wpm": wpm, "pitch": pitch, "seed": seed}
    worker = Path(__file__).with_name("speaker.py")
    command = [sys.executable, "-S", worker, espeakng_loader.get_library_path(), espeakng_loader.get_data_path()]
    heard = subprocess.run(command, input=json.dumps(request).encode(), capture_output=True, check=True, timeout=30)
    samples = np.frombuffer(heard.stdout, dtype="<i2").astype(np.float32) / np.float32(32768)
    resampled = np.asarray(soxr.resample(samples, ESPEAK_RATE, rate, quality="HQ"), dtype=np.float32)
    spoken = at_level(resampled, NOMINAL_DBFS, active=activity(resampled, rate))
    spoken.flags.writeable = False
    return spoken


TALK = (0.3, 2.2)
"""Seconds of pause between the sentences of a talker: about two thirds of the time active."""
TURNS = (2.0, 9.0)
"""Seconds of pause of a listener, as a caller does while the assistant speaks."""


def speech(
    rate: int,
    seconds: float,
    *,
    seed: int,
    voice: str | None = None,
    spread_db: float = 6.0,
    pauses: tuple[float, float] = TALK,
) -> PlacedSpeech:
    """Sentences with pauses between them.

    ``voice`` None draws voice, speed and pitch from the seed; each sentence is up to ``spread_db`` / 2 louder or
    softer than the nominal level.
    """
    rng = np.random.default_rng([seed, 1])
    who = voice or str(rng.choice(VOICES))
    wpm, pitch = int(rng.integers(140, 220)), int(rng.integers(30, 70))
    line = np.zeros(round(rate * seconds), dtype=np.float32)
    start = round(rate * rng.uniform(0.5, 1.0))
    while start < line.size:
        text = str(rng.choice(SENTENCES))
        said = utterance(text, rate, voice=who, wpm=wpm, pitch=pitch, seed=seed % 997 + 1)[: line.size - start]
        gain = 10 ** (rng.uniform(-spread_db / 2, spread_db / 2) / 20)
        line[start : start + said.size] = said * np.float32(gain)
        start += said.size + round(rate * rng.uniform(*pauses))
    return PlacedSpeech(line, rate, activity(line, rate))


def activity(samples: Samples, rate: int) -> Frames:
    """Where clean speech is, by its level: the truth a detector is judged by."""
    size = round(rate * FRAME)
    power = np.square(samples[: samples.size // size * size].astype(np.float64)).reshape(-1, size).mean(axis=1)
    loud = np.quantile(power[power > 1e-9], 0.9) if (power > 1e-9).any() else 1.0
    active = power > loud * 10 ** (-ACTIVE_DB / 10)
    starts = np.flatnonzero(np.diff(active.astype(np.int8), prepend=1) == -1)
    for start in starts:
        after = np.flatnonzero(active[start:])
        if after.size and after[0] * FRAME <= STOP_GAP:
            active[start : start + after[0]] = True
    return np.asarray(active, dtype=np.bool_)


def level_db(samples: Samples, *, active: Frames | None = None) -> float:
    """RMS in dBFS (full scale 1.0), of the active frames alone where they are given."""
    kept = samples.astype(np.float64)
    if active is not None:
        size = samples.size // max(active.size, 1)
        kept = kept[: active.size * size].reshape(-1, size)[active].ravel()
    return float(10 * np.log10(np.square(kept).mean() + 1e-20)) if kept.size else -200.0


def at_level(samples: Samples, dbfs: float, *, active: Frames | None = None) -> Samples:
    """Scale to a level in dBFS RMS, measured over the active frames where they are given."""
    gain = 10 ** ((dbfs - level_db(samples, active=active)) / 20)
    return np.asarray(samples * np.float32(gain), dtype=np.float32)


def mix(spoken: PlacedSpeech, noise: Samples, snr_db: float) -> Samples:
    """Speech plus noise: the noise is scaled to lie ``snr_db`` below the level of the active speech.

    Noise that is shorter than the speech is repeated.
    """
    loudness = level_db(spoken.samples, active=spoken.truth)
    floor = at_level(np.resize(noise, spoken.samples.size), loudness - snr_db)
    return spoken.samples + floor


def event_frames(events: Sequence[ActivityEvent], rate: int, *, count: int) -> Frames:
    """The decisions that events amount to, one per `FRAME`; speech without an end lasts to the last frame.

    Examples
    --------
    >>> event_frames([ActivityEvent(True, 160), ActivityEvent(False, 320)], 8000, count=6)
    array([False, False,  True,  True, False, False])
    """
    frames = np.zeros(count, dtype=np.bool_)
    for event in events:
        frames[round(event.at / (rate * FRAME)) :] = event.speaking
    return frames


def vad_f1(decisions: Sequence[bool] | Frames, truth: Frames) -> float:
    """F1 of the class "speech", frame by frame; the longer of the two is cut to the shorter.

    Examples
    --------
    >>> vad_f1([True, True, False, False], np.array([True, False, True, False]))
    0.5
    """
    count = min(len(decisions), len(truth))
    said, true = np.asarray(decisions, dtype=np.bool_)[:count], truth[:count]
    found, wrong = int((said & true).sum()), int((said != true).sum())
    return 2 * found / (2 * found + wrong) if found + wrong else 1.0


@dataclass(frozen=True, slots=True)
class Denoised:
    """What a denoiser did to speech with a background, both in dB."""

    background_db: float
    """Level of what is left in the pauses of the near speaker, less what was there."""
    near_db: float
    """Gain of the near speaker: the share of the clean speech in the output, where it is active."""


def denoising(spoken: PlacedSpeech, background: Samples, output: Samples, *, settle: float = 4.0) -> Denoised:
    """Judge ``output``, made of ``spoken.samples + background`` and aligned with it, after ``settle`` seconds.

    A pause begins where the truth ends; the tails of the near speaker that a filter lets through there count against
    it.
    """
    size = round(spoken.rate * FRAME)
    count = min(spoken.truth.size, output.size // size)
    near, noisy, left = (
        part[: count * size].astype(np.float64).reshape(count, size) for part in (spoken.samples, background, output)
    )
    settled = np.arange(count) * FRAME >= settle
    pause, active = settled & ~near.any(axis=1), settled & spoken.truth[:count]
    background_db = 10 * np.log10(np.square(left[pause]).mean() / np.square(noisy[pause]).mean())
    share = (near[active] * left[active]).sum() / np.square(near[active]).sum()
    return Denoised(float(background_db), float(20 * np.log10(max(share, 1e-6))))

"""What is taken from the background, and what it costs the near speaker."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from benchmarks.case import Contender, at_least, at_most
from benchmarks.judging import Findings, Measure, QualityCase, Sound
from benchmarks.noises import noise
from benchmarks.peers import denoisers
from benchmarks.peers.stream import Stream
from benchmarks.quality._apart import in_step, lag
from benchmarks.signals import PlacedSpeech, at_level, denoising, level_db, mix, speech
from dsp import Samples

RATE = 16_000
SECONDS = 16.0
SETTLED = 4.0
"""Seconds after which something that adapts is judged."""
BELOW = 15.0
"""dB of the background below the near speaker."""
BACKGROUNDS = {
    "office": "office noise",
    "street": "street noise",
    "music": "music",
    "talker": "another talker",
}
NOTHING = np.float32(1e-4)
"""Stands behind the caller who is alone: the ruler compares pauses."""
SHOWN = slice(round(SETTLED * RATE), round((SETTLED + 11) * RATE))
"""The part in the picture."""
SHOWN_CALLER = 941
"""Whose: the one nearest to the mean of the figures."""

Make: TypeAlias = Callable[[int], Stream]

CALLERS = (911, 921, 931, 941)
"""Seeds; others than those that the stage was built and tested with."""


def caller(seed: int) -> PlacedSpeech:
    """Speech near the microphone, with pauses of up to two seconds."""
    return speech(RATE, SECONDS, seed=seed)


def behind(near: PlacedSpeech, kind: str, seed: int) -> Samples:
    """What is behind the caller; another talker's level, like the caller's, is that of his active speech."""
    if kind != "talker":
        return mix(near, noise(kind, RATE, SECONDS, seed=seed), BELOW) - near.samples
    other = speech(RATE, SECONDS, seed=seed + 100)
    return at_level(other.samples, level_db(near.samples, active=near.truth) - BELOW, active=other.truth)


def _through(make: Make, samples: Samples) -> Samples:
    return make(RATE).run(samples, RATE // 50)


def _judge(make: Make) -> Findings:
    found = [_one_caller(make, seed) for seed in CALLERS]
    figures = {key: float(np.mean([one[key] for one in found])) for key in found[0]}
    figures["worst talker"] = min(one["removed talker"] for one in found)
    figures["worst near"] = min(value for one in found for key, value in one.items() if key.startswith("near"))
    return Findings(figures, sounds=_sounds(make))


def _one_caller(make: Make, seed: int) -> dict[str, float]:
    near = caller(seed)
    alone = _through(make, near.samples)
    late = lag(near.samples, alone, RATE)
    quiet = denoising(near, np.full_like(near.samples, NOTHING), in_step(alone, late, alone.size), settle=SETTLED)
    figures = {"delay": 1e3 * late / RATE, "near quiet": quiet.near_db}
    for kind in BACKGROUNDS:
        background = behind(near, kind, seed)
        after = in_step(_through(make, near.samples + background), late, background.size)
        found = denoising(near, background, after, settle=SETTLED)
        figures |= {f"removed {kind}": -found.background_db, f"near {kind}": found.near_db}
    return figures


def _sounds(make: Make) -> dict[str, Sound]:
    """Office noise in the first half of the picture, another voice in the second."""
    near, half = caller(SHOWN_CALLER), (SHOWN.start + SHOWN.stop) // 2
    office, talker = (behind(near, kind, SHOWN_CALLER) for kind in ("office", "talker"))
    before = near.samples + np.concatenate([office[:half], talker[half:]])
    named = {
        "the caller's line: office noise, then another talker": before,
        "the caller alone": near.samples,
        "after": in_step(_through(make, before), lag(near.samples, _through(make, near.samples), RATE), before.size),
    }
    return {name: {"rate": RATE, "samples": samples[SHOWN].tolist()} for name, samples in named.items()}


CASES = (
    QualityCase(
        name="denoise",
        signal="four callers at 16 kHz, the background 15 dB below; their mean from the fifth second on",
        measures=(
            *(Measure(f"removed {kind}", f"less {label}, dB", at_least(12)) for kind, label in BACKGROUNDS.items()),
            Measure("worst talker", "less another talker, worst caller, dB"),
            *(Measure(f"near {kind}", f"caller in {label}, dB", at_least(-1)) for kind, label in BACKGROUNDS.items()),
            Measure("near quiet", "caller alone, dB", at_least(-1)),
            Measure("worst near", "caller, worst of all, dB", at_least(-1)),
            Measure("delay", "delay, ms", at_most(20)),
        ),
        contenders=(
            Contender("dsp.FourierDenoiser", "ours", lambda: denoisers.ours),
            Contender("WebRTC NS", "peer", lambda: denoisers.apm, "the current suppressor, from livekit's wheel"),
            Contender(
                "webrtc-noise-gain", "peer", lambda: denoisers.noise_gain, "the older suppressor at level 2 of 4"
            ),
            Contender(
                "webrtc-noise-gain 4", "peer", lambda: partial(denoisers.noise_gain, suppression=4), "level 4 of 4"
            ),
            Contender("noisereduce", "peer", lambda: denoisers.noisereduce, "non-stationary, needs the whole file"),
        ),
        judge=_judge,
    ),
)

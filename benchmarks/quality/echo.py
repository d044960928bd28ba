"""How much of the assistant is taken out of the customer's channel, and what it costs the customer."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from benchmarks.case import Contender, at_least, at_most
from benchmarks.echo_paths import PATHS, EchoPath, Scene, aligned, erle_db, near_damage_db, near_snr_db, scene
from benchmarks.judging import Findings, Measure, QualityCase, Sound
from benchmarks.peers import cancellers
from benchmarks.peers.cancellers import Canceller
from dsp import Samples

RATE = 16_000
CONVERGED = (2.0, 6.0)
"""Seconds between which the customer is silent and the echo must be gone."""
OURS = "dsp.EchoCanceller"
SHOWN_PATH = EchoPath(0.11, 0.4, 0.4)
SHOWN_FROM = 1.0
"""Seconds."""

Make: TypeAlias = Callable[[int], Canceller]


@lru_cache(maxsize=1)
def calls() -> tuple[Scene, ...]:
    """A call per path, each with other words."""
    return tuple(scene(RATE, path, seed=920 + 2 * index) for index, path in enumerate(PATHS))


def _cleaned(make: Make, call: Scene) -> Samples:
    return aligned(call, make(RATE).run(call.heard, call.far, RATE // 50))


def _judge(make: Make) -> Findings:
    cleaned = [_cleaned(make, call) for call in calls()]
    pairs = list(zip(calls(), cleaned, strict=True))
    gone = [erle_db(call, left, *CONVERGED) for call, left in pairs]
    damage = [near_damage_db(call, left) for call, left in pairs]
    return Findings(
        figures={
            "worst": min(gone),
            "median": float(np.median(gone)),
            "damage": max(damage),
            "before": float(np.median([near_snr_db(call, call.heard) for call in calls()])),
            "after": float(np.median([near_snr_db(call, left) for call, left in pairs])),
        },
        sounds=_sounds(make),
    )


def _sounds(make: Make) -> dict[str, Sound]:
    call = scene(RATE, SHOWN_PATH, seed=940)
    named = {
        "the customer's line: the assistant's echo, then both speak": call.heard,
        "the customer alone": call.near,
        "after": _cleaned(make, call),
    }
    start = round(SHOWN_FROM * RATE)
    return {name: {"rate": RATE, "samples": samples[start:].tolist()} for name, samples in named.items()}


CASES = (
    QualityCase(
        name="echo",
        signal="ten paths at 16 kHz, 0 to 300 ms late, level 0.3 to 0.65, lines and rooms; both speak from second 6",
        measures=(
            Measure("worst", "echo removed after 2 s, worst path, dB", at_least(25), by=OURS),
            Measure("median", "echo removed after 2 s, median, dB"),
            Measure("damage", "customer lost in double talk, worst, dB", at_most(1), by=OURS, decimals=2),
            Measure("before", "customer over echo before, dB"),
            Measure("after", "customer over the rest after, dB"),
        ),
        contenders=(
            Contender(OURS, "ours", lambda: cancellers.ours),
            Contender("dsp.EchoGate", "ours", lambda: cancellers.ours_gate, "the cheap alternative, makes no promises"),
            Contender("WebRTC AEC3", "peer", lambda: cancellers.aec3, "from livekit's wheel"),
            Contender(
                "Speex",
                "peer",
                lambda: cancellers.speex,
                "libspeexdsp; no delay estimator, so its tail must span 500 ms",
            ),
        ),
        judge=_judge,
    ),
)

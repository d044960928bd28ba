"""How speech of mixed levels comes out of a leveller."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import soxr

from benchmarks.case import Contender, at_most
from benchmarks.judging import Findings, Measure, QualityCase
from benchmarks.peers import webrtc
from benchmarks.peers.stream import Stream
from benchmarks.signals import at_level, speech
from dsp import Leveler, Samples

RATE = 16_000
TARGET = -20.0
"""LUFS."""
LEVELS = (-38, -20, -32, -14, -26, -35, -17, -29)
"""dBFS of one passage after the other."""
PASSAGE = 6.0
"""Seconds."""
SETTLING = 2.0
"""Seconds at the start of a passage in which the gain may still move."""


@lru_cache(maxsize=1)
def passages() -> tuple[Samples, ...]:
    """The same kind of speech at very different levels."""
    spoken = [speech(RATE, PASSAGE, seed=950 + index) for index in range(len(LEVELS))]
    return tuple(at_level(one.samples, level, active=one.truth) for one, level in zip(spoken, LEVELS, strict=True))


def _ours(rate: int) -> Stream:
    stage = Leveler(rate, target=TARGET)
    return Stream(stage.feed, stage.flush)


def _judge(make: Callable[[int], Stream]) -> Findings:
    line = np.concatenate(passages())
    out = make(RATE).run(line, RATE // 50)[: line.size]
    size = passages()[0].size
    settled = [
        _loudness(out[start + round(SETTLING * RATE) : start + size]) for start in range(0, line.size - size + 1, size)
    ]
    whole = _loudness(out)
    return Findings(
        {
            "loudness": whole,
            "error": abs(whole - TARGET),
            "before": _spread([_loudness(one) for one in passages()]),
            "spread": _spread(settled),
            "peak": 20 * float(np.log10(np.abs(soxr.resample(out, 1, 4, "VHQ")).max())),
            "clipped": float(np.count_nonzero(np.abs(out) >= 32767 / 32768)),
        }
    )


def _loudness(samples: Samples) -> float:
    """LUFS, by the library pyloudnorm."""
    import pyloudnorm

    meter: Any = pyloudnorm.Meter(RATE)
    return float(meter.integrated_loudness(samples.astype(np.float64)))


def _spread(loudness: list[float]) -> float:
    return max(loudness) - min(loudness)


CASES = (
    QualityCase(
        name="level",
        signal="eight passages of speech from -38 to -14 dBFS; loudness as pyloudnorm measures it",
        measures=(
            Measure("error", f"off the target of {TARGET:g} LUFS, dB", at_most(1), decimals=2),
            Measure("loudness", "loudness of the whole, LUFS"),
            Measure("before", "loudest to softest passage before, dB"),
            Measure("spread", f"loudest to softest passage after, from second {SETTLING:g}, dB"),
            Measure("peak", "true peak, dBTP", at_most(-1), decimals=2),
            Measure("clipped", "samples at full scale", at_most(0), decimals=0),
        ),
        contenders=(
            Contender("dsp.Leveler", "ours", lambda: _ours),
            Contender("WebRTC AGC", "peer", lambda: webrtc.apm_leveller, "has a target of its own"),
            Contender(
                "webrtc-noise-gain",
                "peer",
                lambda: lambda rate: webrtc.noise_gain(rate, suppression=0, gain_dbfs=3),
                "gain control alone; has a target of its own",
            ),
        ),
        judge=_judge,
    ),
)

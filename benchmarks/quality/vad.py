"""How well speech is told from noise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from benchmarks.case import Contender
from benchmarks.judging import Findings, Measure, QualityCase
from benchmarks.noises import noise
from benchmarks.peers import vads
from benchmarks.signals import Frames, event_frames, mix, speech, vad_f1
from dsp import Samples, VoiceActivity, encode_pcm16

Decide: TypeAlias = Callable[[Samples, int], list[bool] | Frames]
"""Samples and their rate to a decision per 10 ms."""

SEEDS = (901, 902, 903)
"""Other calls than those that thresholds were found and tested with."""
SECONDS = 20.0
RATE = 16_000
NOISES = ("office", "street", "music")
DISTANCES = (20, 10, 5, 0)
"""dB of the noise below the speech."""
RIVAL = "webrtcvad"


def _ours() -> Decide:
    def decide(samples: Samples, rate: int) -> Frames:
        stage = VoiceActivity(rate)
        events = stage.feed(samples) + stage.flush()
        return event_frames(events, rate, count=round(len(samples) / rate * 100))

    return decide


def _peer(make: Callable[[int], vads.Detector]) -> Decide:
    return lambda samples, rate: make(rate)(encode_pcm16(samples))


def _judge(decide: Decide) -> Findings:
    figures = {}
    for kind in NOISES:
        for distance in DISTANCES:
            scores = [_score(decide, kind, distance, seed) for seed in SEEDS]
            figures[f"{kind} {distance}"] = float(np.mean(scores))
    figures["mean"] = float(np.mean(list(figures.values())))
    return Findings(figures)


def _score(decide: Decide, kind: str, distance: int, seed: int) -> float:
    spoken = speech(RATE, SECONDS, seed=seed)
    line = mix(spoken, noise(kind, RATE, SECONDS, seed=seed), distance)
    return vad_f1(decide(line, RATE), spoken.truth)


CASES = (
    QualityCase(
        name="voice activity, F1",
        signal="three callers, 20 s each at 16 kHz, in noise so many dB below them; a decision per 10 ms",
        measures=(
            *(
                Measure(f"{kind} {distance}", f"{kind}, {distance} dB", rival=RIVAL, decimals=3)
                for kind in NOISES
                for distance in DISTANCES
            ),
            Measure("mean", "mean", rival=RIVAL, decimals=3),
        ),
        contenders=(
            Contender("dsp.VoiceActivity", "ours", _ours),
            Contender(RIVAL, "peer", partial(_peer, vads.webrtcvad), "mode 2"),
            Contender("webrtcvad mode 3", "peer", partial(_peer, partial(vads.webrtcvad, mode=3))),
            Contender("pocketsphinx.Vad", "peer", partial(_peer, vads.sphinx_vad), "mode 2, the same detector"),
            Contender("webrtc-noise-gain", "peer", partial(_peer, vads.noise_gain_vad), "denoises on the way"),
        ),
        judge=_judge,
    ),
)

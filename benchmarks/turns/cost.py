"""Processor time of hearing turns: each frame of a call, and each pause."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

import dsp
from providers.turns.listener import TurnListener
from providers.turns.smart_turn import RATE, SmartTurn
from providers.turns.state import TurnState

FRAME = 0.02
"""Seconds."""
ROUNDS = 5


def frame_seconds(rate: int = RATE) -> float:
    """Seconds of a core for one frame of one call, the median of several rounds."""
    rng = np.random.default_rng(1)
    syllables = np.repeat(np.tile([1.0, 0.05], 40), int(0.15 * rate))
    pcm = dsp.encode_pcm16((0.2 * syllables * rng.standard_normal(syllables.size)).astype(np.float32))
    size = 2 * int(FRAME * rate)
    frames = [pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size)]
    taken = []
    for _ in range(ROUNDS):
        listener = TurnListener(rate, TurnState(), None)
        begun = time.thread_time()
        for frame in frames:
            listener.feed(frame)
        taken.append((time.thread_time() - begun) / len(frames))
    return float(np.median(taken))


def judgement_seconds(weights: Path) -> float:
    """Seconds of a core for one judgement, the median of several."""
    model = SmartTurn(weights)
    rng = np.random.default_rng(2)
    samples = (0.1 * rng.standard_normal(6 * RATE)).astype(np.float32)
    taken = []
    for _ in range(ROUNDS * 3):
        begun = time.thread_time()
        model.done(samples)
        taken.append(time.thread_time() - begun)
    return float(np.median(taken))

"""Listener of one call: pauses, their length, and when the model is asked."""

from __future__ import annotations

from dsp.stage import Samples
from providers.turns.acoustic import AcousticTurns
from providers.turns.state import TurnState

RATE = 16_000


class Asked(AcousticTurns):
    """Sound engine that keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, float]] = []
        self.cancelled = 0

    def judge(self, state: TurnState, samples: Samples, rate: int) -> None:
        self.asked.append((state.pause, samples.size / rate))

    def cancel(self, state: TurnState) -> None:
        self.cancelled += 1

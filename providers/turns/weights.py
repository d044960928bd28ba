"""Weights of the built-in turn engines, in log-odds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.turns.base import Reason

__all__ = ["RECOGNISER", "SOUND", "TEXT", "Line"]

TEXT: Mapping[Reason, float] = {
    Reason.NOTHING_SAID: -2.0,
    Reason.PUNCTUATION: 1.0,
    Reason.NUMBER: 0.0,
    Reason.DIGITS: -3.0,
    Reason.SPELLING: -2.5,
    Reason.UNFINISHED: -3.0,
    Reason.SHORT_ANSWER: 1.0,
    Reason.NO_PUNCTUATION: -1.0,
}
"""Log-odds that the caller has finished, by what the words say."""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line in log-odds."""

    bias: float
    slope: float


SOUND = Line(0.0, 1.0)
"""From the sound model's log-odds to those of a finished turn."""

RECOGNISER: Mapping[str, float] = {"open": -2.0, "eager": 0.5, "done": 2.0}
"""Log-odds by the recogniser's own signal, where it tells no confidence."""

"""Weights of the built-in turn engines, in log-odds.

The words' and the sound's were fitted by ``python -m benchmarks.turns.fit`` on 326 turns of five speakers: telephone
prompts in French and Italian of Debian's asterisk-core-sounds (june, carlo) and asterisk-prompt packages (armelle,
menardi), and sentences of CMU ARCTIC (aew), half of them cut inside. The recogniser was Whisper base. Only the sum of
the constants of words and sound is fitted; it is shared so that either engine is about right by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.turns.base import Reason

__all__ = ["RECOGNISER", "SOUND", "TEXT", "Line"]

TEXT: Mapping[Reason, float] = {
    Reason.NOTHING_SAID: -2.24,
    Reason.PUNCTUATION: 0.24,
    Reason.NUMBER: 0.04,
    Reason.DIGITS: -3.0,
    Reason.SPELLING: -2.5,
    Reason.UNFINISHED: -3.38,
    Reason.SHORT_ANSWER: 0.73,
    Reason.NO_PUNCTUATION: -1.34,
}
"""Log-odds that the caller has finished, by what the words say."""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line in log-odds."""

    bias: float
    slope: float


SOUND = Line(-0.82, 0.41)
"""From the sound model's log-odds to those of a finished turn."""

RECOGNISER: Mapping[str, float] = {"open": -2.0, "eager": 0.5, "done": 2.0}
"""Log-odds by the recogniser's own signal, where it tells no confidence."""

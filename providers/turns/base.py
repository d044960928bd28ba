"""The protocol between a decision about a turn and the engines that have an opinion on it.

An engine is asked a `TurnQuestion` and answers with an `Opinion` in log-odds, or with None when it knows nothing. It
answers at once from what is known already: an engine that computes does so before it is asked (see `listener`).
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from providers.turns.state import Hearing

__all__ = ["DICTATION", "LARGEST", "Opinion", "Reason", "TurnEngine", "TurnQuestion", "log_odds", "probability"]

LARGEST = 6.0
"""Log-odds of the most certain opinion: one in 400 is wrong."""


class Reason(enum.StrEnum):
    """Reason of an answer; the only values of the metric's label."""

    RULE = "rule"
    """One of the assistant's own rules matched."""
    NOTHING_SAID = "nothing-said"
    PUNCTUATION = "punctuation"
    NUMBER = "number"
    DIGITS = "digits"
    """More digits of a number are expected."""
    SPELLING = "spelling"
    """More letters of a word or an address are expected."""
    UNFINISHED = "unfinished"
    """The last word ends no sentence."""
    SHORT_ANSWER = "short-answer"
    """A short answer to the question before, without a mark."""
    NO_PUNCTUATION = "no-punctuation"
    SOUND_DONE = "sound-done"
    SOUND_OPEN = "sound-open"
    RECOGNISER_DONE = "recogniser-done"
    RECOGNISER_OPEN = "recogniser-open"
    SPEAKING = "speaking"
    """The caller is speaking now."""
    DRIVEN = "driven"
    """The transcriber has decided that the turn is over, and sent its final for that."""
    HELD = "held"
    """The transcriber holds the final: the caller may go on."""
    PLUGIN = "plugin"
    """An engine of another package."""
    FAILED = "failed"
    """The decision failed; the longest of the plan's waits was answered."""


DICTATION = frozenset((Reason.DIGITS, Reason.SPELLING))
"""Reasons of words that are being dictated."""


@dataclass(frozen=True, slots=True)
class TurnQuestion:
    """What is known when an answer is asked for."""

    user: str
    """The caller's words so far."""
    assistant: str = ""
    """What the assistant said before."""
    languages: tuple[str, ...] = ()
    """BCP 47 tags of the languages it may be in; empty when unknown."""
    hearing: Hearing | None = None
    """The call's sound; None where the request was not joined to a call."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One engine's opinion on whether the caller has finished."""

    log_odds: float
    """Log-odds that the caller has finished: above 0 more likely than not."""
    reason: Reason


@runtime_checkable
class TurnEngine(Protocol):
    """An engine that has opinions on turns."""

    @property
    def name(self) -> str:
        """Name under which it is listed and weighted."""
        ...

    async def start(self) -> None:
        """Prepare for the first question; raises `EngineUnavailable` when the engine cannot be used."""

    def opinion(self, question: TurnQuestion, /) -> Opinion | None:
        """The opinion, from what is known now: it must return within a millisecond. None when there is none."""
        ...

    async def aclose(self) -> None:
        """Free the engine's resources."""


def log_odds(chance: float) -> float:
    """Log-odds of a probability, within ±`LARGEST`.

    >>> log_odds(0.5), log_odds(1.0)
    (0.0, 6.0)
    """
    least = 1 / (1 + math.exp(LARGEST))
    chance = min(max(chance, least), 1 - least)
    return max(-LARGEST, min(LARGEST, round(math.log(chance / (1 - chance)), 9)))


def probability(odds: float) -> float:
    """Probability of log-odds.

    >>> probability(0.0), round(probability(6.0), 4)
    (0.5, 0.9975)
    """
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, odds))))

"""Decision on a turn: the opinions of the engines as one probability, and the seconds to wait that follow from it.

The words alone give the seconds of the plan. Where the sound or the recogniser has an opinion too, the weighted
log-odds of all are added, and the wait function makes seconds of the probability that the caller is still speaking. The
silence that has already passed is taken off, as far as it is known. While more digits or letters are expected, the
words alone decide: the sound of a pause between two groups of a number is that of an end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from providers.turns.acoustic import AcousticTurns
from providers.turns.base import DICTATION, Opinion, Reason, TurnEngine, TurnQuestion, probability
from providers.turns.wait_function import UnusableWaitFunction, WaitFunction
from providers.turns.waits import Waits

__all__ = ["TurnAnswer", "Turns", "WeightedEngine"]

log = structlog.get_logger()

_JUDGED_BY = 0.4
"""Seconds of a pause by which its sound has been judged, or will not be."""

_PRIOR = 0.0
"""Log-odds of a finished turn when nothing is known; the engines' own weights hold what was measured."""


@dataclass(frozen=True, slots=True)
class WeightedEngine:
    """An engine, and the factor of its log-odds."""

    engine: TurnEngine
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class TurnAnswer:
    """Seconds until the caller has finished, and why."""

    seconds: float
    """From now on: the silence that has passed is taken off."""
    reason: Reason
    done: float | None = None
    """Probability that the caller has finished; None when the seconds do not come from one."""
    silence: float | None = None
    """Seconds of silence that were taken off, or would have been; None when not known."""


class Turns:
    """Decisions about turns by several engines.

    Parameters
    ----------
    engines
        In order: the first of two equally strong opinions gives the reason.
    waits
        Seconds after each kind of ending.
    wait_function
        For opinions beside the words'; ``always`` uses it for the words alone as well.
    """

    def __init__(
        self, engines: Sequence[WeightedEngine], waits: Waits, wait_function: WaitFunction, *, always: bool = False
    ) -> None:
        self.engines = tuple(engines)
        self.waits = waits
        self._wait_function = wait_function
        self._always = always
        self._failed: set[str] = set()

    async def start(self) -> None:
        """Start every engine; raises `EngineUnavailable` when one cannot be used."""
        for weighted in self.engines:
            await weighted.engine.start()

    async def aclose(self) -> None:
        """Free every engine's resources."""
        for weighted in self.engines:
            await weighted.engine.aclose()

    @property
    def sound(self) -> AcousticTurns | None:
        """The engine that judges the sound of pauses, if there is one."""
        return next((one.engine for one in self.engines if isinstance(one.engine, AcousticTurns)), None)

    def decide(
        self, question: TurnQuestion, waits: Waits | None = None, wait_function: WaitFunction | None = None
    ) -> TurnAnswer:
        """The answer to an endpointing request; ``waits`` and ``wait_function`` are the assistant's own."""
        waits = waits or self.waits
        hearing = question.hearing
        silence = hearing.silence if hearing is not None else None
        if hearing is not None and hearing.driven == "released":
            return TurnAnswer(0.0, Reason.DRIVEN, None, silence)
        if hearing is not None and hearing.driven == "held":
            return TurnAnswer(waits.held, Reason.HELD, None, silence)
        if hearing is not None and hearing.speaking:
            return TurnAnswer(waits.no_punctuation, Reason.SPEAKING, None, silence)
        target, reason, done = self._target(question, waits, wait_function)
        return TurnAnswer(max(0.0, target - (silence or 0.0)), reason, done, silence)

    def target(self, question: TurnQuestion) -> TurnAnswer:
        """Seconds of silence after which the turn is over, whatever has passed of them.

        Where a sound model listens, the words alone end no turn before it has judged the pause.
        """
        seconds, reason, done = self._target(question, self.waits, None)
        if self.sound is not None and question.hearing is not None and question.hearing.done is None:
            seconds = max(seconds, _JUDGED_BY)
        return TurnAnswer(seconds, reason, done)

    def _target(
        self, question: TurnQuestion, waits: Waits, wait_function: WaitFunction | None
    ) -> tuple[float, Reason, float | None]:
        opinions = self._opinions(question)
        if not opinions:
            return waits.no_punctuation, Reason.NO_PUNCTUATION, None
        words_alone = all(opinion.reason in _OF_WORDS for opinion, _ in opinions)
        if words_alone and wait_function is None and not self._always:
            opinion, _ = opinions[0]
            return waits.after(opinion.reason), opinion.reason, None
        odds = _PRIOR + sum(opinion.log_odds * weight for opinion, weight in opinions)
        done = probability(odds)
        seconds = self._seconds(1 - done, wait_function)
        dictated = next((one.reason for one, _ in opinions if one.reason in DICTATION), None)
        if dictated is not None:  # between two groups of a number a voice falls as at its end
            return max(seconds, waits.dictation), dictated, done
        return seconds, _strongest(opinions, odds), done

    def _seconds(self, still_speaking: float, wait_function: WaitFunction | None) -> float:
        try:
            return (wait_function or self._wait_function)(still_speaking)
        except UnusableWaitFunction:  # it has no value at this very place; the server's own is checked at start
            return self._wait_function(still_speaking)

    def _opinions(self, question: TurnQuestion) -> list[tuple[Opinion, float]]:
        found = []
        for weighted in self.engines:
            try:
                opinion = weighted.engine.opinion(question)
            except Exception:  # an engine of another package must not lose the caller's turn
                if weighted.engine.name not in self._failed:
                    self._failed.add(weighted.engine.name)
                    log.exception("turn engine failed", engine=weighted.engine.name)
                continue
            if opinion is not None and weighted.weight:
                found.append((opinion, weighted.weight))
        return found


_OF_WORDS = frozenset((
    Reason.NOTHING_SAID, Reason.PUNCTUATION, Reason.NUMBER, Reason.DIGITS, Reason.SPELLING, Reason.UNFINISHED,
    Reason.SHORT_ANSWER, Reason.NO_PUNCTUATION,
))  # fmt: skip


def _strongest(opinions: list[tuple[Opinion, float]], odds: float) -> Reason:
    """The reason of the opinion that moved the decision most in its direction."""
    direction = 1 if odds >= 0 else -1
    return max(opinions, key=lambda one: direction * one[0].log_odds * one[1])[0].reason

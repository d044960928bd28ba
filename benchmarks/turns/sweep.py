"""The sweep of eot-bench: every policy of threshold, delay and time-out, and the best of them at a budget.

A detector's score of a pause is its belief that the turn is over. A policy ends the turn after ``delay`` seconds of a
pause whose score reaches ``threshold``, and after ``timeout`` seconds of any. A turn is cut off when a policy ends it
in a pause that is not the last; its dead air is the time from the end of speech until the policy ends it. Reported are
the least dead air of all policies that cut off at most 5 or 10 % of the turns, and the fewest cut-offs of all policies
whose mean dead air is at most 300 or 600 ms.

Beside eot-bench's policies there are wait functions: the seconds fall from ``most`` to ``least`` along a curve of the
score, as a server's do that answers with seconds (`Curve`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.turns.material import Pause, Turn

DELAYS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 2.0, 2.6)
"""Seconds; a pause is judged at 0.2 s."""
TIMEOUTS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0)
"""Seconds."""
THRESHOLDS = 40
"""Thresholds that are tried, at equal shares of the scores."""
SCALES = tuple(np.geomspace(0.1, 12, 60).tolist())
"""Factors of a rule's seconds."""
EARLIEST = 0.2
"""Seconds into a pause at which anything is known of it."""

Score = Callable[[Turn, Pause], float]
"""A detector: log-odds, or any number that grows with the belief that the turn is over."""
Wait = Callable[[Turn, Pause], float]
"""A rule: seconds of silence after which it ends the turn in this pause."""


@dataclass(frozen=True)
class Curve:
    """Wait function of a score in log-odds: ``most`` seconds far below ``middle``, ``least`` far above it."""

    least: float
    most: float
    """Seconds."""
    middle: float
    steepness: float

    def seconds(self, odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds for each score."""
        chance = 1 / (1 + np.exp(np.clip(self.steepness * (odds - self.middle), -50, 50)))
        return self.least + (self.most - self.least) * chance

    def expression(self) -> str:
        """The same as the platform writes wait functions: milliseconds by the probability x of more speech."""
        weight = np.exp(-self.steepness * self.middle)
        power = f"{self.steepness:g}"
        curve = f"x^{power} / (x^{power} + {weight:.3g} * (1 - x)^{power})"
        return f"{1000 * self.least:.0f} + {1000 * (self.most - self.least):.0f} * {curve}"


CURVES = tuple(
    Curve(least, most, middle, steepness)
    for least in (0.2, 0.25, 0.3, 0.4, 0.5, 0.6)
    for most in (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.3, 2.6)
    for middle in np.linspace(-3, 3, 25).tolist()
    for steepness in (0.5, 0.7, 1.0, 1.4, 2.0, 4.0)
)


@dataclass(frozen=True)
class PolicyResult:
    """What one policy does to the turns."""

    cut_off: float
    """Share of the turns that it ends too early."""
    dead_air: float
    """Mean seconds after the end of speech, of all turns."""


@dataclass(frozen=True)
class BestPolicies:
    """The best policies of one detector at each budget; None where no policy keeps to it."""

    cut_off_at_300: float | None
    cut_off_at_600: float | None
    dead_air_at_5: float | None
    dead_air_at_10: float | None


def swept(turns: Sequence[Turn], score: Score, curves: Sequence[Curve] = ()) -> BestPolicies:
    """The figures of a detector: of eot-bench's policies, and of these wait functions."""
    spans = _Spans(turns, [[score(turn, pause) for pause in turn.pauses] for turn in turns])
    levels = np.unique(np.quantile(np.concatenate([spans.inside, spans.last]), np.linspace(0, 1, THRESHOLDS)))
    tried = product([*levels, np.inf], DELAYS, TIMEOUTS)
    outcomes = [
        spans.outcome(*(np.where(s >= threshold, delay, timeout) for s in spans.scores))
        for threshold, delay, timeout in tried
        if timeout >= delay
    ]
    return figures([*outcomes, *(outcome for _, outcome in waited(turns, score, curves))])


def waited(turns: Sequence[Turn], score: Score, curves: Sequence[Curve] = CURVES) -> list[tuple[Curve, PolicyResult]]:
    """What each wait function of a detector's score does to the turns."""
    spans = _Spans(turns, [[score(turn, pause) for pause in turn.pauses] for turn in turns])
    return [(curve, spans.outcome(*(curve.seconds(s) for s in spans.scores))) for curve in curves]


def chosen(outcomes: Sequence[tuple[Curve, PolicyResult]], cut_off: float) -> Curve:
    """The wait function with the least dead air of those that cut off at most this share."""
    kept = [(outcome.dead_air, at) for at, (_, outcome) in enumerate(outcomes) if outcome.cut_off <= cut_off + 1e-9]
    return outcomes[min(kept)[1]][0]


def ruled(turns: Sequence[Turn], wait: Wait, scales: Sequence[float] = SCALES) -> BestPolicies:
    """The figures of a rule that names seconds: swept over a factor of them and a least delay."""
    spans = _Spans(turns, [[wait(turn, pause) for pause in turn.pauses] for turn in turns])
    tried = ((scale, delay) for scale in scales for delay in DELAYS)
    outcomes = [spans.outcome(*(np.maximum(delay, scale * s) for s in spans.scores)) for scale, delay in tried]
    return figures(outcomes)


def as_it_is(turns: Sequence[Turn], wait: Wait) -> PolicyResult:
    """What a rule does with its own seconds."""
    spans = _Spans(turns, [[wait(turn, pause) for pause in turn.pauses] for turn in turns])
    return spans.outcome(*(np.maximum(EARLIEST, s) for s in spans.scores))


def figures(outcomes: Sequence[PolicyResult]) -> BestPolicies:
    """The best of many policies at each budget."""

    def least_dead_air(cut_off: float) -> float | None:
        return min((one.dead_air for one in outcomes if one.cut_off <= cut_off + 1e-9), default=None)

    def fewest_cut_off(dead_air: float) -> float | None:
        return min((one.cut_off for one in outcomes if one.dead_air <= dead_air + 1e-9), default=None)

    return BestPolicies(fewest_cut_off(0.3), fewest_cut_off(0.6), least_dead_air(0.05), least_dead_air(0.10))


class _Spans:
    """Pauses of many turns as arrays."""

    def __init__(self, turns: Sequence[Turn], scores: Sequence[Sequence[float]]) -> None:
        held = [
            (number, pause.length, score)
            for number, (turn, of_turn) in enumerate(zip(turns, scores, strict=True))
            for pause, score in zip(turn.pauses, of_turn, strict=True)
            if pause.length is not None
        ]
        self._turns = len(turns)
        self._turn = np.array([number for number, _, _ in held], dtype=np.intp)
        self._length = np.array([length for _, length, _ in held], dtype=np.float64)
        self.inside = np.array([score for _, _, score in held], dtype=np.float64)
        self.last = np.array([of_turn[-1] for of_turn in scores], dtype=np.float64)

    @property
    def scores(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of the pauses inside, and of the ends."""
        return self.inside, self.last

    def outcome(self, inside: NDArray[np.float64], last: NDArray[np.float64]) -> PolicyResult:
        """The outcome of seconds for each pause inside and for each end."""
        ended = np.zeros(self._turns, dtype=bool)
        ended[self._turn[inside < self._length]] = True
        return PolicyResult(float(ended.mean()), float(last.mean()))

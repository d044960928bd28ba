"""Quality cases: the same signal and the same ruler for every contender, each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeAlias

from benchmarks.case import Bound, Contender, at_least
from benchmarks.process_pool import Absences, took_part, workers
from benchmarks.worker import Answer

Curve: TypeAlias = Mapping[str, Sequence[float]]
"""``{"x": …, "y": …}``, equally long."""
Sound: TypeAlias = Mapping[str, Any]
"""``{"rate": Hz, "samples": float list}``, for spectrograms."""


@dataclass(frozen=True)
class Measure:
    """One figure that the ruler takes."""

    key: str
    label: str
    """With its unit."""
    bound: Bound | None = None
    """What we promise; peers are shown, not judged."""
    by: str = ""
    """The contender that promises it; empty for all of ours."""
    rival: str = ""
    """The contender whose figure ours must reach, instead of a fixed bound."""
    decimals: int = 1

    def promised_by(self, contender: Contender) -> Bound | None:
        """The bound that this contender is held against."""
        return self.bound if contender.role == "ours" and self.by in ("", contender.name) else None


@dataclass(frozen=True)
class Findings:
    """What the ruler found on one contender."""

    figures: Mapping[str, float]
    """By `Measure.key`."""
    curves: Mapping[str, Curve] = field(default_factory=dict)
    sounds: Mapping[str, Sound] = field(default_factory=dict)


@dataclass(frozen=True)
class QualityCase:
    """One question of quality."""

    name: str
    signal: str
    """What everyone is given, in a sentence."""
    measures: tuple[Measure, ...]
    contenders: tuple[Contender, ...]
    """Ours first. `Contender.prepare` takes nothing and returns what ``judge`` takes."""
    judge: Callable[[Any], Findings]


@dataclass(frozen=True)
class Judged:
    """One contender's findings in one case."""

    case: QualityCase
    contender: Contender
    findings: Findings

    def value(self, measure: Measure) -> float | None:
        """The figure, or None where this contender has none."""
        return self.findings.figures.get(measure.key)


def settle(measure: Measure, judged: Sequence[Judged]) -> Measure:
    """Give a measure that has a rival the bound that the rival's figure sets; without the rival there is none."""
    figures = [one.value(measure) for one in judged if one.contender.name == measure.rival]
    if not figures or figures[0] is None:
        return measure
    return replace(measure, bound=at_least(round(figures[0], measure.decimals)))


def answers(case: QualityCase, contender: Contender) -> Callable[[Answer], Answer]:
    """Answer any request with the contender's `Findings`; curves and sounds only if it says ``{"pictures": true}``."""

    def answer(request: Answer) -> Answer:
        found = asdict(case.judge(contender.prepare()))
        return found if request["pictures"] else {"figures": found["figures"]}

    return answer


def judge(module: str, case: QualityCase, absences: Absences, *, pictures: bool) -> list[Judged]:
    """Let everyone do the case; ``module`` is where the workers find it."""
    judged = []
    with workers("judge", module, case.name, case.contenders) as pool:
        for worker in pool:
            answer = worker.ask({"pictures": pictures})
            if took_part(answer, worker, case.name, absences):
                judged.append(Judged(case, worker.contender, Findings(**answer)))
    return judged

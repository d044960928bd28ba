"""Running speed cases: every contender in its own process, rounds interleaved, ratios taken round by round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.case import Contender, Frame
from benchmarks.process_pool import Absences, ContenderProcess, interleave, workers
from benchmarks.stats import Middle, middle, ratio
from benchmarks.timing import SpeedCase, Target


@dataclass(frozen=True)
class Pace:
    """How many rounds, and how long each is."""

    rounds: int
    seconds: float


CAREFUL = Pace(rounds=15, seconds=0.02)
QUICK = Pace(rounds=5, seconds=0.005)


@dataclass(frozen=True)
class Result:
    """One contender with one frame size."""

    case: SpeedCase
    frame: Frame
    contender: Contender
    time: Middle
    """Nanoseconds per frame."""
    against_ours: Middle | None
    """Its time over ours, round by round; 2 means that ours takes half as long."""

    @property
    def ns_per_sample(self) -> float:
        """Nanoseconds per sample frame of the input."""
        return self.time.median / self.frame.samples

    @property
    def times_real_time(self) -> float:
        """Seconds of audio per second of processor time."""
        return self.frame.seconds * 1e9 / self.time.median


@dataclass(frozen=True)
class TargetVerdict:
    """A target and its measured value."""

    target: Target
    value: float

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.target.bound.met(self.value)


def compare(module: str, case: SpeedCase, pace: Pace, absences: Absences, begin: Callable[[str], None]) -> list[Result]:
    """Time all contenders of the case with all frame sizes.

    ``module`` is where the workers find the case; ``begin`` is told the name of each frame size before it is timed.
    """
    results: list[Result] = []
    with workers("time", module, case.name, case.contenders) as pool:
        for frame in case.frames:
            begin(f"{case.name}, {frame.label}")
            results += _frame(pool, case, frame, pace, absences)
    return results


def _frame(
    pool: Sequence[ContenderProcess], case: SpeedCase, frame: Frame, pace: Pace, absences: Absences
) -> list[Result]:
    request = {"frame": frame.label, "seconds": pace.seconds}
    answers = interleave(pool, request, pace.rounds, f"{case.name} {frame.label}", absences)
    times = {name: [answer["ns"] for answer in rounds] for name, rounds in answers.items()}
    ours = times.get(case.contenders[0].name)
    return [
        Result(
            case=case,
            frame=frame,
            contender=contender,
            time=middle(times[contender.name]),
            against_ours=None if ours is None else ratio(times[contender.name], ours),
        )
        for contender in case.contenders
        if contender.name in times
    ]


def verdicts(results: Sequence[Result]) -> list[TargetVerdict]:
    """The targets of one case and frame against its results; a target whose contender is absent is left out."""
    by_name = {result.contender.name: result for result in results}
    ours = next((result for result in results if result.contender.role == "ours"), None)
    if ours is None:
        return []
    found = []
    for target in ours.case.targets.get(ours.frame.label, ()):
        value = _value(target, ours, by_name.get(target.against))
        if value is not None:
            found.append(TargetVerdict(target, value))
    return found


def _value(target: Target, ours: Result, other: Result | None) -> float | None:
    if target.figure == "µs":
        return ours.time.median / 1e3
    if other is None or other.against_ours is None:
        return None
    if target.figure == "µs over":
        return (ours.time.median - other.time.median) / 1e3
    faster = other.against_ours.median
    return faster if target.figure == "× faster than" else 1 / faster

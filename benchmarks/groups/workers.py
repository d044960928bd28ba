"""The group ``workers``: what a process for each core costs and gives."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import worker_cost
from benchmarks.case import Bound, at_most
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table

READING = (
    "The processor time of a call is that of all the server's processes, the supervisor included, with as many calls on"
    " each of two workers as on one process alone, interleaved: its inverse is the calls per core, whatever else this"
    " machine does. The time to be back is not: it grows with the load of the machine."
)
COLUMNS = ("case", "figure", "target")
_EMBEDDED = ("--voice", "espeak", "--transcriber", "pocketsphinx")


@dataclass(frozen=True)
class WorkersCase:
    """One figure."""

    name: str
    unit: str
    bound: Bound | None
    measure: Callable[[bool], float]
    """Takes whether to be quick, answers in ``unit``."""


def _cost_ratio(quick: bool) -> float:
    rounds, calls, seconds = (1, 10, 4) if quick else (3, 50, 6)
    found: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers, costs in found.items():
            costs.append(worker_cost.cost(workers, calls * workers, seconds).cpu)
    return min(found[2]) / min(found[1])


def _imbalance(quick: bool) -> float:
    spread = worker_cost.cost(2, 20 if quick else 100, 2).spread
    return float(max(spread) - min(spread))


def _back(quick: bool) -> float:
    return statistics.median(worker_cost.back_after_kill(1 if quick else 5))


def _back_embedded(quick: bool) -> float:
    return statistics.median(worker_cost.back_after_kill(1 if quick else 3, *_EMBEDDED))


def _second_worker(quick: bool) -> float:
    more = 3 if quick else 4
    return (worker_cost.memory(_EMBEDDED, more) - worker_cost.memory(_EMBEDDED, 2)) / (more - 2) / 1e6


CASES = (
    WorkersCase("processor time of a call, two workers to one process", "x", at_most(1.1), _cost_ratio),
    WorkersCase("calls that one worker has more than the other", "calls of 100", at_most(5), _imbalance),
    WorkersCase("back after kill -9, tone and null", "s, median", at_most(1), _back),
    WorkersCase("back after kill -9, espeak and pocketsphinx", "s, median", at_most(1), _back_embedded),
    WorkersCase("memory of one more worker, espeak and pocketsphinx", "MB", None, _second_worker),
)


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Measure the selected cases one after the other."""
    selected = [case for case in CASES if options.selects(case.name)]
    rows, records = [], list[Record]()
    for index, case in enumerate(selected):
        progress.step(case.name, index, len(selected))
        found = case.measure(options.quick)
        met = None if case.bound is None else case.bound.met(found)
        told = "" if case.bound is None else f"{'met' if met else 'MISSED'}: {case.bound} {case.unit}"
        rows.append((case.name, f"{found:,.3g} {case.unit}", told))
        records.append({"case": case.name, "unit": case.unit, "value": found, "met": met})
    return GroupReport([Table("Workers", COLUMNS, rows, frozenset({"case", "target"}))], records, [READING])


def _names() -> Sequence[str]:
    return [case.name for case in CASES]


GROUP = CaseGroup(
    name="workers",
    question="What does a process for each core cost, and what does it give?",
    cases=_names,
    run=run,
    default=False,
)

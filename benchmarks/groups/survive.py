"""The group ``survive``: what the layers that keep a call alive cost, and how fast they are."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import survive
from benchmarks.case import Bound, at_least, at_most
from benchmarks.reconnects import reconnects
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table

READING = (
    "The layers are Cached over Fallback, both over a voice that costs nothing; a reconnect runs from the cut of a"
    " socket on loopback to the first transcript of the replayed audio; responses are per second of the server's own"
    " processor time, through the whole HTTP server."
)
COLUMNS = ("case", "figure", "target")


@dataclass(frozen=True)
class SurviveCase:
    """One figure."""

    name: str
    unit: str
    bound: Bound
    measure: Callable[[bool], float]
    """Takes whether to be quick, answers in ``unit``."""


def _added(quick: bool) -> float:
    return survive.added_first_audio(utterances=400 if quick else 2000)[1] * 1e3


def _reconnect(quick: bool) -> float:
    return statistics.median(reconnects(5 if quick else 20)) * 1e3


def _hits(quick: bool) -> float:
    return survive.cache_hits(requests=1600 if quick else 8000)[0]


def _first_byte(quick: bool) -> float:
    return survive.cache_hits(requests=80)[1] * 1e3


CASES = (
    SurviveCase("first audio added by the layers", "ms, p50", at_most(0.5), _added),
    SurviveCase("cut socket to replayed transcript", "ms, p50", at_most(300), _reconnect),
    SurviveCase("cached 2 s phrase, responses", "per second of one core", at_least(2000), _hits),
    SurviveCase("cached 2 s phrase, first byte", "ms, p50, alone", at_most(1), _first_byte),
)


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Measure the selected cases one after the other."""
    selected = [case for case in CASES if options.selects(case.name)]
    rows, records = [], list[Record]()
    for index, case in enumerate(selected):
        progress.step(case.name, index, len(selected))
        found = case.measure(options.quick)
        met = case.bound.met(found)
        rows.append((case.name, f"{found:,.3g} {case.unit}", f"{'met' if met else 'MISSED'}: {case.bound} {case.unit}"))
        records.append({"case": case.name, "unit": case.unit, "value": found, "target": str(case.bound), "met": met})
    return GroupReport([Table("Survive", COLUMNS, rows, frozenset({"case", "target"}))], records, [READING])


def _names() -> Sequence[str]:
    return [case.name for case in CASES]


GROUP = CaseGroup(
    name="survive",
    question="What does it cost to outlive a vendor, and how fast is it?",
    cases=_names,
    run=run,
)

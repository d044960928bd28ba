"""The group ``dsp``: how much of a core every stage takes, beside the machine's limit and other libraries."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import count, groupby
from pathlib import Path
from typing import Any

from benchmarks.comparison import CAREFUL, QUICK, Result, TargetVerdict, compare, verdicts
from benchmarks.discovery import cases_in
from benchmarks.process_pool import Absences
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table, balance
from benchmarks.timing import SpeedCase

COLUMNS = ("stage", "frame", "µs", "±", "ns/sample", "× real time", "calls/core", "× floor", "faster than", "target")

READING = (
    "Processor time of one thread, all else included; medians of interleaved rounds, each contender in its own process;"
    " ± is half the interquartile range.",
    "× floor: our time over that of a floor that does less or has no checks (1.0 is the limit)."
    " faster than: the peer's time over ours; below 1 the peer is the faster one.",
    "calls/core: streams of this stage alone that one core carries in real time.",
)


def _found() -> Iterator[tuple[str, SpeedCase]]:
    return cases_in("benchmarks.speed")


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Time the selected cases."""
    selected = [(module, case) for module, case in _found() if options.selects(case.name)]
    absences = Absences()
    pace = QUICK if options.quick else CAREFUL
    steps = count()
    total = sum(len(case.frames) for _, case in selected)
    results: list[Result] = []
    for module, case in selected:
        results += compare(module, case, pace, absences, lambda text: progress.step(text, next(steps), total))
    rows = [_row(list(frame)) for _, frame in _by_frame(results)]
    records = [record for _, frame in _by_frame(results) for record in _records(list(frame))]
    notes = [*READING, *_contender_notes(results), *absences.sentences(), *_balance(records)]
    left = frozenset({"stage", "frame", "× floor", "faster than", "target"})
    return GroupReport([Table("Speed", COLUMNS, rows, left)], records, notes)


def _by_frame(results: Sequence[Result]) -> Iterator[tuple[tuple[str, str], Iterator[Result]]]:
    return groupby(results, key=lambda result: (result.case.name, result.frame.label))


def _row(results: Sequence[Result]) -> tuple[str, ...]:
    first = results[0]
    if first.contender.role != "ours":
        return (first.case.name, first.frame.label, "-", "-", "-", "-", "-", "-", "-", "not measured")
    return (
        first.case.name,
        first.frame.label,
        _digits(first.time.median / 1e3),
        f"{first.time.spread:.0%}",
        _digits(first.ns_per_sample),
        f"{first.times_real_time:,.0f}",
        "-" if first.frame.bulk else f"{round(first.times_real_time):,}",
        "\n".join(_against(results, "floor")) or "-",
        "\n".join(_against(results, "peer")) or "-",
        "\n".join(_told(verdict) for verdict in verdicts(results)) or "-",
    )


def _against(results: Sequence[Result], role: str) -> Iterator[str]:
    for result in results:
        if result.contender.role == role and result.against_ours is not None:
            faster, spread = result.against_ours.median, result.against_ours.spread
            shown = faster if role == "peer" else 1 / faster
            yield f"{result.contender.name} {_digits(shown)} ±{spread:.0%}"


def _digits(value: float) -> str:
    """Three significant digits, never an exponent."""
    decimals = max(0, 2 - int(math.floor(math.log10(abs(value))))) if value else 0
    return f"{value:,.{min(decimals, 3)}f}"


def _told(verdict: TargetVerdict) -> str:
    return f"{'met' if verdict.met else 'MISSED'}: {_digits(verdict.value)} ({verdict.target})"


def _contender_notes(results: Sequence[Result]) -> list[str]:
    told: dict[tuple[str, str], dict[str, None]] = {}
    for one in results:
        if one.contender.note:
            told.setdefault((one.contender.name, one.contender.note), {})[one.case.name] = None
    return [f"{name} ({', '.join(cases)}): {note}." for (name, note), cases in told.items()]


def _records(results: Sequence[Result]) -> Iterator[Record]:
    judged = [_judged(verdict) for verdict in verdicts(results)]
    for result in results:
        ours = result.contender.role == "ours"
        yield {
            "stage": result.case.name,
            "frame": result.frame.label,
            "samples": result.frame.samples,
            "rate": result.frame.rate,
            "contender": result.contender.name,
            "role": result.contender.role,
            "ns_per_frame": result.time.median,
            "ns_per_sample": result.ns_per_sample,
            "spread": result.time.spread,
            "times_real_time": result.times_real_time,
            "calls_per_core": None if result.frame.bulk else round(result.times_real_time),
            "time_over_ours": result.against_ours and result.against_ours.median,
            "time_over_ours_spread": result.against_ours and result.against_ours.spread,
            "targets": judged if ours else [],
        }


def _balance(records: Sequence[Record]) -> Iterator[str]:
    missed = [
        f"{one['stage']} {one['frame']} {_digits(told['value'])} ({told['target']})"
        for one in records
        for told in one["targets"]
        if not told["met"]
    ]
    return balance(sum(len(one["targets"]) for one in records), missed)


def _judged(verdict: TargetVerdict) -> dict[str, Any]:
    return {"target": str(verdict.target), "value": verdict.value, "met": verdict.met}


def plot(report: GroupReport, folder: Path) -> Sequence[Path]:
    """Bars: how many times faster than each peer, a panel per frame size."""
    from benchmarks.plots import bars

    return bars.draw(report.records, folder)


GROUP = CaseGroup(
    name="dsp",
    question="How much of a core does each signal stage take, and how does that compare?",
    cases=lambda: [case.name for _, case in _found()],
    run=run,
    plot=plot,
)

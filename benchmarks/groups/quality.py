"""The group ``quality``: what the stages do to a signal, measured with one ruler on ours and on other libraries'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.discovery import cases_in
from benchmarks.judging import Judged, Measure, QualityCase, judge, settle
from benchmarks.process_pool import Absences
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table, balance

READING = (
    "Everyone hears the same seeded signals, in a process of their own. Targets are promises of ours;"
    " peers are measured, not judged."
)


def _found() -> Iterator[tuple[str, QualityCase]]:
    return cases_in("benchmarks.quality")


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Judge the selected cases."""
    selected = [(module, case) for module, case in _found() if options.selects(case.name)]
    absences = Absences()
    tables, records, judged = [], list[Record](), list[Judged]()
    for index, (module, case) in enumerate(selected):
        progress.step(case.name, index, len(selected))
        found = judge(module, case, absences, pictures=options.pictures)
        judged += found
        if found:
            tables.append(tabulate(case, found))
            records += _records(found)
    notes = [READING, *_contender_notes(judged), *absences.sentences(), *_balance(records)]
    return GroupReport(tables, records, notes, {"judged": judged})


def tabulate(case: QualityCase, judged: Sequence[Judged]) -> Table:
    """A row per measure, a column per contender; rows without a figure are left out."""
    columns = ("measure", "target", *(one.contender.name for one in judged))
    rows = [
        (measure.label, _target(measure), *(_cell(measure, one) for one in judged))
        for measure in (settle(measure, judged) for measure in case.measures)
        if any(one.value(measure) is not None for one in judged)
    ]
    return Table(f"{case.name}: {case.signal}", columns, rows, frozenset({"measure", "target"}))


def _target(measure: Measure) -> str:
    return f"{measure.bound or ''} {measure.rival}".strip()


def _cell(measure: Measure, one: Judged) -> str:
    value = one.value(measure)
    if value is None:
        return "-"
    # Adding zero turns a rounded -0.0 into 0.0.
    shown = f"{round(value, measure.decimals) + 0.0:,.{measure.decimals}f}"
    promised = measure.promised_by(one.contender)
    if promised is None:
        return shown
    return f"met: {shown}" if promised.met(value) else f"MISSED: {shown}"


def _contender_notes(judged: Sequence[Judged]) -> list[str]:
    told: dict[tuple[str, str], dict[str, None]] = {}
    for one in judged:
        if one.contender.note:
            told.setdefault((one.contender.name, one.contender.note), {})[one.case.name] = None
    return [f"{name} ({', '.join(cases)}): {note}." for (name, note), cases in told.items()]


def _records(judged: Sequence[Judged]) -> Iterator[Record]:
    for one in judged:
        for measure in (settle(measure, judged) for measure in one.case.measures):
            value = one.value(measure)
            promised = measure.promised_by(one.contender)
            yield {
                "case": one.case.name,
                "measure": measure.label,
                "contender": one.contender.name,
                "role": one.contender.role,
                "value": value,
                "target": str(promised) if promised else None,
                "met": promised.met(value) if promised and value is not None else None,
            }


def _balance(records: Sequence[Record]) -> Iterator[str]:
    judged = [one for one in records if one["met"] is not None]
    missed = [f"{one['case']}, {one['measure']} ({one['target']})" for one in judged if not one["met"]]
    return balance(len(judged), missed)


def plot(report: GroupReport, folder: Path) -> Sequence[Path]:
    """Response curves and spectrograms."""
    from benchmarks.plots import curves, overview, spectrograms

    judged: Sequence[Judged] = report.pictures["judged"]
    return [*curves.draw(judged, folder), *spectrograms.draw(judged, folder), *overview.draw(judged, folder)]


GROUP = CaseGroup(
    name="quality",
    question="What does each signal stage do to the sound, and how do others do?",
    cases=lambda: [case.name for _, case in _found()],
    run=run,
    plot=plot,
)

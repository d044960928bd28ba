"""The group ``vendors``: what an engine of ours costs beside the vendor's own client."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.discovery import cases_in
from benchmarks.process_pool import Absences, interleave, workers
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table
from benchmarks.stats import Middle, middle
from benchmarks.vendors.case import VendorCase

COLUMNS = ("case", "figure", "contender", "median", "±", "ours to bare", "target")

READING = (
    "Both talk to the same stand-in for the vendor, on loopback, in a process of its own; rounds are interleaved.",
    "espeak stands beside its own library, called in a thread of the process that measures.",
    "ours to bare: the median over rounds that ran side by side.",
)

ROUNDS, QUICK_ROUNDS = 25, 7


def _found() -> Iterator[tuple[str, VendorCase]]:
    return cases_in("benchmarks.vendors")


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Measure the selected cases."""
    selected = [(module, case) for module, case in _found() if options.selects(case.name)]
    absences = Absences()
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    for index, (module, case) in enumerate(selected):
        progress.step(case.name, index, len(selected))
        figures = _measure(module, case, QUICK_ROUNDS if options.quick else ROUNDS, absences)
        compared = _compared(case, figures)
        rows += [_row(case, name, middle(rounds), compared) for name, rounds in figures.items()]
        records += [_record(case, name, middle(rounds), compared) for name, rounds in figures.items()]
    left = frozenset({"case", "figure", "contender", "target"})
    return GroupReport([Table("Vendors", COLUMNS, rows, left)], records, [*READING, *absences.sentences()])


def _measure(module: str, case: VendorCase, rounds: int, absences: Absences) -> dict[str, list[float]]:
    with workers("vendor", module, case.name, case.contenders) as pool:
        answers = interleave(pool, {}, rounds, case.name, absences)
    return {name: [answer["figure"] for answer in told] for name, told in answers.items()}


def _compared(case: VendorCase, figures: dict[str, list[float]]) -> float | None:
    ours, bare = (figures.get(contender.name) for contender in case.contenders)
    if not ours or not bare:
        return None
    return middle([case.against(one, other) for one, other in zip(ours, bare, strict=True)]).median


def _row(case: VendorCase, name: str, figure: Middle, compared: float | None) -> tuple[str, ...]:
    shown = (case.name, case.figure, name, f"{figure.median:.3f}", f"{figure.spread:.0%}")
    if name != case.contenders[0].name:
        return (*shown, "", "")
    if compared is None:
        return (*shown, "-", "not measured")
    met = "met" if case.bound.met(compared) else "MISSED"
    return (*shown, f"{compared:.3f}", f"{met} ({case.bound} {case.promise})")


def _record(case: VendorCase, name: str, figure: Middle, compared: float | None) -> Record:
    ours = name == case.contenders[0].name
    return {
        "case": case.name,
        "figure": case.figure,
        "contender": name,
        "median": figure.median,
        "spread": figure.spread,
        "compared": compared if ours else None,
        "target": f"{case.bound} {case.promise}" if ours else None,
        "met": case.bound.met(compared) if ours and compared is not None else None,
    }


GROUP = CaseGroup(
    name="vendors",
    question="What do our engines add to the vendors' own clients?",
    cases=lambda: [case.name for _, case in _found()],
    run=run,
)

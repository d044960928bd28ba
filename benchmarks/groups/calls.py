"""The group ``calls``: joins of many calls at once, what they cost, and faults whose cause is named."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from benchmarks.calls.cost import cost_of_calls
from benchmarks.calls.faults import FAULTS, explained
from benchmarks.calls.joins import join_calls
from benchmarks.case import Bound, at_least, at_most
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table, balance

TEXT, KEYS, COST, CAUSES = "200 calls, text alone", "200 calls, keys", "cost of the notes", "causes of delays"
COLUMNS = ("case", "figure", "target")
READING = (
    "All calls run at the same time against a real server in this process: the same greeting, the same first answer, "
    "then two to six words of a small vocabulary. The cost is processor time of the loop's thread. The faults are "
    "played by a scripted platform and scripted engines behind the server's own stack, one call each."
)

Found = tuple[str, float, str, Bound]


def _joins(name: str, calls: int, *, keys: bool) -> list[Found]:
    found = join_calls(calls, keys=keys)
    share = 100 * found.right / found.calls
    return [
        (f"{name}: joined by the second turn", share, "%", at_least(100.0 if keys else 99.0)),
        (f"{name}: wrong joins", found.wrong, "", at_most(0)),
    ]


def _cost(*, quick: bool) -> list[Found]:
    cost = min(cost_of_calls(16 if quick else 48) for _ in range(3))
    return [(f"{COST}, per 100 calls", 100 * cost, "% of a core", at_most(0.5))]


def _causes(notes: list[str]) -> list[Found]:
    outcomes = explained()
    notes += [f"{outcome.fault.name}: {outcome.sentence}." for outcome in outcomes]
    notes += [
        f"WRONG: {one.fault.name}: expected {one.fault.cause}, found {one.found}" for one in outcomes if not one.right
    ]
    share = 100 * sum(outcome.right for outcome in outcomes) / len(outcomes)
    return [(f"{CAUSES}: right, of {len(FAULTS)}", share, "%", at_least(95.0))]


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Run the chosen cases."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    calls, notes = 50 if options.quick else 200, [READING]
    cases = {
        TEXT: lambda: _joins(TEXT, calls, keys=False),
        KEYS: lambda: _joins(KEYS, calls, keys=True),
        COST: lambda: _cost(quick=options.quick),
        CAUSES: lambda: _causes(notes),
    }
    found: list[Found] = []
    chosen = [name for name in cases if options.selects(name)]
    for index, name in enumerate(chosen):
        progress.step(name, index, len(chosen))
        found += cases[name]()
    rows = [
        (name, f"{value:,.3g} {unit}".strip(), f"{_met(value, bound)}{bound} {unit}")
        for name, value, unit, bound in found
    ]
    records: list[Record] = [{"case": name, "value": value, "unit": unit} for name, value, unit, _ in found]
    notes += balance(len(found), [name for name, value, _, bound in found if not bound.met(value)])
    return GroupReport([Table("Calls", COLUMNS, rows, frozenset({"case", "target"}))], records, notes)


def _met(value: float, bound: Bound) -> str:
    return "met: " if bound.met(value) else "MISSED: "


def _names() -> Sequence[str]:
    return [TEXT, KEYS, COST, CAUSES]


GROUP = CaseGroup(
    name="calls",
    question="Are a call's socket and requests joined, rightly and cheaply, and is the cause of a delay named?",
    cases=_names,
    run=run,
)

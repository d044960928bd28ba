"""The group ``overload``: twice as many calls as the server can carry."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import overload
from benchmarks.case import at_most
from benchmarks.overload import CAPACITY, OverloadResult
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table

READING = (
    f"The recogniser works on the loop, so that one processor holds {CAPACITY} calls. Lag runs from the frame that"
    " completes a second of audio to its final. The server had 8 calls before, from which it knows what one costs."
    " A call is taken or refused when it comes and never cut off later."
)
COLUMNS = ("case", "offered", "taken", "refused", "why", "lag p50, ms", "lag p99, ms", "refused within p99, ms", "cut")
LOADS = {
    "80 % of capacity": (round(0.8 * CAPACITY), True),
    "twice the capacity": (2 * CAPACITY, True),
    "twice the capacity, gate off": (2 * CAPACITY, False),
}
_LAG = at_most(2)
_REFUSAL = at_most(50)


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Load a fresh server with each number of calls."""
    selected = {name: load for name, load in LOADS.items() if options.selects(name)}
    rounds = 1 if options.quick else 3
    found: dict[str, list[OverloadResult]] = {name: [] for name in selected}
    for turn in range(rounds):
        for index, (name, (calls, gated)) in enumerate(selected.items()):
            progress.step(name, turn * len(selected) + index, rounds * len(selected))
            found[name].append(overload.run(calls, gated=gated, ramp=4.0, seconds=6.0, before=8))
    records: list[Record] = [_record(name, LOADS[name][0], load) for name, loads in found.items() for load in loads]
    rows = [_row(name, LOADS[name][0], min(loads, key=lambda load: load.lag)) for name, loads in found.items()]
    return GroupReport(
        [Table("Overload", COLUMNS, rows, frozenset({"case", "why"}))], records, [READING, *_verdict(found)]
    )


def _row(name: str, offered: int, load: OverloadResult) -> tuple[str, ...]:
    lags = sorted(load.lags)
    why = ", ".join(f"{reason} {count}" for reason, count in load.reasons.most_common())
    return (
        name,
        str(offered),
        str(load.admitted),
        str(len(load.refusals)),
        why or "-",
        f"{lags[len(lags) // 2] * 1e3:.0f}" if lags else "-",
        f"{load.lag * 1e3:.0f}",
        f"{load.refusal * 1e3:.0f}" if load.refusals else "-",
        str(load.lost),
    )


def _record(name: str, offered: int, load: OverloadResult) -> Record:
    return {
        "case": name,
        "offered": offered,
        "taken": load.admitted,
        "refused": dict(load.reasons),
        "lag_p99_ms": load.lag * 1e3,
        "refusal_p99_ms": load.refusal * 1e3,
        "cut": load.lost,
    }


def _verdict(found: dict[str, list[OverloadResult]]) -> Sequence[str]:
    """The targets: lag beside that at 80 %, best rounds of each, and how soon the others are refused."""
    usual, twice = found.get("80 % of capacity"), found.get("twice the capacity")
    if not usual or not twice:
        return []
    ratio = min(load.lag for load in twice) / min(load.lag for load in usual)
    refusal = min(load.refusal for load in twice) * 1e3
    return [
        f"Lag p99 at twice the capacity is {ratio:.2f} times that at 80 %:"
        f" {'met' if _LAG.met(ratio) else 'MISSED'}, {_LAG} times.",
        f"Refused within {refusal:.0f} ms (p99): {'met' if _REFUSAL.met(refusal) else 'MISSED'}, {_REFUSAL} ms.",
    ]


GROUP = CaseGroup(
    name="overload",
    question="What do callers feel when twice as many come as the server can carry?",
    cases=lambda: list(LOADS),
    run=run,
    default=False,
)

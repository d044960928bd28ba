"""The group ``redeploy``: what calls feel of a new version."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks import redeploy
from benchmarks.redeploy import RedeployResult
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table

READING = (
    "A call is a word for each second of audio; a word that is missing or out of order counts as lost. A new call is"
    " offered to the draining server first, then to the other one, as a load balancer does; refused are those that"
    " no server took. Open is from the first attempt to the accepted upgrade."
)
COLUMNS = ("case", "switches", "calls", "cut", "words lost", "refused", "slowest open, ms", "exit codes", "leaving, s")


def _sigterm(quick: bool) -> RedeployResult:
    return redeploy.drained(20, 12) if quick else redeploy.drained(100, 60)


def _takeover(quick: bool) -> RedeployResult:
    return redeploy.taken_over(3, 10, 2) if quick else redeploy.taken_over(20, 40, 5)


def _takeover_of_workers(quick: bool) -> RedeployResult:
    return redeploy.taken_over(2, 10, 2, workers=2) if quick else redeploy.taken_over(10, 40, 5, workers=2)


CASES: dict[str, Callable[[bool], RedeployResult]] = {
    "SIGTERM to one of two servers": _sigterm,
    "takeover, one process each": _takeover,
    "takeover, two workers each": _takeover_of_workers,
}


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Redeploy in each of the selected ways."""
    selected = {name: case for name, case in CASES.items() if options.selects(name)}
    rows, records, notes = [], list[Record](), [READING]
    for index, (name, case) in enumerate(selected.items()):
        progress.step(name, index, len(selected))
        found = case(options.quick)
        rows.append(_row(name, found))
        records.append(_record(name, found))
        harmed = sum(found.cut.values()) + found.lost + sum(found.refused.values())
        crashed = [code for code in found.exit_codes if code != 0]
        notes.append(f"{name}: {'met' if not harmed and not crashed else 'MISSED'}: no call cut, no word lost, no call"
                     " refused, exit code 0.")  # fmt: skip
    return GroupReport([Table("Redeploy", COLUMNS, rows, frozenset({"case"}))], records, notes)


def _row(name: str, found: RedeployResult) -> tuple[str, ...]:
    cut = ", ".join(f"{code} x {count}" for code, count in found.cut.items())
    refused = ", ".join(f"{why} x {count}" for why, count in found.refused.items())
    codes = ", ".join(sorted({str(code) for code in found.exit_codes}))
    return (
        name,
        str(found.switches),
        str(found.calls),
        cut or "0",
        str(found.lost),
        refused or "0",
        f"{found.slowest_open * 1e3:.0f}",
        codes,
        f"{found.leaving:.1f}" if found.leaving else "-",
    )


def _record(name: str, found: RedeployResult) -> Record:
    return {
        "case": name,
        "switches": found.switches,
        "calls": found.calls,
        "cut": {str(code): count for code, count in found.cut.items()},
        "words_lost": found.lost,
        "refused": dict(found.refused),
        "slowest_open_ms": found.slowest_open * 1e3,
        "exit_codes": found.exit_codes,
        "leaving_s": found.leaving,
    }


def _names() -> Sequence[str]:
    return list(CASES)


GROUP = CaseGroup(
    name="redeploy",
    question="What do calls feel of a new version?",
    cases=_names,
    run=run,
    default=False,
)

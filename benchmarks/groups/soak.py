"""The group ``soak``: what grows in a server that is never restarted."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import soak
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table
from benchmarks.soak import Soaked

NAME = "200 calls with barge-in on two workers"
READING = (
    "Memory and descriptors are those of all processes at rest, before and after. Lag runs from the last frame of a"
    " second of audio to its word, as the caller's process sees it; its own lateness stands beside it, because both"
    " share this machine. The first minute leaves out the ten seconds in which the calls begin."
)
COLUMNS = ("what", "before", "after", "target")
_RAMP, _MINUTE = 10.0, 60.0
_GROWN = 0.02
_DEFAULT_MINUTES = 20.0


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Soak for as many minutes as asked for."""
    progress.step(NAME, 0, 1)
    minutes = options.minutes or (0.5 if options.quick else _DEFAULT_MINUTES)
    found = soak.soak(20 if options.quick else 200, minutes * 60, warm=min(60.0, minutes * 60))
    span = min(_MINUTE, found.seconds / 2)
    first, last = (_RAMP, _RAMP + span), (found.seconds - span, found.seconds)
    rows = [
        ("memory, MB", f"{found.before.memory / 1e6:.1f}", f"{found.after.memory / 1e6:.1f}",
         _told(f"{found.grown:+.2%}, at most {_GROWN:.0%}", met=found.grown <= _GROWN)),
        ("descriptors", str(found.before.descriptors), str(found.after.descriptors),
         _told("no more", met=found.after.descriptors <= found.before.descriptors)),
        ("processes", str(found.before.processes), str(found.after.processes), ""),
        ("lag p99, ms", _ms(found.lag(*first)), _ms(found.lag(*last)), "unchanged"),
        ("caller's own lateness p99, ms", _ms(found.lateness(*first)), _ms(found.lateness(*last)), ""),
    ]  # fmt: skip
    told = ", ".join(f"{why} x {count}" for why, count in found.cut.items()) or "none"
    sums = (
        f"{found.seconds / 60:.1f} minutes, {found.calls} calls, {found.answers} answers, {found.barged_in} of them cut"
        f" off by the caller. Calls cut by the server: {told}. Words lost: {found.lost}."
    )
    return GroupReport([Table("Soak", COLUMNS, rows, frozenset({"what", "target"}))], [_record(found, first, last)],
                  [sums, READING])  # fmt: skip


def _told(target: str, *, met: bool) -> str:
    return f"{'met' if met else 'MISSED'}: {target}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f}"


def _record(found: Soaked, first: tuple[float, float], last: tuple[float, float]) -> Record:
    return {
        "case": NAME,
        "seconds": found.seconds,
        "calls": found.calls,
        "cut": dict(found.cut),
        "words_lost": found.lost,
        "answers": found.answers,
        "barged_in": found.barged_in,
        "memory_before": found.before.memory,
        "memory_after": found.after.memory,
        "descriptors_before": found.before.descriptors,
        "descriptors_after": found.after.descriptors,
        "lag_p99_first_ms": found.lag(*first) * 1e3,
        "lag_p99_last_ms": found.lag(*last) * 1e3,
        "own_lateness_p99_first_ms": found.lateness(*first) * 1e3,
        "own_lateness_p99_last_ms": found.lateness(*last) * 1e3,
    }


def _names() -> Sequence[str]:
    return [NAME]


GROUP = CaseGroup(
    name="soak",
    question="What grows in a server that is never restarted?",
    cases=_names,
    run=run,
    default=False,
)

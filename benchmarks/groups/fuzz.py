"""The group ``fuzz``: what the server makes of hostile input."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from benchmarks.case import Bound, at_most
from benchmarks.fuzz.served import attack
from benchmarks.fuzz.wires import fuzz_wires
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table, balance
from benchmarks.stall import probed_server

WIRES, SERVER = "wires", "server"
READING = (
    "Inputs are valid messages of which values are replaced, dropped, repeated or nested, or bytes are changed; seeded."
    " The server is the default stack in a process of its own. A stall is processor time of its loop's thread without"
    " a look at anything else. Memory is compared after idling, before and after."
)
COLUMNS = ("case", "figure", "target")
_CACHE = 1_000_000
"""Bytes: so small that it is full after the first requests, and memory that grows is not the cache's."""
_SETTLE = 12.0
"""Seconds of idling before memory is read: the periodic collection has run by then."""


def _names() -> Sequence[str]:
    return [WIRES, SERVER]


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Run the chosen parts."""
    found: list[tuple[str, float, str, Bound | None]] = []
    notes = [READING]
    if options.selects(WIRES):
        cases = 30_000 if options.quick else 1_000_000
        progress.step("mutated bodies and frames into the wires", 0, 2)
        begun = time.perf_counter()
        given = fuzz_wires(cases, seed=1)
        found.append(("inputs into the wires, without a crash", given, "", None))
        found.append(("inputs a second", given / (time.perf_counter() - begun), "/s", None))
    if options.selects(SERVER):
        progress.step("mutated requests and calls against the default stack", 1, 2)
        found += _served(3_000 if options.quick else 60_000, notes)
    rows = [(name, f"{value:,.4g} {unit}".strip(), _verdict(value, bound)) for name, value, unit, bound in found]
    records: list[Record] = [{"case": name, "value": value, "unit": unit} for name, value, unit, _ in found]
    bounds = [(name, value, bound) for name, value, _, bound in found if bound is not None]
    notes += balance(len(bounds), [name for name, value, bound in bounds if not bound.met(value)])
    return GroupReport([Table("Hostile input", COLUMNS, rows, left=frozenset({"case", "target"}))], records, notes)


def _served(cases: int, notes: list[str]) -> list[tuple[str, float, str, Bound | None]]:
    with probed_server(secret=None, no_auth=True, cache_bytes=_CACHE) as server:
        asyncio.run(attack(server.base, max(cases // 10, 1500), seed=1))  # caches and pools are full after this
        time.sleep(_SETTLE)
        before = server.memory()
        server.stalls()
        outcome = asyncio.run(attack(server.base, cases, seed=2))
        stall = 1e3 * server.stalls()[0]
        time.sleep(_SETTLE)
        after = server.memory()
    notes.append("Answers: " + ", ".join(f"{name}: {count}" for name, count in sorted(outcome.requests.items())))
    notes += outcome.faults[:10]
    return [
        ("requests and calls against the server", sum(outcome.requests.values()), "", None),
        ("answered with a fault of the server", len(outcome.faults), "", at_most(0)),
        ("longest stall of the loop", stall, "ms", at_most(20)),
        ("memory after idling", 100 * (after / before - 1), "% more", at_most(2)),
    ]


def _verdict(value: float, bound: Bound | None) -> str:
    if bound is None:
        return ""
    return f"{'met' if bound.met(value) else 'MISSED'}: {bound}"


GROUP = CaseGroup(
    name="fuzz",
    question="What does hostile input do to the server?",
    cases=_names,
    run=run,
    default=False,
)

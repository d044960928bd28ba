"""The group ``transcriber``: frames that one core carries, lag of text under load, weight of an idle call."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmarks.callers import crowd, flood, idle
from benchmarks.case import Bound, at_least, at_most
from benchmarks.node_server import node_missing, node_server
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table
from benchmarks.served import Served, fast_loop, serving
from benchmarks.stats import middle, percentile

_T = TypeVar("_T")

FLOOD = "frames per core second"
LAG = "500 calls at once, lag"
IDLE = "memory per idle call"
CALLS = 500

READING = (
    "The server runs in a process of its own with the engine null, the callers share another; frames hold 20 ms of"
    " 16 kHz stereo. Frames per core second are frames received, split and counted per second of the server process's"
    " own CPU time, so that a busy machine does not flatter or blame either side. Lag runs from the sending of a frame"
    " to the arrival of the final that it completes."
)


@dataclass(frozen=True)
class Line:
    """One figure."""

    case: str
    who: str
    value: str
    bound: Bound | None
    figure: float
    unit: str

    @property
    def verdict(self) -> str:
        """The bound, and whether it is kept."""
        if self.bound is None:
            return ""
        return f"{'met' if self.bound.met(self.figure) else 'MISSED'}: {self.bound} {self.unit}"

    @property
    def record(self) -> Record:
        """The figure for the JSON file."""
        found = {"case": self.case, "who": self.who, "value": self.figure, "unit": self.unit}
        return found if self.bound is None else {**found, "target": str(self.bound), "met": self.bound.met(self.figure)}


def _flood(options: RunOptions) -> Iterator[Line]:
    frames, rounds = (20_000, 2) if options.quick else (100_000, 5)
    with _ours("--audio-buffer-seconds", "3000") as ours, node_server() as node:
        sides = [("ours", ours)] + ([("node ws", node)] if node else [])
        found: dict[str, list[float]] = {name: [] for name, _ in sides}
        for turn in range(rounds + 1):
            for name, server in sides:
                speed = _run(flood(server, frames))
                if turn:  # the first round warms both sides up
                    found[name].append(speed)
    for name, speeds in found.items():
        usual = middle(speeds)
        yield Line(FLOOD, name, f"{usual.median:,.0f} ±{100 * usual.spread:.0f} %", None, usual.median, "frames/s")
    if node:
        ratio = middle([mine / theirs for mine, theirs in zip(found["ours"], found["node ws"], strict=True)])
        yield Line(FLOOD, "ours / node ws", f"{ratio.median:.2f}", at_least(1.2), ratio.median, "×")


def _lag(options: RunOptions) -> Iterator[Line]:
    with _ours() as server:
        lags, late = _run(crowd(server, 3 if options.quick else 10))
    worst = 1e3 * percentile(lags, 0.99)
    yield Line(LAG, "p50", f"{1e3 * percentile(lags, 0.5):.2f}", None, 1e3 * percentile(lags, 0.5), "ms")
    yield Line(LAG, "p99", f"{worst:.2f}", at_most(20), worst, "ms")
    yield Line(LAG, "calls with lost frames", f"{late}", at_most(0), late, "calls")


def _idle(options: RunOptions) -> Iterator[Line]:
    with _ours() as server:
        size = _run(idle(server)) / 1024
    yield Line(IDLE, "ours", f"{size:.1f}", at_most(60), size, "KiB")


CASES = {FLOOD: _flood, LAG: _lag, IDLE: _idle}
COLUMNS = ("case", "who", "figure", "unit", "target")


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Each case against a fresh server."""
    selected = [name for name in CASES if options.selects(name)]
    lines: list[Line] = []
    for index, name in enumerate(selected):
        progress.step(name, index, len(selected))
        lines += CASES[name](options)
    rows = [(line.case, line.who, line.value, line.unit, line.verdict) for line in lines]
    notes = [READING]
    if FLOOD in selected and not any(line.who == "node ws" for line in lines):
        notes.append(f"Node was not measured: {node_missing()}.")
    table = Table("Transcriber", COLUMNS, rows, frozenset(COLUMNS) - {"figure"})
    return GroupReport([table], [line.record for line in lines], notes)


def _run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        return runner.run(coroutine)


@contextmanager
def _ours(*arguments: str) -> Iterator[Served]:
    common = ("--voice", "tone", "--transcriber", "null", "--log-level", "error", "--max-calls", "2000")
    with serving(*common, *arguments) as server:
        yield server


def _names() -> Sequence[str]:
    return list(CASES)


GROUP = CaseGroup(
    name="transcriber",
    question="How many calls does one core carry, how late is the text, and what does a call weigh?",
    cases=_names,
    run=run,
)

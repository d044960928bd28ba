"""Speed cases: what they consist of, and the worker's side, which measures one round at a time."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import process_time_ns
from typing import Literal

from benchmarks.case import Bound, Contender, Frame, frames_at
from benchmarks.worker import Answer

Call = Callable[[], object]
"""The work of one frame."""


@dataclass(frozen=True)
class Target:
    """A bound on one of our figures, from the project's table of targets."""

    figure: Literal["µs", "µs over", "×", "× faster than"]
    """*µs* per frame; *µs over* a floor, or so many times (*×*) its time; *× faster than* a peer."""
    bound: Bound
    against: str = ""
    """The contender that the figure compares with."""

    def __str__(self) -> str:
        return f"{self.bound} {self.figure}" + (f" {self.against}" if self.against else "")


@dataclass(frozen=True)
class SpeedCase:
    """One stage at up to three frame sizes."""

    name: str
    contenders: tuple[Contender, ...]
    """Ours first. Each `Contender.prepare` takes a `Frame` and returns the `Call` that processes one."""
    rate: int = 16_000
    """Hz."""
    sizes: tuple[str, ...] = ()
    """Labels of the frames that are timed; all by default."""
    targets: Mapping[str, Sequence[Target]] = field(default_factory=dict)
    """By the frame's label."""

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The sizes to time."""
        return tuple(frame for frame in frames_at(self.rate) if not self.sizes or frame.label in self.sizes)


def answers(case: SpeedCase, contender: Contender) -> Callable[[Answer], Answer]:
    """Answer ``{"frame": label, "seconds": s}`` with ``{"ns": nanoseconds of processor time per call}``."""
    frames = {frame.label: frame for frame in case.frames}
    ready: dict[str, tuple[Call, int]] = {}

    def answer(request: Answer) -> Answer:
        label = request["frame"]
        if label not in ready:
            call = contender.prepare(frames[label])
            ready[label] = call, _repeats(call, request["seconds"])
        return {"ns": _round(*ready[label])}

    return answer


def _round(call: Call, repeats: int) -> float:
    """Nanoseconds per call of processor time, all threads: what a core has to give, however busy the machine is."""
    turns = itertools.repeat(None, repeats)
    gc.disable()
    try:
        started = process_time_ns()
        for _ in turns:
            call()
        return (process_time_ns() - started) / repeats
    finally:
        gc.enable()


WARM_UP = 3
"""Calls that are not counted: the first ones pay for plans, tables and cold caches."""


def _repeats(call: Call, seconds: float) -> int:
    """How many calls make a round of about this length."""
    _round(call, WARM_UP)
    repeats = 1
    while (spent := _round(call, repeats) * repeats / 1e9) < seconds / 4:
        repeats *= 2
    return max(1, round(repeats * seconds / spent))

"""What is compared: contenders, the frames they are given, and the bounds a figure is held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["ours", "floor", "peer"]
"""*ours* is the subject; a *floor* is what the machine cannot do faster; a *peer* is what people would use instead."""


@dataclass(frozen=True)
class Frame:
    """A run of samples handed over in one call."""

    label: str
    samples: int
    """Sample frames: one sample per channel."""
    rate: int
    """Hz."""

    @property
    def seconds(self) -> float:
        """Duration of the audio."""
        return self.samples / self.rate

    @property
    def bulk(self) -> bool:
        """Whether it is as long as a file, not a frame of a call."""
        return self.seconds > 1


BULK_SAMPLES = 2**18
"""1 MiB, as int16 stereo and as float32 mono alike."""


def frames_at(rate: int) -> tuple[Frame, ...]:
    """The three frame sizes every stage is timed with."""
    return (
        Frame("20 ms", rate // 50, rate),
        Frame("100 ms", rate // 10, rate),
        Frame("1 MiB", BULK_SAMPLES, rate),
    )


@dataclass(frozen=True)
class Contender:
    """One way to do a case's work; runs in a process of its own."""

    name: str
    role: Role
    prepare: Callable[..., Any]
    """Imports what it needs and returns what is timed or judged; the case says which arguments it gets."""
    note: str = ""
    """What a fair reader must know about it."""


class Unfit(Exception):
    """A contender that cannot do this frame size at all; the message says why."""


@dataclass(frozen=True)
class Bound:
    """A limit that a figure keeps or misses."""

    sense: Literal["<=", ">="]
    limit: float

    def met(self, value: float) -> bool:
        """Whether the value keeps the limit."""
        return value <= self.limit if self.sense == "<=" else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.sense == '<=' else '≥'} {self.limit:g}"


def at_most(limit: float) -> Bound:
    """An upper bound."""
    return Bound("<=", limit)


def at_least(limit: float) -> Bound:
    """A lower bound."""
    return Bound(">=", limit)

"""Report of a group: tables to read, records for machines, and what was left out and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

Record: TypeAlias = Mapping[str, Any]
"""One contender's figures in one case, as it goes into the JSON file."""


@dataclass(frozen=True)
class Table:
    """Rows of text under named columns; a cell with newlines is a list."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    left: frozenset[str] = frozenset()
    """Columns of words, set flush left; figures are set flush right."""


@dataclass(frozen=True)
class GroupReport:
    """The outcome of one group."""

    tables: Sequence[Table]
    records: Sequence[Record]
    notes: Sequence[str] = ()
    """Sentences under the tables: how to read them, what was skipped."""
    pictures: Mapping[str, Any] = field(default_factory=dict)
    """Data of the group's own `plot`, left out of the JSON."""


def balance(promises: int, missed: Sequence[str]) -> Iterator[str]:
    """One line that says how many targets are met and which are not; nothing if there were none."""
    if promises:
        told = f"; MISSED: {'; '.join(missed)}" if missed else ""
        yield f"Targets: {promises - len(missed)} of {promises} met{told}."


class Progress(Protocol):
    """Tells the person in front of the screen what is running."""

    def step(self, text: str, done: int, total: int) -> None:
        """``done`` of ``total`` steps are behind us, ``text`` comes now."""
        ...


@dataclass(frozen=True)
class RunOptions:
    """What the command line asks of every group."""

    quick: bool = False
    """Fewer rounds: a first impression rather than a figure to quote."""
    only: str = ""
    """Run the cases whose name contains this text, upper and lower case alike."""
    pictures: bool = False
    """Collect what `plot` needs."""
    minutes: float | None = None
    """How long a case that runs for as long as it is told to runs; None is its own length."""

    def selects(self, name: str) -> bool:
        """Whether the case of this name is asked for."""
        return self.only.casefold() in name.casefold()


@dataclass(frozen=True)
class CaseGroup:
    """Cases that answer one question, and how they are run, printed and drawn.

    A module in `benchmarks.groups` that has one as ``GROUP`` is all it takes to add a group.
    """

    name: str
    question: str
    """One sentence for the list of groups."""
    cases: Callable[[], Sequence[str]]
    """Names, for ``--list`` and ``--only``."""
    run: Callable[[RunOptions, Progress], GroupReport]
    plot: Callable[[GroupReport, Path], Sequence[Path]] | None = None
    """Writes pictures into a folder and returns their paths."""
    default: bool = True
    """Whether ``python -m benchmarks`` without a name runs it too."""

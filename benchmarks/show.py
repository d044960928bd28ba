"""Printing: the machine first, then tables that stay readable in a pipe, progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import TracebackType

from rich import box
from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table as Grid
from rich.text import Text

from benchmarks.report import GroupReport, Table


def console() -> Console:
    """Standard output: coloured and as wide as the terminal, or plain text with lines of any length in a pipe."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def machine(facts: Mapping[str, str], out: Console) -> None:
    """A line for the machine, one for the moment, one for the libraries."""
    told = dict(facts)
    out.print(f"machine    {told.pop('processor')} · {told.pop('cores')} cores · {told.pop('system')}")
    out.print(f"made with  {told.pop('python')} · commit {told.pop('commit')} · load average {told.pop('load')}")
    out.print("libraries  " + " · ".join(f"{name} {version}" for name, version in told.items()))


def report(found: GroupReport, out: Console) -> None:
    """All tables of a group and the notes below them."""
    for table in found.tables:
        out.print(f"\n{table.title}\n", style="bold")
        if out.is_terminal:
            out.print(_grid(table))
            continue
        for line in plain(table):
            out.print(line)
    out.print()
    for note in found.notes:
        out.print(_note(note))


def plain(table: Table) -> Iterator[str]:
    """One line per row, columns padded to their widest cell: readable in a pipe, easy to cut and grep."""
    rows = [table.columns, *(tuple(cell.replace("\n", ", ") for cell in row) for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    flush = [str.ljust if column in table.left else str.rjust for column in table.columns]
    for row in rows:
        yield "  ".join(set_(cell, width) for set_, cell, width in zip(flush, row, widths, strict=True)).rstrip()


def _grid(table: Table) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        grid.add_column(column, justify="left" if column in table.left else "right")
    last = ""
    for row in table.rows:
        if last and row[0] != last:
            grid.add_section()
        grid.add_row(*map(_coloured, row if row[0] != last else ("", *row[1:])))
        last = row[0]
    return grid


def _note(text: str) -> Text:
    if text.startswith("Targets: "):
        return _coloured(text)
    return Text(text, style="bold red" if " FAILED: " in text else "dim")


def _coloured(text: str) -> Text:
    cell = Text(text)
    cell.highlight_regex(r"MISSED[^\n]*", "bold red")
    cell.highlight_regex(r"met:", "green")
    return cell


class Ticker:
    """Progress on stderr: a bar for people, a line per case for logs; gone when the block ends."""

    def __init__(self, group: str) -> None:
        self._group = group
        err = Console(stderr=True)
        self._live = err.is_terminal
        parts = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._bars = Bars(*parts, console=err, transient=True, disable=not self._live)
        self._task: TaskID | None = None

    def __enter__(self) -> Ticker:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def step(self, text: str, done: int, total: int) -> None:
        """See `benchmarks.report.Progress`."""
        if not self._live:
            print(f"{self._group} {done + 1}/{total}: {text}", file=sys.stderr, flush=True)
            return
        if self._task is None:
            self._task = self._bars.add_task("", total=total)
        self._bars.update(self._task, description=f"{self._group}: {text}", completed=done, total=total)

"""Figures of a server as tables for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from providers.top.figures import Counts, Figures, Latency

__all__ = ["screen"]

_LATE = {"first audio": 1.0, "final": 1.0, "partial": 1.0, "endpointing": 0.05, "loop": 0.05, "backlog": 1.0}
"""Seconds from which on a latency is red, as in the alert rules."""


def screen(now: Figures, title: str) -> RenderableType:
    """All tables under a line that says which server it is and whether it takes calls."""
    state = Text(" ready ", "black on green") if now.ready else Text(f" {now.reason or 'not ready'} ", "white on red")
    return Group(
        Text.assemble((title, "bold"), "  ", state),
        Text(),
        _load(now),
        _latencies(now),
        _engines(now),
        *([_counts(now)] if any(getattr(now.counts, name) for name in Counts.__struct_fields__) else []),
    )


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, name in enumerate(columns):
        table.add_column(name, justify="left" if index == 0 else "right", min_width=16 if index == 0 else 8)
    return table


def _load(now: Figures) -> Table:
    load, table = now.load, _table("load", "now", "limit", "used")
    for name, active, limit in (("calls", load.calls, load.calls_limit), ("voices", load.voices, load.voices_limit)):
        share = active / limit if limit else 0.0
        table.add_row(name, str(active), str(limit), Text(f"{share:.0%}", _style(share, 0.9)))
    table.add_row("transcripts", f"{load.transcripts_per_second:.1f}/s", "", "")
    table.add_section()
    return table


def _latencies(now: Figures) -> Table:
    latency, table = now.latency, _table("\nlatency", "\np50", "\np95")
    for name, found in (
        ("first audio", latency.first_audio),
        ("final", latency.final_lag),
        ("partial", latency.partial_lag),
    ):
        for engine, one in found.items():
            _add(table, f"{name}, {engine}", one, _LATE[name])
    _add(table, "endpointing", latency.endpointing, _LATE["endpointing"])
    table.add_row("event loop", "", Text(_seconds(latency.loop_lag), _style(latency.loop_lag, _LATE["loop"])))
    table.add_row("waiting audio", Text(_seconds(latency.backlog), _style(latency.backlog, _LATE["backlog"])), "")
    return table


def _add(table: Table, name: str, latency: Latency, late: float) -> None:
    table.add_row(name, *(Text(_seconds(value), _style(value or 0.0, late)) for value in (latency.p50, latency.p95)))


def _engines(now: Figures) -> Table:
    table = _table("\nengine", "\nstate", "\nsince the start")
    table.columns[1].justify = table.columns[2].justify = "left"
    for engine in now.engines:
        state = Text("cooling down", "red") if engine.cooling_down else Text("available", "green")
        table.add_row(f"{engine.role}, {engine.name}", state, _told(engine.events))
    return table


def _counts(now: Figures) -> Table:
    counts, table = now.counts, _table("\nsince the start", "")
    for name, found in (
        ("calls ended", counts.calls_ended),
        ("voice requests", counts.voice_requests),
        ("endpointing", counts.endpointing),
    ):
        if found:
            table.add_row(name, _told(found))
    for endpoint, reasons in counts.refused.items():
        table.add_row(Text(f"refused, {endpoint}", "red"), _told(reasons))
    table.columns[1].justify = "left"
    return table


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "-"


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def _style(value: float, late: float) -> str:
    return "red" if value > late else ""

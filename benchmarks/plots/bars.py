"""Speed as bars: a panel per stage, ours on top, the floor and everyone else below it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.plots import paper
from benchmarks.report import Record

COLUMNS = 3
LONGEST = 6.0
"""Bars end at this many times our own; the figure beside it tells the rest."""
SHORTEST = 5
"""Rows of a panel at least, so that few bars do not grow fat."""


def draw(records: Sequence[Record], folder: Path) -> list[Path]:
    """A picture per frame size."""
    labels = list(dict.fromkeys(record["frame"] for record in records))
    return [_picture([one for one in records if one["frame"] == label], label, folder) for label in labels]


def _picture(records: Sequence[Record], label: str, folder: Path) -> Path:
    stages = list(dict.fromkeys(record["stage"] for record in records))
    rows = -(-len(stages) // COLUMNS)
    figure, panels = paper.sheet(rows, COLUMNS, (11.5, 0.75 + 1.35 * rows))
    for panel, stage in zip(panels.flat, stages, strict=False):
        _panel(panel, stage, [record for record in records if record["stage"] == stage])
    for panel in panels.flat[len(stages) :]:
        panel.set_axis_off()
    paper.title(
        figure,
        f"Processor time per {label} of audio",
        "Shorter is better. Teal: this project; grey: what the machine cannot do faster; red: other libraries and"
        " how many times as long they take.",
    )
    return paper.save(figure, folder, f"speed-{label.replace(' ', '')}")


def _panel(panel: Any, stage: str, records: Sequence[Record]) -> None:
    ours = next((record["ns_per_frame"] for record in records if record["role"] == "ours"), None)
    longest = max(record["ns_per_frame"] for record in records)
    limit = min(longest, LONGEST * ours) if ours else longest
    for row, record in enumerate(records):
        spent, role = record["ns_per_frame"], record["role"]
        colour = {"ours": paper.OURS, "floor": paper.FLOOR, "peer": paper.PEERS[0]}[role]
        panel.barh(row, min(spent, limit), color=colour, height=0.68, alpha=1 if role != "peer" else 0.8)
        text = _told(spent) + (f"  ×{record['time_over_ours']:.3g}" if role == "peer" and ours else "")
        panel.text(min(spent, limit) + limit * 0.015, row, text, va="center", fontsize=8)
        if spent > limit:
            panel.text(limit * 0.985, row, "…", va="center", ha="right", color="white", fontweight="bold")
    panel.set_yticks(range(len(records)), [record["contender"] for record in records], fontsize=8)
    panel.set_ylim(max(len(records), SHORTEST) - 0.4, -0.6)
    panel.set_xlim(0, limit * 1.34)
    panel.set_xticks([])
    panel.spines["bottom"].set_visible(False)
    panel.tick_params(axis="y", length=0)
    panel.set_title(stage)


def _told(nanoseconds: float) -> str:
    return f"{nanoseconds / 1e3:.3g} µs" if nanoseconds < 1e6 else f"{nanoseconds / 1e6:.3g} ms"

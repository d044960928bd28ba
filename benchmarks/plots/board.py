"""The Grafana board drawn with matplotlib from Prometheus' own data, each panel where Grafana puts it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

_UNITS = {"s": " s", "percentunit": " %", "reqps": " /s", "cps": " /s"}
_COLOURS = (
    "#73bf69",
    "#f2cc0c",
    "#8ab8ff",
    "#ff780a",
    "#f2495c",
    "#5794f2",
    "#b877d9",
    "#37872d",
    "#fade2a",
    "#705da0",
)
_PAPER, _PANEL, _INK, _FAINT = "#111217", "#181b1f", "#ccccdc", "#34363d"
_ROW_INCHES = 0.26
_WIDTH = 15.0
"""Inches."""


class Asked(Protocol):
    """A query of a panel."""

    @property
    def legend(self) -> str:
        """Grafana's pattern of a series' name."""
        ...


Answers = Sequence[tuple[Asked, list[dict[str, Any]]]]


def draw(panels: Sequence[tuple[dict[str, Any], Answers]], folder: Path) -> Path:
    """Draw every panel with its answers; the path of the picture."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    times = [float(at) for _, answers in panels for _, series in answers for one in series for at, _ in one["values"]]
    begin, end = (min(times), max(times)) if times else (0.0, 1.0)
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel, _ in panels)
    figure = plt.figure(figsize=(_WIDTH, rows * _ROW_INCHES), facecolor=_PAPER)
    for panel, answers in panels:
        place = panel["gridPos"]
        left, bottom = place["x"] / 24, 1 - (place["y"] + place["h"]) / rows
        if panel["type"] == "row":
            figure.text(left + 0.006, bottom + 0.3 / rows, panel["title"], color=_INK, fontsize=11, weight="bold")
            continue
        box = (left + 0.003, bottom + 0.15 / rows, place["w"] / 24 - 0.006, (place["h"] - 0.3) / rows)
        frame = plt.Rectangle(box[:2], box[2], box[3], facecolor=_PANEL, edgecolor=_FAINT, linewidth=0.6, zorder=-1)
        figure.add_artist(frame)
        figure.text(box[0] + 0.005, box[1] + box[3] - 0.75 / rows, panel["title"], color=_INK, fontsize=8)
        if panel["type"] == "stat":
            _stat(figure, box, panel, answers, rows)
        else:
            axes = _axes(figure, box, panel, rows)
            axes.set_xlim(0, end - begin)
            _series(axes, panel, answers, begin)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "board.png"
    figure.savefig(path, dpi=110, facecolor=_PAPER)
    plt.close(figure)
    return path


def _stat(figure: Any, box: tuple[float, ...], panel: dict[str, Any], answers: Answers, rows: int) -> None:
    last = [float(one["values"][-1][1]) for _, series in answers for one in series]
    value = last[0] if last else math.nan
    defaults = panel["fieldConfig"]["defaults"]
    if defaults["unit"] == "percentunit":
        value *= 100
    shown = "no data" if math.isnan(value) else f"{value:.3g}{_UNITS.get(defaults['unit'], '')}"
    figure.text(
        box[0] + box[2] / 2, box[1] + 1.0 / rows, shown, color=_COLOURS[0], fontsize=19, weight="bold", ha="center"
    )


def _axes(figure: Any, box: tuple[float, ...], panel: dict[str, Any], rows: int) -> Any:
    """Axes of a panel of series, as plain as Grafana's."""
    axes = figure.add_axes((box[0] + 0.027, box[1] + 2.3 / rows, box[2] - 0.034, box[3] - 3.5 / rows), facecolor=_PANEL)
    unit = _UNITS.get(panel["fieldConfig"]["defaults"]["unit"], "")
    axes.tick_params(colors=_INK, labelsize=6.5, length=0)
    axes.grid(color=_FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}{unit}")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f} s")
    return axes


def _series(axes: Any, panel: dict[str, Any], answers: Answers, begin: float) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    bars = defaults.get("custom", {}).get("drawStyle") == "bars"
    bottoms: dict[float, float] = {}
    named = [(_name(query.legend, one["metric"]), one["values"]) for query, series in answers for one in series]
    scale = 100.0 if defaults["unit"] == "percentunit" else 1.0
    for index, (name, values) in enumerate(named):
        at = [float(time) - begin for time, _ in values]
        heights = [scale * float(value) for _, value in values]
        colour = _COLOURS[index % len(_COLOURS)]
        if bars:
            below = [bottoms.get(time, 0.0) for time in at]
            axes.bar(at, heights, 1.0, bottom=below, color=colour, label=name)
            bottoms |= {time: base + height for time, base, height in zip(at, below, heights, strict=True)}
        else:
            axes.plot(at, heights, color=colour, linewidth=1.3, label=name)
            axes.fill_between(at, heights, color=colour, alpha=0.06)
    axes.set_ylim(bottom=0)
    if named:
        legend = axes.legend(
            loc="upper left", bbox_to_anchor=(-0.06, -0.1), ncols=3, fontsize=5.8, frameon=False, handlelength=1.2
        )
        for text in legend.get_texts():
            text.set_color(_INK)
    else:
        axes.text(0.5, 0.5, "nothing happened", color=_INK, fontsize=8, ha="center", transform=axes.transAxes)


def _name(pattern: str, labels: dict[str, str]) -> str:
    return re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), pattern).strip()

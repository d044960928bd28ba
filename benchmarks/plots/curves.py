"""Response curves of the resamplers: how loud a tone of each frequency comes out, wanted or not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.judging import Judged
from benchmarks.plots import paper

FLOOR_DB = -150.0
"""Lowest level shown."""
LABELS = {
    "response": "level at the output, dB",
    "images": "everything but the tone, dB",
}
"""Curves that are drawn, and what their vertical axis means."""


def draw(judged: Sequence[Judged], folder: Path) -> list[Path]:
    """One picture, a panel per pair of rates that has a response curve."""
    cases = list(dict.fromkeys(one.case.name for one in judged if one.findings.curves.keys() & LABELS.keys()))
    if not cases:
        return []
    figure, panels = paper.sheet(-(-len(cases) // 2), 2, (11.5, 0.8 + 3.0 * -(-len(cases) // 2)))
    drawn = [one for one in judged if one.case.name in cases]
    colours = _colours(drawn)
    for panel, case in zip(panels.flat, cases, strict=False):
        _panel(panel, [one for one in drawn if one.case.name == case], colours)
    for panel in panels.flat[len(cases) :]:
        panel.set_axis_off()
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=8)
    paper.title(
        figure,
        "Resamplers: what comes out when a single tone goes in",
        "Going up: everything that is not the tone. Going down: 0 dB is right in the white band; in the grey one"
        " all that is left is an alias.",
    )
    return [paper.save(figure, folder, "resampler-response")]


def _colours(judged: Sequence[Judged]) -> dict[str, str]:
    names = dict.fromkeys((one.contender.name, one.contender.role) for one in judged)
    ours = [name for name, role in names if role == "ours"]
    peers = [name for name, role in names if role == "peer"]
    return dict(zip(ours, (paper.OURS, paper.OURS_SECOND), strict=False)) | paper.colours(peers)


def _panel(panel: Any, judged: Sequence[Judged], colours: dict[str, str]) -> None:
    drawn = next(iter(judged[0].findings.curves.keys() & LABELS.keys()))
    for one in reversed(judged):
        curve = one.findings.curves[drawn]
        kilohertz = [hertz / 1000 for hertz in curve["x"]]
        level = [max(db, FLOOR_DB) for db in curve["y"]]
        width, above = (2.2, 3) if one.contender.role == "ours" else (1.1, 2)
        name = one.contender.name
        panel.plot(kilohertz, level, color=colours[name], lw=width, label=name, zorder=above)
    if (band := judged[0].findings.curves.get("band")) is not None:
        panel.axvspan(*(hertz / 1000 for hertz in band["x"]), color="#eef0f2", zorder=0, lw=0)
    panel.set_xlim(0, max(kilohertz))
    panel.set_ylim(FLOOR_DB, 12)
    panel.set_yticks(range(int(FLOOR_DB), 1, 30))
    panel.grid(axis="y", color="#e4e7ea", lw=0.7)
    panel.set_title(judged[0].case.name)
    panel.set_xlabel("tone at the input, kHz")
    panel.set_ylabel(LABELS[drawn])

"""Before and after, as spectrograms: what a denoiser or an echo canceller takes away and what it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.judging import Judged, Sound
from benchmarks.plots import paper

WINDOW = 0.032
"""Seconds."""
RANGE_DB = (-95.0, -25.0)
"""From black to white, dBFS per bin."""


def draw(judged: Sequence[Judged], folder: Path) -> list[Path]:
    """A picture per case that has sounds: what everyone was given on top, then what each made of it."""
    cases = list(dict.fromkeys(one.case.name for one in judged if one.findings.sounds))
    return [_picture([one for one in judged if one.case.name == case], folder) for case in cases]


def _picture(judged: Sequence[Judged], folder: Path) -> Path:
    sounds = dict(judged[0].findings.sounds)
    made = [(one.contender.name, one.findings.sounds["after"]) for one in judged if "after" in one.findings.sounds]
    shown = [(name, sound) for name, sound in sounds.items() if name != "after"] + made
    figure, panels = paper.sheet(len(shown), 1, (11.5, 0.9 + 1.35 * len(shown)), sharex=True, sharey=True)
    for panel, (name, sound) in zip(panels.flat, shown, strict=True):
        _panel(panel, name, sound)
    panels.flat[-1].set_xlabel("seconds")
    paper.title(figure, judged[0].case.name.capitalize(), judged[0].case.signal)
    return paper.save(figure, folder, judged[0].case.name.replace(" ", "-"))


def _panel(panel: Any, name: str, sound: Sound) -> None:
    samples, rate = np.asarray(sound["samples"]), int(sound["rate"])
    size = round(WINDOW * rate)
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 4]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) / (size / 4)
    level = 20 * np.log10(spectrum.T + 1e-7)
    extent = (0.0, len(samples) / rate, 0.0, rate / 2000)
    low, high = RANGE_DB
    panel.imshow(level, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=low, vmax=high)
    panel.set_ylabel("kHz")
    panel.set_title(name)

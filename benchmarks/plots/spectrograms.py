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
RANGE_DB = (-90.0, -30.0)
"""From black to white, dBFS per bin."""


def draw(judged: Sequence[Judged], folder: Path) -> list[Path]:
    """A picture per case that has sounds: what everyone was given on top, then what each made of it."""
    cases = list(dict.fromkeys(one.case.name for one in judged if one.findings.sounds))
    return [_picture([one for one in judged if one.case.name == case], folder) for case in cases]


def _picture(judged: Sequence[Judged], folder: Path) -> Path:
    shown = [*given(judged), *((one.contender.name, one.findings.sounds["after"]) for one in judged)]
    figure, panels = paper.sheet(len(shown), 1, (11.5, 0.9 + 1.35 * len(shown)), sharex=True, sharey=True)
    for panel, (name, sound) in zip(panels.flat, shown, strict=True):
        draw_sound(panel, name, sound)
        panel.set_ylabel("kHz")
    panels.flat[-1].set_xlabel("seconds")
    paper.title(figure, judged[0].case.name.capitalize(), judged[0].case.signal)
    return paper.save(figure, folder, judged[0].case.name.replace(" ", "-"))


def given(judged: Sequence[Judged]) -> list[tuple[str, Sound]]:
    """What everyone was given and what they should have made of it."""
    return [(name, sound) for name, sound in judged[0].findings.sounds.items() if name != "after"]


def draw_sound(panel: Any, name: str, sound: Sound) -> None:
    """One spectrogram under its name."""
    samples, rate = np.asarray(sound["samples"]), int(sound["rate"])
    size = round(WINDOW * rate)
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 4]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) / (size / 4)
    level = 20 * np.log10(spectrum.T + 1e-7)
    extent = (0.0, len(samples) / rate, 0.0, rate / 2000)
    low, high = RANGE_DB
    panel.imshow(level, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=low, vmax=high)
    panel.set_title(name)

"""One small picture for a page: the denoiser and the echo canceller, before and after, beside WebRTC's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.judging import Judged
from benchmarks.plots import paper
from benchmarks.plots.spectrograms import draw_sound, given

CASES = {
    "denoise": ("dsp.FourierDenoiser", "WebRTC NS"),
    "echo": ("dsp.EchoCanceller", "WebRTC AEC3"),
}
"""Cases side by side, and the contenders one below the other."""


def draw(judged: Sequence[Judged], folder: Path) -> list[Path]:
    """The picture, if both cases and all contenders are there."""
    found = {(one.case.name, one.contender.name): one for one in judged if one.findings.sounds}
    if not all((case, name) in found for case, names in CASES.items() for name in names):
        return []
    figure, panels = paper.sheet(4, len(CASES), (11.5, 5.4), sharex="col", sharey=True)
    for column, (case, names) in zip(panels.T, CASES.items(), strict=True):
        chosen = [found[case, name] for name in names]
        shown = [*given(chosen), *((one.contender.name, one.findings.sounds["after"]) for one in chosen)]
        for panel, (name, sound) in zip(column, shown, strict=True):
            draw_sound(panel, name, sound)
        column[-1].set_xlabel("seconds")
    for panel in panels[:, 0]:
        panel.set_ylabel("kHz")
    paper.title(
        figure,
        "What a caller's line sounds like, before and after",
        "Left: the background goes, the caller stays. Right: the assistant's echo goes, the customer stays."
        "   (python -m benchmarks quality --plot)",
    )
    return [paper.save(figure, folder, "before-after", dpi=100, shades=40)]

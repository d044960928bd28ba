"""What all pictures share: colours, type, and how they are saved."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # after the choice of backend
from PIL import Image

OURS = "#0b6e75"
OURS_SECOND = "#52b0a4"
FLOOR = "#c9cdd2"
INK = "#22272e"
FAINT = "#8a929c"
PEERS = ("#d1495b", "#edae49", "#5c6bc0", "#9c6644", "#7a7f87", "#3f88c5")
"""Distinguishable for the colour-blind, too; the first is the peer that most people would use."""

DPI = 130
SHADES = 128
"""Colours of a picture: enough for a spectrogram, a third of the bytes."""

plt.rcParams.update(
    {
        "font.family": "sans-serif",
        "font.size": 9,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": FAINT,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "figure.facecolor": "white",
        "legend.frameon": False,
    }
)


def sheet(rows: int, columns: int, size: tuple[float, float], **options: Any) -> tuple[Any, Any]:
    """A figure and its panels, always as a two-dimensional array."""
    figure, panels = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained", **options)
    return figure, panels


def title(figure: Any, text: str, below: str) -> None:
    """A heading with one line of explanation under it."""
    figure.suptitle(f"{text}\n", x=0.012, ha="left", fontsize=13, fontweight="bold", color=INK)
    figure.text(0.012, 1 - 0.48 / figure.get_figheight(), below, ha="left", fontsize=9, color=FAINT)


def save(figure: Any, folder: Path, name: str, *, dpi: int = DPI, shades: int = SHADES) -> Path:
    """Write a PNG of so many colours and forget the figure."""
    path = folder / f"{name}.png"
    drawn = BytesIO()
    figure.savefig(drawn, dpi=dpi)
    plt.close(figure)
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(shades, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour per peer."""
    return {name: PEERS[index % len(PEERS)] for index, name in enumerate(names)}

"""Turns to judge: each a recording's pauses, with what the engines knew in each of them.

The file is JSON lines, one `Turn` a line, written by ``python -m benchmarks.turns.prepare`` or by the adapter for
eot-bench's data. The last pause of a turn is its end, every earlier one is a pause to wait through.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from platformdirs import user_cache_path

VARIABLE = "BENCHMARK_TURNS"
"""Environment variable that names the file."""

CURVE = ((0.0, 0.1), (1 - 0.556, 0.3), (1 - 0.217, 0.6), (0.90, 1.0), (0.95, 1.6), (1.0, 2.6))
"""Share of eot-bench's turns without a longer pause, and its seconds: the silence-only row of its table."""

LOOKS = (0.2, 0.4, 0.7)
"""Seconds of a pause at which the sound model is asked."""

Kind = Literal["pauses", "cut", "digits", "eot-bench"]
"""A recording with its own pauses; one cut inside a sentence, with a pause put in; spelled digits; livekit's data."""


class Pause(msgspec.Struct, frozen=True):
    """One pause of a turn."""

    length: float | None
    """Seconds; None at the end of the turn."""
    text: str
    """What a recogniser had understood by then, with the marks that it gave."""
    done: float | None = None
    """The sound model's probability that the speaker has finished, at 200 ms; None where it was not asked."""
    later: tuple[float, ...] = ()
    """Its probabilities at the later `LOOKS`."""
    at: float | None = None
    """Second of the recording at which the speech before the pause ended."""
    between: bool = False
    """Whether a pause that was put in lies where the speaker paused as well: between two sentences or phrases."""


class Turn(msgspec.Struct, frozen=True):
    """One caller's turn."""

    source: str
    speaker: str
    language: str
    kind: Kind
    test: bool
    """Whether its speaker is of the test set; the weights were fitted on the others."""
    pauses: tuple[Pause, ...]
    question: str = ""
    """What the assistant had asked."""


@dataclass(frozen=True)
class Material:
    """The turns that were found, or why there are none."""

    turns: Sequence[Turn]
    missing: str = ""


def load() -> Material:
    """Read the file of turns."""
    path = Path(os.environ.get(VARIABLE) or user_cache_path("vapi-providers") / "turns.jsonl")
    if not path.is_file():
        return Material(
            (), f"no turns at {path}: python -m benchmarks.turns.prepare --help makes them, {VARIABLE} names"
        )
    decoder = msgspec.json.Decoder(Turn)
    return Material([decoder.decode(line) for line in path.read_bytes().splitlines() if line.strip()])


def write(path: Path, turns: Sequence[Turn]) -> None:
    """Write a file of turns."""
    encoder = msgspec.json.Encoder()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(encoder.encode(turn) + b"\n" for turn in turns))

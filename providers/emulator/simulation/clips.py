"""What the caller's lines sound like: spoken by an engine in a process of its own, or read from files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsp import Samples
from providers.emulator.failures import EmulatorError
from providers.emulator.simulation.caller import parts_of
from providers.emulator.simulation.scenario import Line, Scenario
from providers.emulator.sound import speech_spans
from providers.emulator.speech import SOURCE_RATE, sentence
from providers.emulator.wav import mono, read_clip, resampled

_SLOWEST_VOICE = 14.0
"""Characters a second, where no sound is made."""
_SHORTEST = 0.35
"""Seconds of the shortest word."""
_SPEAKERS = 4
"""Processes that speak lines at the same time."""


@dataclass(frozen=True, slots=True, eq=False)
class CallerClips:
    """Sound of every part of every line, float32 mono at one rate."""

    parts: tuple[tuple[Samples, ...], ...]
    rate: int
    """Hz."""

    @property
    def seconds(self) -> list[list[float]]:
        """How long each part of each line lasts."""
        return [[len(part) / self.rate for part in line] for line in self.parts]


def estimated(scenario: Scenario) -> list[list[float]]:
    """How long each part of each line would last, at a usual pace."""
    return [[max(_SHORTEST, len(part) / _SLOWEST_VOICE) for part in parts_of(line)] for line in scenario.caller]


async def caller_clips(scenario: Scenario, folder: Path) -> CallerClips:
    """The sound of a scenario's caller at the scenario's rate.

    Raises
    ------
    EmulatorError
        A file cannot be read, or no engine is there to speak.
    """
    limit = asyncio.Semaphore(_SPEAKERS)

    async def spoken(text: str) -> Samples:
        async with limit:
            found = await sentence(text, scenario.voice)
        if found is None:
            raise EmulatorError(
                f"{scenario.name}: expected an engine to speak the caller's lines, found none: pip install "
                "'vapi-providers[local]', or give the lines as wav"
            )
        return _trimmed(resampled(found, SOURCE_RATE, scenario.rate), scenario.rate)

    async def sounds(line: Line) -> tuple[Samples, ...]:
        if line.wav is not None:
            return (mono(read_clip(folder / line.wav), scenario.rate),)
        return tuple(await asyncio.gather(*(spoken(text) for text in parts_of(line))))

    parts: Sequence[tuple[Samples, ...]] = await asyncio.gather(*(sounds(line) for line in scenario.caller))
    return CallerClips(tuple(parts), scenario.rate)


def _trimmed(spoken: Samples, rate: int) -> Samples:
    """Without the silence around it, so that a line begins and ends when the scenario says so."""
    spans = speech_spans(spoken, rate)
    if not spans:
        return spoken
    margin = 0.02
    first = max(int((spans[0].start - margin) * rate), 0)
    return np.ascontiguousarray(spoken[first : int((spans[-1].end + margin) * rate)])

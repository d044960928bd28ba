"""Whole conversations with a server of ours, by the offline platform: how long callers wait, and what they hear."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks import recordings
from benchmarks.case import Unfit
from benchmarks.served import serving
from dsp import Samples
from providers.emulator.credentials import SentCredentials
from providers.emulator.simulation.caller import parts_of
from providers.emulator.simulation.clips import CallerClips, caller_clips
from providers.emulator.simulation.judging import judged
from providers.emulator.simulation.live_run import run_live
from providers.emulator.simulation.scenario import Scenario
from providers.emulator.simulation.take import Take
from providers.emulator.targets import targets_at

RATE = 16_000
"""Hz of the transcriber's socket."""
AT_ONCE = 2
"""Conversations at the same time: the embedded recogniser takes most of a processor for each."""
SHORTEST, LONGEST = 1.5, 5.0
"""Seconds of a recording that serves as a line."""
ENGLISH = ("sounds-en-", "pocketsphinx")
"""Parts of the names of sources whose speakers the embedded recogniser understands."""
REPLY = "Thank you, I have written that down. Is there anything else that I can do for you today?"
SCENARIO: dict[str, Any] = {
    "name": "a conversation",
    "assistant": {"firstMessage": "Hello."},
    "model": {"replies": [REPLY] * 20, "delay": 0.3},
    "caller": [
        {"say": "I would like to book a table."},
        {"say": "Please call me in the evening."},
        {"say": "What time do you open?"},
        {"say": "Wait a moment please.", "interrupt": 1.5},
        {"say": "That is all for today."},
        {"hangup": True},
    ],
    "expect": [{"overlaps": 0}, {"cut_offs": 0}],
    "longest": 90,
}


@dataclass(frozen=True)
class Held:
    """What came of some conversations."""

    takes: Sequence[Take]

    @property
    def waits(self) -> list[float]:
        """Seconds from the end of the caller's words to the assistant's first sound, one for each turn."""
        return sorted(latency.turn for take in self.takes for latency in take.latencies())

    @property
    def overlaps(self) -> int:
        """How often the assistant began to speak while the caller did."""
        return self._faults("overlaps")

    @property
    def cut_offs(self) -> int:
        """How often it began before a line was over."""
        return self._faults("cut_offs")

    @property
    def silences(self) -> list[float]:
        """Seconds from the platform's own rule for interruptions to the last sound, one for each interruption."""
        found = []
        for take in self.takes:
            for event in take.of_kind("interrupted"):
                after = [span.at + span.seconds - event.at for span in take.played if 0 <= span.at - event.at < 0.5]
                found.append(max(after, default=0.0))
        return sorted(found)

    def _faults(self, name: str) -> int:
        told = [one for take in self.takes for one in judged(take) if one.expectation.startswith(name)]
        return sum(int(one.fault.partition(":")[0]) for one in told if one.fault is not None)


def held(*flags: str, conversations: int, endpointing: bool = True) -> Held:
    """Hold conversations with a fresh server; without ``endpointing`` the platform's own rules end the turns."""
    scenario = msgspec.convert(SCENARIO, Scenario)
    with serving(*flags) as server:
        targets = targets_at(server.base, SentCredentials())
        if not endpointing:
            targets = replace(targets, endpointing=None)

        async def all_() -> list[Take]:
            clips = await caller_clips(scenario, Path())
            limit = asyncio.Semaphore(AT_ONCE)

            async def one(number: int) -> Take:
                async with limit:
                    return await run_live(scenario, _real(clips, number), Path(), targets, number)

            return await asyncio.gather(*(one(number) for number in range(1, conversations + 1)))

        return Held(asyncio.run(all_()))


def _real(clips: CallerClips, number: int) -> CallerClips:
    """The lines by a real speaker where recordings are there, another one for each conversation; else as they are."""
    spoken = _recorded()
    if not spoken:
        return clips
    rng = np.random.default_rng(number)
    mine = spoken[int(rng.integers(len(spoken)))]
    lines = iter(rng.permutation(len(mine)))
    return CallerClips(tuple((mine[next(lines)],) if line else () for line in clips.parts), clips.rate)


_known: list[list[Samples]] = []


def _recorded() -> list[list[Samples]]:
    """Recordings of the test set that are as long as a line, by speaker; none where none were brought."""
    if not _known:
        by_speaker: dict[str, list[Samples]] = {}
        try:
            for one in recordings.listed(kind="speech", which="test"):
                english = bool(one.transcript) and any(mark in one.source for mark in ENGLISH)
                if english and SHORTEST < one.seconds < LONGEST and len(by_speaker.setdefault(one.speaker, [])) < 12:
                    by_speaker[one.speaker].append(recordings.load(one, RATE))
        except Unfit:
            return []
        lines = sum(bool(parts_of(line)) for line in msgspec.convert(SCENARIO, Scenario).caller)
        _known.extend(said for said in by_speaker.values() if len(said) >= lines)
    return _known

"""One call over a vendor that is reconnected, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from providers.engines.base import Recognition, Transcript
from providers.engines.events import EngineEvent
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.reconnecting import Reconnecting
from tests.engines.imitations.tone_vendor import ToneVendor
from tests.engines.tone_words import RATE, Spoken
from tests.virtual_time import run_virtual

BLOCK = 0.1
SLOW = Spoken((1, 2, 3, 4, 5, 6), (0.5,) * 6)
"""Six words, each an utterance of its own, in 4.3 seconds."""
FAST = Spoken(tuple(range(40)), (0.1,) * 40)
"""Forty words in 12 seconds."""
QUIET = np.zeros(RATE, "<i2")


@dataclass
class Call:
    """A call over a vendor that is reconnected, and all that can be seen of it."""

    vendor: ToneVendor
    options: ReconnectOptions = ReconnectOptions()
    events: list[EngineEvent] = field(default_factory=list)
    told: list[Transcript] = field(default_factory=list)

    def engine(self) -> Reconnecting:
        return Reconnecting(self.vendor, options=self.options, observe=self.events.append, chance=lambda: 0.0)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def words(self) -> list[int]:
        """The finals' words; -1 is a sound that is none."""
        texts = [transcript.text for transcript in self.told if transcript.final]
        return [-1 if word == "?" else int(word) for text in texts for word in text.split()]

    async def read(self, recognition: Recognition) -> None:
        async for transcript in recognition:
            self.told.append(transcript)

    async def speak(self, *audio: np.ndarray, block: float = BLOCK) -> None:
        """Push in real time, finish, and read to the end."""
        pcm = np.concatenate(audio).tobytes()
        step = 2 * round(block * RATE)
        async with self.engine().listen(rate=RATE) as recognition, asyncio.TaskGroup() as group:
            group.create_task(self.read(recognition))
            for begin in range(0, len(pcm), step):
                await asyncio.sleep(block)
                await recognition.push(pcm[begin : begin + step])
            await recognition.finish()


def play(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def scene() -> None:
        await scenario()
        assert len(asyncio.all_tasks()) == 1, "no task is left"

    run_virtual(scene())

"""A speaking engine that does as it is told, chunk by chunk, and remembers what was asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import numpy as np

from providers.engines.base import Chunk, SpeakingCapabilities, Utterance
from providers.errors import EngineError, UnknownVoice

Step = float | bytes | EngineError
"""Seconds to wait, PCM to say, or an error to raise."""


def tone(seconds: float, *, level: int = 8000, rate: int = 8000) -> bytes:
    """PCM of a constant level, audible unless it is 0."""
    return np.full(round(seconds * rate), level, dtype="<i2").tobytes()


class ScriptedVoice:
    """Follows one script per utterance; the last one again and again."""

    def __init__(
        self,
        name: str,
        *scripts: Sequence[Step],
        voices: tuple[str, ...] | None = None,
        rates: tuple[int, ...] = (8000,),
        start: EngineError | None = None,
    ) -> None:
        self.name = name
        self.capabilities = SpeakingCapabilities(rates=rates, voices=voices or (), streaming=True)
        self.asked: list[Utterance] = []
        self.cancelled = 0
        self.running = 0
        self.closed = False
        self._scripts = list(scripts)
        self._voices = voices
        self._start = start

    def then(self, *scripts: Sequence[Step]) -> None:
        """Follow these scripts after the ones given before."""
        self._scripts += scripts

    async def start(self) -> None:
        if self._start:
            raise self._start

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        self.asked.append(utterance)
        if self._voices is not None and utterance.voice not in (None, *self._voices):
            raise UnknownVoice(utterance.voice or "", engine=self.name, examples=self._voices)
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        rate = self.capabilities.rates[0] if self.capabilities.rates else utterance.rate
        self.running += 1
        ended = False
        try:
            for step in script:
                if isinstance(step, EngineError):
                    ended = True
                    raise step
                if isinstance(step, bytes):
                    yield Chunk(step, rate)
                else:
                    await asyncio.sleep(step)
            ended = True
        finally:
            self.running -= 1
            self.cancelled += not ended

    async def aclose(self) -> None:
        self.closed = True

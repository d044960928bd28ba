"""Engines that follow a script: a recogniser that is late or lost, a voice that is slow or fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from providers.engines.base import Chunk, ListeningCapabilities, SpeakingCapabilities, Transcript, Utterance
from providers.errors import EngineError

__all__ = ["ScriptedRecogniser", "ScriptedVoice", "speechlike"]

_LOUD = 1000.0
"""Mean magnitude from which a push is speech."""


def speechlike(seconds: float, rate: int, seed: int) -> np.ndarray:
    """Noise in syllables, int16: its envelope has the shape of speech and is this seed's own."""
    rng = np.random.default_rng(seed)
    size = round(seconds * rate)
    loud = np.repeat(rng.uniform(0.3, 1.0, round(seconds * 6) + 1), rate // 6 + 1)[:size]
    return np.asarray((loud * rng.standard_normal(size) * 6000).clip(-32000, 32000).astype("<i2"))


@dataclass
class Script:
    """What a recogniser does in one call."""

    finals: list[str]
    """Text of each utterance's final, in order; the last one is repeated."""
    late: float = 0.0
    """Seconds of audio from the end of speech to the final, beyond the usual."""
    losses: int = 0
    """Times that the recogniser is lost at the end of the caller's first speech."""
    reopen: float = 0.0
    """Seconds that the recogniser needs to open after a loss."""
    opened: int = 0
    said: int = 0


@dataclass
class ScriptedRecogniser:
    """Hears speech by its level; the call's script is named by ``?language=``."""

    scripts: Mapping[str, Script]
    script: Script = field(default_factory=lambda: Script([""]))
    usual: float = 0.3
    """Seconds of silence after which a final comes."""
    name: str = "scripted"
    capabilities: ListeningCapabilities = ListeningCapabilities(punctuates=True, partials=True)

    def with_options(self, *, model: str | None = None, language: str | None = None) -> ScriptedRecogniser:
        """The recogniser of one call."""
        return self if language is None else replace(self, script=self.scripts.get(language, self.script))

    async def start(self) -> None:
        """Start nothing."""

    async def aclose(self) -> None:
        """Close nothing."""

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncGenerator[_Hearing, None]:
        """Open a recognition; one after a loss takes its time."""
        self.script.opened += 1
        if self.script.opened > 1:
            await asyncio.sleep(self.script.reopen)
        yield _Hearing(self, rate)


class _Hearing:
    def __init__(self, engine: ScriptedRecogniser, rate: int) -> None:
        self._script = engine.script
        self._wait = engine.usual + engine.script.late
        self._rate = rate
        self._seconds = 0.0
        self._loud_until: float | None = None
        self._told: asyncio.Queue[Transcript | EngineError] = asyncio.Queue()

    async def push(self, pcm: bytes, /) -> None:
        """Take audio, in steps of 20 ms: a replay comes in one piece."""
        step = self._rate // 50 * 2
        for at in range(0, len(pcm), step):
            self._hear(pcm[at : at + step])

    def _hear(self, pcm: bytes) -> None:
        samples = np.frombuffer(pcm, "<i2")
        self._seconds += len(samples) / self._rate
        script = self._script
        text = script.finals[min(script.said, len(script.finals) - 1)]
        if np.abs(samples.astype(np.float32)).mean() > _LOUD:
            if self._loud_until is None:
                first = " ".join(text.split()[:2])
                self._told.put_nowait(Transcript(first, False, end=self._seconds))
            self._loud_until = self._seconds
        elif (
            self._loud_until is not None and self._seconds - self._loud_until >= 0.1 and script.losses >= script.opened
        ):
            self._told.put_nowait(EngineError("the vendor hung up", engine="scripted"))
            self._loud_until = None
        elif self._loud_until is not None and self._seconds - self._loud_until >= self._wait:
            self._told.put_nowait(Transcript(text, True, end=self._loud_until))
            script.said += 1
            self._loud_until = None

    async def finish(self) -> None:
        """End the audio."""

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        """Transcripts, as the script has them."""
        while True:
            told = await self._told.get()
            if isinstance(told, EngineError):
                raise told
            yield told


@dataclass
class ScriptedVoice:
    """Speaks a second of noise for every text, after a wait that is its own or the text's."""

    delay: float = 0.02
    """Seconds."""
    delays: Mapping[str, float] = field(default_factory=dict)
    """By the text's beginning."""
    fails: frozenset[str] = frozenset()
    """Beginnings of texts that it fails with."""
    name: str = "scripted"
    capabilities: SpeakingCapabilities = SpeakingCapabilities()

    async def start(self) -> None:
        """Start nothing."""

    async def aclose(self) -> None:
        """Close nothing."""

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak."""
        text = utterance.text
        if any(text.startswith(begin) for begin in self.fails):
            await asyncio.sleep(0.8)
            raise EngineError("the vendor failed", engine=self.name)
        await asyncio.sleep(next((wait for begin, wait in self.delays.items() if text.startswith(begin)), self.delay))
        yield Chunk(speechlike(1.0, 16000, seed=sum(map(ord, text))).tobytes(), 16000)

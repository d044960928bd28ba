"""Engines that follow a script, for tests of everything in front of an engine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from providers.engines.base import Chunk, ListeningCapabilities, SpeakingCapabilities, Transcript, Utterance
from providers.errors import EngineError

LOUD = (bytes([0, 32]) * 32 + bytes([0, 224]) * 32) * 25
"""100 ms at 16 kHz of something audible (a square wave of 250 Hz, -12 dBFS)."""


class Hang:
    """A step of a script: nothing more happens."""


@dataclass
class ScriptedVoice:
    """Speaks its script for every utterance: bytes are audio, an exception is raised, `Hang` waits for ever."""

    script: Sequence[bytes | Exception | Hang] = (LOUD,)
    rate: int = 16000
    name: str = "scripted"
    capabilities: SpeakingCapabilities = SpeakingCapabilities()
    utterances: list[Utterance] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    hanging: threading.Event = field(default_factory=threading.Event)
    produced: int = 0
    """Bytes of audio handed out."""

    async def start(self) -> None: ...

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        self.utterances.append(utterance)
        try:
            for step in self.script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, Hang):
                    self.hanging.set()
                    await asyncio.Event().wait()
                else:
                    self.produced += len(step)
                    yield Chunk(step, self.rate)
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled.set()
            raise

    async def aclose(self) -> None: ...


Hear = Callable[[bytes], list[Transcript]]


@dataclass
class ScriptedListener:
    """Hands each push to ``hear`` and tells what it answers; records all that was pushed, per recognition."""

    hear: Hear = lambda pcm: []
    name: str = "scripted"
    capabilities: ListeningCapabilities = ListeningCapabilities(punctuates=True)
    opens_when: threading.Event | None = None
    """Opening waits for this."""
    fails_on_open: Exception | None = None
    deaf: bool = False
    """Push never returns."""
    last_words: list[Transcript] | None = None
    """What finishing adds, before the iteration ends; without it the iteration never ends."""
    pushed: list[bytearray] = field(default_factory=list)
    rates: list[int] = field(default_factory=list)
    open: int = 0
    closed: threading.Event = field(default_factory=threading.Event)

    async def start(self) -> None: ...

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncGenerator[_Scripted, None]:
        while self.opens_when is not None and not self.opens_when.is_set():
            await asyncio.sleep(0.005)  # the gate belongs to the test's thread, out of this loop's reach
        if self.fails_on_open is not None:
            raise self.fails_on_open
        self.rates.append(rate)
        self.pushed.append(bytearray())
        self.open += 1
        try:
            yield _Scripted(self, self.pushed[-1])
        finally:
            self.open -= 1
            self.closed.set()

    async def aclose(self) -> None: ...


class _Scripted:
    def __init__(self, engine: ScriptedListener, pushed: bytearray) -> None:
        self._engine = engine
        self._pushed = pushed
        self._told: asyncio.Queue[Transcript | Exception | None] = asyncio.Queue()

    async def push(self, pcm: bytes, /) -> None:
        if self._engine.deaf:
            await asyncio.Event().wait()
        self._pushed += pcm
        try:
            for transcript in self._engine.hear(pcm):
                self._told.put_nowait(transcript)
        except EngineError as error:
            self._told.put_nowait(error)

    async def finish(self) -> None:
        if self._engine.last_words is not None:
            for transcript in self._engine.last_words:
                self._told.put_nowait(transcript)
            self._told.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        while (told := await self._told.get()) is not None:
            if isinstance(told, Exception):
                raise told
            yield told

"""A vendor that understands tone words and fails as it is told, connection by connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np

from providers.engines.base import ListeningCapabilities, Transcript
from providers.errors import EngineBusy, EngineError
from tests.engines.tone_words import ToneRecogniser

Kind = Literal["refuse", "busy", "hang", "cut", "cut send", "zombie", "half open", "stall", "end"]


@dataclass(frozen=True, slots=True)
class Fault:
    """How one connection fails."""

    kind: Kind
    """refuse, busy, hang: while opening. cut: both directions die. cut send: pushing dies, results still come.
    zombie: the same, and iteration cannot be cancelled for half a second, in which old results come late.
    half open: audio is taken and nothing answered. stall: pushing hangs. end: iteration ends politely."""
    after: float = 0.0
    """Seconds from the beginning of opening, or from being open."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a vendor behaves while it is well."""

    latency: float = 0.05
    """Seconds from audio to its transcript."""
    opening: float = 0.05
    """Seconds to open."""
    closing: float = 0.0
    """Seconds to close."""
    word_times: bool = True
    covers_quiet: bool = False
    """Transcripts end where the audio heard so far ends, not with their last word."""
    partials: bool = True
    most: int = 4
    """Words per utterance at most."""


class ToneVendor:
    """A `SpeechToText`; its connections fail by the list, and are well once the list has run out."""

    def __init__(self, faults: Sequence[Fault] = (), manner: Manner = Manner(), *, name: str = "tones") -> None:
        self.name = name
        self.capabilities = ListeningCapabilities(
            channels=2, partials=manner.partials, punctuates=True, word_times=manner.word_times
        )
        self.opened = 0
        self.open_now = 0
        self.closed = False
        self._faults = list(faults)
        self._manner = manner

    async def start(self) -> None:
        """Nothing to warm."""

    async def aclose(self) -> None:
        self.closed = True

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncIterator[ToneRecognition]:
        if channels > self.capabilities.channels:
            raise EngineError("too many channels", engine=self.name, retryable=False)
        fault = self._next_fault()
        await asyncio.sleep(self._manner.opening)
        if fault is not None and fault.kind in ("refuse", "busy", "hang"):
            await asyncio.sleep(3600.0 if fault.kind == "hang" else fault.after)
            if fault.kind == "busy":
                raise EngineBusy("429", engine=self.name, retry_after=0.5)
            raise EngineError("503", engine=self.name)
        recognition = ToneRecognition(channels, self._manner)
        self.opened += 1
        self.open_now += 1
        timer = None
        if fault is not None:
            timer = asyncio.get_running_loop().call_later(fault.after, recognition.fail, fault.kind)
        try:
            yield recognition
        finally:
            if timer is not None:
                timer.cancel()
            self.open_now -= 1
            await asyncio.sleep(self._manner.closing)

    def _next_fault(self) -> Fault | None:
        return self._faults.pop(0) if self._faults else None


class ToneRecognition:
    """One connection; results arrive late by the vendor's latency."""

    def __init__(self, channels: int, manner: Manner) -> None:
        self._channels = channels
        self._manner = manner
        self._recognisers = [
            ToneRecogniser(channel, word_times=manner.word_times, covers_quiet=manner.covers_quiet, most=manner.most)
            for channel in range(channels)
        ]
        self._arrived: asyncio.Queue[Transcript | EngineError | None] = asyncio.Queue()
        self._on_its_way: deque[Transcript | None] = deque()
        self._failed: Kind | None = None
        self._asked_to_finish = False

    def fail(self, kind: Kind) -> None:
        """Fail from now on."""
        if kind == "end" and self._asked_to_finish:
            return  # a vendor that ends when asked to, and says nothing, has heard nothing, as far as a client can tell
        self._failed = kind
        if kind == "cut":
            self._arrived.put_nowait(EngineError("socket closed: 1006"))
        elif kind == "end":
            self._arrived.put_nowait(None)

    async def push(self, pcm: bytes, /) -> None:
        if self._failed in ("cut", "cut send", "zombie"):
            raise EngineError("cannot send: the socket is closed")
        if self._failed == "stall":
            await asyncio.sleep(3600.0)
        frames = np.frombuffer(pcm, dtype="<i2").reshape(-1, self._channels)
        for channel, recogniser in enumerate(self._recognisers):
            self._tell(recogniser.feed(frames[:, channel]))

    async def finish(self) -> None:
        self._asked_to_finish = True
        for recogniser in self._recognisers:
            self._tell(recogniser.flush())
        self._send(None)

    def __aiter__(self) -> ToneRecognition:
        return self

    async def __anext__(self) -> Transcript:
        try:
            arrived = await self._arrived.get()
        except asyncio.CancelledError:
            if self._failed != "zombie":
                raise
            await asyncio.sleep(0.5)
            if self._arrived.empty():
                raise
            arrived = self._arrived.get_nowait()
        if arrived is None:
            raise StopAsyncIteration
        if isinstance(arrived, EngineError):
            self._arrived.put_nowait(arrived)
            raise arrived
        return arrived

    def _tell(self, told: list[Transcript]) -> None:
        for transcript in told:
            if transcript.final or self._manner.partials:
                self._send(transcript)

    def _send(self, transcript: Transcript | None) -> None:
        # Timers of the same moment fire in any order; what is on its way stays in line.
        self._on_its_way.append(transcript)
        asyncio.get_running_loop().call_later(self._manner.latency, self._arrive)

    def _arrive(self) -> None:
        transcript = self._on_its_way.popleft()
        if self._failed not in ("cut", "half open", "stall", "end"):
            self._arrived.put_nowait(transcript)

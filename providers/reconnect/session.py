"""One recognition that outlives the connections behind it.

Audio goes into a ring buffer and from there to every connection that is open, usually one. When it is lost, or silent
for too long, a selector names the engine for the next connection (the same again, or another), which hears the buffer
from the end of the last final on. Transcripts are merged by audio time and leave through one queue::

    push ──▶ CallAudio ──▶ RecognitionConnection: feeder ─▶ engine ─▶ reader ──▶ merge ──▶ queue ──▶ iteration
                              ▲
        EngineSelector ──▶ Supervisor: opens, compares, leaves

What a connection says after it was left does not count.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType

from providers.engines.base import Transcript
from providers.engines.events import Observe
from providers.errors import EngineError
from providers.queues import BoundedQueue
from providers.reconnect.audio import CallAudio
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.response_watchdog import ResponseLimits
from providers.reconnect.selector import EngineSelector
from providers.reconnect.supervisor import Supervisor

__all__ = ["ResilientRecognition"]

_WAITING = 256
"""Transcripts that may wait for their reader; partials replace each other, so these are finals."""


class ResilientRecognition:
    """A `Recognition` and its context manager. Entering opens the first engine; leaving ends all it started."""

    def __init__(
        self, selector: EngineSelector, options: ReconnectOptions, *, rate: int, channels: int, observe: Observe
    ) -> None:
        self._audio = CallAudio(rate, channels, options.replay)
        self._transcripts: BoundedQueue[Transcript] = BoundedQueue(_WAITING)
        self._supervisor = Supervisor(selector, self._audio, self._transcripts, ResponseLimits(options), observe)
        self._failure: Exception | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> ResilientRecognition:
        self._task = asyncio.create_task(self._run())
        try:
            await self._supervisor.opened.wait()
        except BaseException:
            await self._end(self._task)
            raise
        if self._failure is not None:
            await self._end(self._task)
            raise self._failure
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await self._end(self._task)

    def __aiter__(self) -> AsyncIterator[Transcript]:
        return self

    async def __anext__(self) -> Transcript:
        transcript = await self._transcripts.get()
        if transcript is None:
            raise self._failure or StopAsyncIteration
        return transcript

    @property
    def behind(self) -> float:
        """Seconds of audio that no connection has been given yet; 0 while none is open."""
        return self._supervisor.behind / self._audio.rate

    async def push(self, pcm: bytes, /) -> None:
        """Hand over audio; waits only while every open connection is a whole buffer behind."""
        audio = self._audio
        if audio.finished:
            raise EngineError("push: expected no audio after finish, found some", retryable=False)
        width = 2 * audio.channels
        step = max(1, audio.capacity // 2) * width
        for begin in range(0, len(pcm), step):
            part = pcm[begin : begin + step]
            while self._failure is None and self._supervisor.behind + len(part) // width > audio.capacity:
                audio.room.clear()
                await audio.room.wait()
            if self._failure is not None:
                raise self._failure
            audio.append(part)
            self._supervisor.check()

    async def finish(self) -> None:
        """Say that no more audio comes."""
        self._audio.finish()

    async def _run(self) -> None:
        try:
            await self._supervisor.run()
        except Exception as error:
            self._failure = EngineError.of(error, engine="reconnecting")
        finally:
            self._transcripts.end()
            self._supervisor.opened.set()
            self._audio.room.set()

    async def _end(self, task: asyncio.Task[None]) -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._supervisor.aclose()

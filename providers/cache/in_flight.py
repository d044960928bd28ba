"""Synthesis in flight, shared by any number of requests (request coalescing), each from its beginning.

A late request gets at once what was made so far. A request that leaves does not disturb the others; when the last one
leaves before the end, the synthesis is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from providers.cache.recording import Recording, recording_of
from providers.engines.base import Chunk
from providers.errors import EngineError

__all__ = ["InFlightSynthesis"]


class InFlightSynthesis:
    """One synthesis, read from the engine once; `listen` yields it any number of times.

    Parameters
    ----------
    answer
        The engine's chunks. This object closes them.
    longest
        Seconds of audio; an engine that makes more has failed.
    """

    def __init__(self, answer: AsyncGenerator[Chunk, None], *, longest: float) -> None:
        self.chunks: list[Chunk] = []
        """Chunks made so far."""
        self.recording: Recording | None = None
        """The whole utterance, once the engine has finished and it may be kept."""
        self._deserted = False
        self._longest = longest
        self._listeners = 0
        self._grown = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._drain(answer))
        self._task.add_done_callback(lambda _: self._wake())

    @property
    def can_be_joined(self) -> bool:
        """Whether a request may still share it: it has not failed, and its last listener has not left."""
        return self.recording is not None or not (self._deserted or self._task.done())

    async def listen(self) -> AsyncGenerator[Chunk, None]:
        """Every chunk from the first on; raises what the engine raised."""
        self._listeners += 1
        place = 0
        try:
            while True:
                while place < len(self.chunks):
                    yield self.chunks[place]
                    place += 1
                if self._task.done():
                    break
                await self._grown.wait()
            if self._task.cancelled():
                raise EngineError("synthesis: expected an end, found the server closing")
            self._task.result()
        finally:
            self._listeners -= 1
            if not self._listeners and not self._task.done():
                self._deserted = True
                await self.stop()

    async def completed(self) -> Recording | None:
        """Wait until the engine has finished; return the recording if it may be kept."""
        await asyncio.wait([self._task])
        return self.recording

    async def stop(self) -> None:
        """Cancel the engine unless it has finished, and wait for its end."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _drain(self, answer: AsyncGenerator[Chunk, None]) -> None:
        seconds = 0.0
        async with aclosing(answer) as chunks:
            async for chunk in chunks:
                seconds += len(chunk.pcm) / 2 / chunk.rate
                if seconds > self._longest:
                    raise EngineError(f"audio: expected at most {self._longest:g} s for this text, found more")
                self.chunks.append(chunk)
                self._wake()
        self.recording = recording_of(self.chunks)

    def _wake(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

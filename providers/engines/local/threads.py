"""Blocking recognition in threads: streamed, bounded, stopped when its caller leaves.

The libraries release the interpreter's lock while they calculate, so threads are enough. A thread cannot be ended from
outside: leaving a recognition returns at once, and the thread stops at the end of its block.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Protocol

from providers.engines.base import Transcript
from providers.errors import EngineError

BLOCK = 0.5
"""Seconds of audio per block at most; a cancel takes effect at its end."""

UNREAD = 256
"""Transcripts that may wait for a reader; then the engine waits."""


class BlockingRecogniser(Protocol):
    """Blocking recogniser of one speaker, used by one thread at a time."""

    def feed(self, pcm: bytes, /) -> Iterable[Transcript]:
        """Recognise the next whole samples."""

    def finish(self) -> Iterable[Transcript]:
        """End the audio; an open utterance gets its final."""


@asynccontextmanager
async def recognise_in_thread(
    recognition: ThreadedRecognition, *, released: Callable[[], None] = lambda: None
) -> AsyncIterator[ThreadedRecognition]:
    """Run a blocking recognition block by block in threads.

    Parameters
    ----------
    released
        Called on the event loop when the recognition's thread has stopped.
    """
    worker = asyncio.create_task(recognition.work())
    try:
        yield recognition
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        recognition.when_stopped(released)


class ThreadedRecognition:
    """Recognition of one speaker. `work` is its only task and belongs to the context that opened it.

    Parameters
    ----------
    rate
        Hz of the mono PCM.
    backlog
        Seconds of audio that may wait before `push` does.
    """

    def __init__(
        self, pool: ThreadPoolExecutor, recogniser: BlockingRecogniser, *, rate: int, backlog: float, engine: str
    ) -> None:
        self._pool = pool
        self._recogniser = recogniser
        self._engine = engine
        self._step = 2 * round(rate * BLOCK)
        self._limit = 2 * round(rate * backlog)
        self._audio = bytearray()
        self._finished = False
        self._error: EngineError | None = None
        self._changed = asyncio.Condition()
        self._block: concurrent.futures.Future[list[Transcript]] | None = None
        self._transcripts: asyncio.Queue[Transcript | None] = asyncio.Queue(UNREAD)

    async def push(self, pcm: bytes, /) -> None:
        """Push audio; waits while ``backlog`` is full."""
        if self._finished:
            raise EngineError("push: expected no audio after finish", engine=self._engine, retryable=False)
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._audio) < self._limit or self._error)
            if self._error:
                raise self._error
            self._audio += pcm
            self._changed.notify_all()

    async def finish(self) -> None:
        """End the audio."""
        async with self._changed:
            self._finished = True
            self._changed.notify_all()

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        while (transcript := await self._transcripts.get()) is not None:
            yield transcript
        self._transcripts.put_nowait(None)  # a second iteration ends as well
        if self._error:
            raise self._error

    async def work(self) -> None:
        """Run the recogniser in a thread, block by block, until the audio ends."""
        try:
            while block := await self._next_block():
                await self._hear(self._recogniser.feed, block)
            await self._hear(self._recogniser.finish)
        except Exception as error:
            self._error = EngineError(f"{self._engine} failed with {type(error).__name__}", engine=self._engine)
            self._error.__cause__ = error
            async with self._changed:
                self._changed.notify_all()
        await self._transcripts.put(None)

    async def _next_block(self) -> bytes:
        async with self._changed:
            await self._changed.wait_for(lambda: self._audio or self._finished)
            block = bytes(self._audio[: self._step])
            del self._audio[: self._step]
            self._changed.notify_all()
            return block

    def when_stopped(self, released: Callable[[], None]) -> None:
        """Call a function on the event loop once the thread has stopped; `work` has already ended."""
        if self._block is None or self._block.done():
            released()
            return
        loop = asyncio.get_running_loop()

        def stopped(block: concurrent.futures.Future[list[Transcript]]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, so no place needs to be freed
                loop.call_soon_threadsafe(released)

        self._block.add_done_callback(stopped)

    async def _hear(self, hear: Callable[..., Iterable[Transcript]], *block: bytes) -> None:
        self._block = self._pool.submit(lambda: list(hear(*block)))
        for transcript in await asyncio.wrap_future(self._block):
            await self._transcripts.put(transcript)

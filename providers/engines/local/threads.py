"""Blocking synthesis and recognition in threads: streamed, bounded, cancelled when nobody waits any more.

The libraries behind them release the interpreter's lock while they calculate, so threads are enough. A thread cannot be
ended from outside: leaving a recognition or a stream frees the caller at once, the thread stops at its next block.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Protocol

from providers.engines.base import Chunk, Transcript
from providers.errors import EngineError

BLOCK = 0.5
"""Seconds of audio per visit to a thread at most; the grain of cancelling."""

UNREAD = 256
"""Transcripts that wait for a reader before the engine does."""


async def spoken(
    pool: ThreadPoolExecutor, produce: Callable[[Callable[[Chunk], bool]], None], *, engine: str
) -> AsyncGenerator[Chunk, None]:
    """Run a blocking synthesis in a thread and yield its chunks as they are made.

    Parameters
    ----------
    produce
        Calls its argument with every chunk, and returns early when that answers False. What it makes before it is
        taken waits in memory: one utterance, bounded by the length of its text.
    """
    loop = asyncio.get_running_loop()
    made: asyncio.Queue[Chunk | None] = asyncio.Queue()
    stop = threading.Event()

    def sink(chunk: Chunk) -> bool:
        if chunk.pcm and not stop.is_set():
            loop.call_soon_threadsafe(made.put_nowait, chunk)
        return not stop.is_set()

    try:
        work = loop.run_in_executor(pool, lambda: None if stop.is_set() else produce(sink))
    except RuntimeError:  # the pool takes no more work
        raise EngineError(f"{engine} is closed", engine=engine, retryable=False) from None
    work.add_done_callback(lambda done: made.put_nowait(None))
    try:
        while (chunk := await made.get()) is not None:
            yield chunk
        await work
    except EngineError:
        raise
    except Exception as error:
        # Not the library's message: some quote the text that was to be spoken.
        raise EngineError(f"{engine} failed with {type(error).__name__}", engine=engine) from error
    finally:
        stop.set()
        work.cancel()
        work.add_done_callback(_looked_at)


def _looked_at(work: asyncio.Future[None]) -> None:
    """A failure after the caller has gone interests nobody, and must not be reported as never retrieved."""
    if not work.cancelled():
        work.exception()


class Hearing(Protocol):
    """A blocking recognition of one speaker, used by one thread at a time."""

    def feed(self, pcm: bytes, /) -> Iterable[Transcript]:
        """Hear the next whole samples."""

    def finish(self) -> Iterable[Transcript]:
        """Hear the end; an open utterance gets its final."""


@asynccontextmanager
async def heard(
    pool: ThreadPoolExecutor, hearing: Hearing, *, rate: int, backlog: float, engine: str
) -> AsyncIterator[ThreadedRecognition]:
    """Run a blocking recognition block by block in threads.

    Parameters
    ----------
    rate
        Hz of the mono PCM.
    backlog
        Seconds of audio that may wait before `push` does.
    """
    recognition = ThreadedRecognition(pool, hearing, rate=rate, backlog=backlog, engine=engine)
    worker = asyncio.create_task(recognition.work())
    try:
        yield recognition
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)


class ThreadedRecognition:
    """One speaker. `work` is its only task and belongs to whoever opened it."""

    def __init__(self, pool: ThreadPoolExecutor, hearing: Hearing, *, rate: int, backlog: float, engine: str) -> None:
        self._pool = pool
        self._hearing = hearing
        self._engine = engine
        self._step = 2 * round(rate * BLOCK)
        self._limit = 2 * round(rate * backlog)
        self._audio = bytearray()
        self._finished = False
        self._error: EngineError | None = None
        self._changed = asyncio.Condition()
        self._transcripts: asyncio.Queue[Transcript | None] = asyncio.Queue(UNREAD)

    async def push(self, pcm: bytes, /) -> None:
        """Hand audio over; waits while ``backlog`` is full."""
        if self._finished:
            raise EngineError("push: expected no audio after finish", engine=self._engine, retryable=False)
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._audio) < self._limit or self._error)
            if self._error:
                raise self._error
            self._audio += pcm
            self._changed.notify_all()

    async def finish(self) -> None:
        """No more audio comes."""
        async with self._changed:
            self._finished = True
            self._changed.notify_all()

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        while (transcript := await self._transcripts.get()) is not None:
            yield transcript
        self._transcripts.put_nowait(None)  # whoever iterates again finds the end as well
        if self._error:
            raise self._error

    async def work(self) -> None:
        """Take audio to a thread, block by block, until all is heard."""
        try:
            while block := await self._next_block():
                await self._hear(self._hearing.feed, block)
            await self._hear(self._hearing.finish)
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

    async def _hear(self, hear: Callable[..., Iterable[Transcript]], *block: bytes) -> None:
        found = await asyncio.get_running_loop().run_in_executor(self._pool, lambda: list(hear(*block)))
        for transcript in found:
            await self._transcripts.put(transcript)

"""Pool of speaking worker processes: a fixed number, one sentence at a time each, replaced when one ends.

A sentence whose process ends is retried once with the next one. A text that ends two processes is refused from then on.
A place is held until the library has stopped, also after the caller has hung up::

    waiting ──place──▶ speaking ──done──────────────────────────────────▶ place released
                        │    ▲                                              ▲
                        ├────┘ process lost: retried once                  │
                        └─caller gone──▶ stopping ──done, or process ended──┘
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from cachetools import TTLCache

from providers.capacity import CapacityLimiter, Place
from providers.engines.base import Chunk, SpeakingCapabilities
from providers.engines.processes.fork_server import ForkServer
from providers.engines.processes.voice_child import Sentence
from providers.engines.processes.voice_process import ProcessLostError, VoiceProcess, WorkerSlot
from providers.errors import EngineBusy, EngineError, UnspeakableText

ATTEMPTS = 2
"""Number of worker processes that a text may end before it is refused."""

REMEMBERED = 1024
"""Number of refused texts that are kept."""

REMEMBERED_FOR = 3600.0
"""Seconds that a text is refused: its processes may have ended for another reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """Limits of a pool."""

    workers: int
    """Worker processes: sentences spoken at the same time."""
    queue: int = 128
    """Sentences that may wait for a worker; further ones are refused."""
    start: float = 60.0
    """Seconds until a worker must have loaded the voice."""
    stop: float = 1.0
    """Seconds until a cancelled worker must have stopped; then its process is ended."""


class VoicePool:
    """Worker processes of one embedded voice, for one event loop.

    Parameters
    ----------
    module
        Module whose ``main`` the fork server runs.
    options
        Argument of ``main``.
    engine
        Name of the engine, for errors.
    """

    def __init__(self, module: str, options: bytes, *, engine: str, limits: PoolOptions) -> None:
        self._engine = engine
        self._limits = limits
        self._fork_server = ForkServer(module, options, engine=engine, start_timeout=limits.start)
        self._slots = [WorkerSlot(self._fork_server, engine=engine, within=limits.start) for _ in range(limits.workers)]
        self._idle = deque(self._slots)
        self._places = CapacityLimiter(limits.workers, error=self._busy, queue=limits.queue)
        self._running: set[asyncio.Task[None]] = set()
        self._refused: TTLCache[bytes, bool] = TTLCache(REMEMBERED, REMEMBERED_FOR)
        self._starting = asyncio.Lock()
        self._capabilities: SpeakingCapabilities | None = None
        self._closed = False

    @property
    def capabilities(self) -> SpeakingCapabilities | None:
        """Capabilities that the voice reports; constant, None before the start."""
        return self._capabilities

    async def start(self) -> None:
        """Start the fork server and its workers, once.

        Raises
        ------
        EngineUnavailable
            The voice cannot be loaded; the message has the reason.
        """
        if self._closed:
            raise self._closed_error()
        async with self._starting:
            if self._capabilities is not None:
                return
            loaded = await asyncio.gather(*(slot.voice() for slot in self._slots), return_exceptions=True)
            for found in loaded:
                if isinstance(found, BaseException):
                    await self._end_processes()
                    raise found
                self._capabilities = found.capabilities

    async def speak(self, sentence: Sentence) -> AsyncGenerator[Chunk, None]:
        """Speak one sentence. Closing the generator cancels it at once.

        Raises
        ------
        UnspeakableText
            The text has ended two processes.
        EngineBusy
            Too many sentences are waiting.
        EngineError
            The library failed, or its process was lost after the first chunk.
        """
        await self.start()
        if _digest(sentence) in self._refused:
            raise UnspeakableText(engine=self._engine)
        speech = _SentenceInProgress(sentence, stop=self._stop)
        task = asyncio.create_task(self._run(speech, await self._places.wait()))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            while (chunk := await speech.chunks.get()) is not None:
                yield chunk
            if speech.error is not None:
                raise speech.error
        finally:
            speech.cancel()

    async def aclose(self) -> None:
        """End every process."""
        self._closed = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._end_processes()

    async def _end_processes(self) -> None:
        await asyncio.gather(*(slot.aclose() for slot in self._slots))
        await self._fork_server.aclose()

    async def _run(self, speech: _SentenceInProgress, place: Place) -> None:
        """Speak with one worker; hold its place until the library has stopped."""
        slot = self._idle.popleft()
        try:
            await self._attempt(speech, slot)
        except EngineError as error:
            speech.error = error
        except asyncio.CancelledError:
            speech.error = self._closed_error()
            raise
        finally:
            self._idle.append(slot)
            place.release()
            speech.chunks.put_nowait(None)

    async def _attempt(self, speech: _SentenceInProgress, slot: WorkerSlot) -> None:
        for _ in range(ATTEMPTS):
            voice = await slot.voice()
            if speech.cancelled:
                return
            speech.voice = voice
            try:
                await voice.speak(speech.sentence, speech.take)
            except ProcessLostError:
                slot.replace()
                if speech.cancelled:
                    return
                if speech.begun:
                    message = f"{self._engine}: its process ended in the middle of a sentence"
                    raise EngineError(message, engine=self._engine) from None
            else:
                return
            finally:
                speech.voice = None
        self._refused[_digest(speech.sentence)] = True
        raise UnspeakableText(engine=self._engine)

    def _stop(self, speech: _SentenceInProgress, voice: VoiceProcess) -> None:
        """Cancel a worker's sentence; end its process if it does not stop."""

        def end() -> None:
            if speech.voice is voice:
                self._fork_server.kill(voice.process)

        voice.cancel()
        asyncio.get_running_loop().call_later(self._limits.stop, end)

    def _busy(self, limit: int) -> EngineBusy:
        waiting = self._limits.queue
        return EngineBusy(f"{self._engine} speaks {limit} sentences and {waiting} more wait", engine=self._engine)

    def _closed_error(self) -> EngineError:
        return EngineError(f"{self._engine} is closed", engine=self._engine, retryable=False)


class _SentenceInProgress:
    """Sentence in progress: its chunks, and whether it has been cancelled."""

    def __init__(self, sentence: Sentence, *, stop: Callable[[_SentenceInProgress, VoiceProcess], None]) -> None:
        self.sentence = sentence
        self.chunks: asyncio.Queue[Chunk | None] = asyncio.Queue()
        self.error: EngineError | None = None
        self.voice: VoiceProcess | None = None
        self.begun = self.cancelled = False
        self._stop = stop

    def take(self, chunk: Chunk) -> None:
        """Queue a chunk for the reader. The length of the text bounds the queue."""
        if not self.cancelled:
            self.begun = True
            self.chunks.put_nowait(chunk)

    def cancel(self) -> None:
        """End the reading: the reader has left or has everything."""
        self.cancelled = True
        if self.voice is not None:
            self._stop(self, self.voice)


def _digest(sentence: Sentence) -> bytes:
    return hashlib.sha256(f"{sentence.voice}\0{sentence.text}".encode(errors="surrogatepass")).digest()

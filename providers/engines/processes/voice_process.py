"""The server's side of a speaking worker process: sentences out, chunks in; see `voice_child`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from providers.engines.base import Chunk, SpeakingCapabilities, Word
from providers.engines.processes.fork_server import ForkServer, WorkerProcess
from providers.engines.processes.voice_child import (
    AUDIO,
    AUDIO_HEAD,
    CANCEL,
    DONE,
    READY,
    SENTENCE,
    Failure,
    Kind,
    Sentence,
)
from providers.errors import EngineError, EngineUnavailable, UnknownVoice

__all__ = ["ProcessLostError", "VoiceProcess", "WorkerSlot"]


class ProcessLostError(Exception):
    """A worker process has ended."""


class VoiceProcess:
    """Worker process with the voice loaded.

    Parameters
    ----------
    process
        Worker process whose library has been loaded.
    engine
        Name of the engine, for errors.
    """

    def __init__(self, process: WorkerProcess, capabilities: SpeakingCapabilities, *, engine: str) -> None:
        self.process = process
        self.capabilities = capabilities
        self._engine = engine

    async def speak(self, sentence: Sentence, sink: Callable[[Chunk], None]) -> None:
        """Speak one sentence; returns when the library has stopped, by itself or after `cancel`.

        Raises
        ------
        ProcessLostError
            The process has ended.
        EngineError
            The library reported a failure.
        """
        self.process.send(SENTENCE + msgspec.json.encode(sentence))
        while True:
            frame = await _receive(self.process)
            kind = frame[:1]
            if kind == DONE:
                return
            if kind == AUDIO:
                sink(_chunk(frame))
            else:
                raise _error(frame, engine=self._engine)

    def cancel(self) -> None:
        """Stop the library at its next block; `speak` returns then."""
        if not self.process.lost:
            self.process.send(CANCEL)


class WorkerSlot:
    """Slot of a pool: a worker process, or the one that replaces it.

    Parameters
    ----------
    fork_server
        Fork server that makes the processes.
    within
        Seconds until a process must have loaded the voice.
    """

    def __init__(self, fork_server: ForkServer, *, engine: str, within: float) -> None:
        self._fork_server = fork_server
        self._engine = engine
        self._within = within
        self._task: asyncio.Task[VoiceProcess] | None = None

    async def voice(self) -> VoiceProcess:
        """The running process; made if there is none.

        Raises
        ------
        EngineError
            The process cannot be made, or cannot load the voice.
        """
        if self._task is None or not _usable(self._task):
            self.replace()
        assert self._task is not None
        return await asyncio.shield(self._task)

    def replace(self) -> None:
        """End the process and start another."""
        self._kill()
        self._task = asyncio.create_task(self._open())
        self._task.add_done_callback(_looked_at)

    async def aclose(self) -> None:
        """End the process."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._kill()

    def _kill(self) -> None:
        if self._task is not None and self._task.done() and not self._task.cancelled() and not self._task.exception():
            self._fork_server.kill(self._task.result().process)

    async def _open(self) -> VoiceProcess:
        process = await self._fork_server.fork()
        try:
            async with asyncio.timeout(self._within):
                return await _loaded(process, engine=self._engine)
        except BaseException as error:
            self._fork_server.kill(process)
            if isinstance(error, TimeoutError):
                message = f"{self._engine} cannot load its voice within {self._within:g} s"
                raise EngineUnavailable(message, engine=self._engine) from None
            raise


def _usable(task: asyncio.Task[VoiceProcess]) -> bool:
    if not task.done():
        return True
    return not task.cancelled() and task.exception() is None and not task.result().process.lost


def _looked_at(task: asyncio.Task[VoiceProcess]) -> None:
    """Mark the task's exception as retrieved: the next sentence that needs the process raises it."""
    if not task.cancelled():
        task.exception()


async def _loaded(process: WorkerProcess, *, engine: str) -> VoiceProcess:
    try:
        frame = await _receive(process)
    except ProcessLostError:
        message = f"{engine} cannot start: its process ended while loading the voice"
        raise EngineUnavailable(message, engine=engine) from None
    if frame[:1] != READY:
        raise _error(frame, engine=engine)
    return VoiceProcess(process, msgspec.json.decode(frame[1:], type=SpeakingCapabilities), engine=engine)


async def _receive(process: WorkerProcess) -> bytes:
    try:
        return await process.receive()
    except (asyncio.IncompleteReadError, OSError):
        raise ProcessLostError from None


def _chunk(frame: bytes) -> Chunk:
    rate, size = AUDIO_HEAD.unpack_from(frame, 1)
    begin = 1 + AUDIO_HEAD.size
    words = msgspec.json.decode(frame[begin : begin + size], type=tuple[Word, ...]) if size else ()
    return Chunk(frame[begin + size :], rate, words)


def _error(frame: bytes, *, engine: str) -> EngineError:
    failure = msgspec.json.decode(frame[1:], type=Failure)
    if failure.kind is Kind.UNKNOWN_VOICE:
        return UnknownVoice(failure.message, engine=engine, examples=failure.examples)
    message = failure.message if failure.message.startswith(engine) else f"{engine} {failure.message}"
    if failure.kind is Kind.UNAVAILABLE:
        return EngineUnavailable(message, engine=engine)
    return EngineError(message, engine=engine, retryable=failure.retryable)

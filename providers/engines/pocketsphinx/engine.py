"""pocketsphinx as a listening engine: embedded, English, no key, no download.

A demonstration and a last resort: about one word in four is wrong on real speech, one in three from a telephone. Every
recognition runs in its own process, forked in 2 ms from one with the loaded model; see `worker`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from providers.capacity import CapacityLimiter
from providers.engines.base import ListeningCapabilities, Recognition, Transcript
from providers.engines.pocketsphinx.recogniser import RecogniserOptions
from providers.engines.pocketsphinx.worker import WorkerOptions
from providers.engines.processes.fork_server import SOCKET_BYTES, ForkServer, WorkerProcess
from providers.errors import EngineBusy, EngineError, EngineUnavailable
from providers.installing import install_command

NAME = "pocketsphinx"

LARGEST_PUSH = 32768
"""Bytes of one frame to a worker; longer pushes are split, so that a hang-up never waits for a long one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SphinxOptions:
    """Options of the pocketsphinx engine."""

    capacity: int = 2 * (os.cpu_count() or 1)
    """Recognitions at once. One with continuous speech takes a fifth of a core."""
    recogniser: RecogniserOptions = field(default_factory=RecogniserOptions)
    hmm: Path | None = None
    """Folder of an acoustic model, set together with ``lm`` and ``dictionary``; None is the English one."""
    lm: Path | None = None
    """Language model file."""
    dictionary: Path | None = None
    """Pronunciation dictionary file."""


class Sphinx:
    """The listening engine: one fork server, one worker process per recognition."""

    name = NAME

    def __init__(self, options: SphinxOptions | None = None) -> None:
        self._options = options or SphinxOptions()
        paths = (self._options.hmm, self._options.lm, self._options.dictionary)
        hmm, lm, dictionary = (str(path) if path else None for path in paths)
        settings = WorkerOptions(recogniser=self._options.recogniser, hmm=hmm, lm=lm, dictionary=dictionary)
        module = "providers.engines.pocketsphinx.worker"
        self._fork_server = ForkServer(module, msgspec.json.encode(settings), engine=NAME)
        self._places = CapacityLimiter(self._options.capacity, error=_busy)
        languages = ("en-US",) if self._options.hmm is None else ()
        self._capabilities = ListeningCapabilities(
            languages=languages,
            partials=True,
            word_times=True,
            capacity=self._options.capacity,
            capacity_note=f"on {os.cpu_count() or 1} cores: --pocketsphinx-capacity",
        )

    @property
    def capabilities(self) -> ListeningCapabilities:
        """Any rate, English, one channel, as many at once as set."""
        return self._capabilities

    async def start(self) -> None:
        """Load the model in a separate process (about a second).

        Raises
        ------
        EngineUnavailable
            The extra ``local`` is not installed, or a model's path does not exist.
        """
        _check_installed()
        _check_paths(self._options)
        await self._fork_server.start()

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncIterator[Recognition]:
        """Recognise one speaker in a separate process; leaving the context ends it at once."""
        if channels != 1:
            raise EngineError(f"channels: expected 1, found {channels}", engine=NAME, retryable=False)
        if not 8000 <= rate <= 48000:
            raise EngineError(f"rate: expected 8000 to 48000 Hz, found {rate}", engine=NAME, retryable=False)
        with self._places.take():
            _check_installed()
            worker = await self._fork_server.fork()
            try:
                worker.writer.transport.set_write_buffer_limits(high=SOCKET_BYTES)
                worker.send(str(rate).encode())
                yield _SphinxRecognition(worker)
            finally:
                self._fork_server.kill(worker)

    async def aclose(self) -> None:
        """End the fork server and every running recognition."""
        await self._fork_server.aclose()


class _SphinxRecognition:
    """The server's side of one recognition. It has no task: iterating reads the socket."""

    def __init__(self, worker: WorkerProcess) -> None:
        self._worker = worker
        self._finished = False

    async def push(self, pcm: bytes, /) -> None:
        """Push audio, cut anywhere; waits while the process is two seconds behind."""
        if self._finished:
            raise EngineError("push: expected no audio after finish", engine=NAME, retryable=False)
        for begin in range(0, len(pcm), LARGEST_PUSH):
            await self._send(pcm[begin : begin + LARGEST_PUSH])

    async def finish(self) -> None:
        """End the audio."""
        if not self._finished:
            self._finished = True
            await self._send(b"")

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        while True:
            try:
                frame = await self._worker.receive()
            except (asyncio.IncompleteReadError, OSError):
                raise _lost() from None
            kind, payload = frame[:1], frame[1:]
            if kind == b"D":
                return
            if kind == b"E":
                raise EngineError(f"pocketsphinx failed: {payload.decode(errors='replace')}", engine=NAME)
            yield msgspec.json.decode(payload, type=Transcript)

    async def _send(self, payload: bytes) -> None:
        if self._worker.lost:
            raise _lost()
        self._worker.send(payload)
        try:
            await self._worker.writer.drain()
        except OSError:
            raise _lost() from None


def _busy(limit: int) -> EngineBusy:
    return EngineBusy(f"pocketsphinx listens to {limit} speakers already, its capacity", engine=NAME)


def _lost() -> EngineError:
    return EngineError("its process has ended", engine=NAME)


def _check_installed() -> None:
    if importlib.util.find_spec("pocketsphinx") is None:
        raise EngineUnavailable(f"pocketsphinx is not installed: {install_command('local')}", engine=NAME)


def _check_paths(options: SphinxOptions) -> None:
    for name, path in (("hmm", options.hmm), ("lm", options.lm), ("dictionary", options.dictionary)):
        if path is not None and not path.exists():
            raise EngineUnavailable(f"pocketsphinx {name}: expected an existing path, found {path}", engine=NAME)

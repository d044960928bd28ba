"""``WS /api/jambonz/stt``: recognition for jambonz.

::

    jambonz                                   server
    start {language, sampleRateHz, …}    ──▶
    audio, linear16                      ──▶
                                         ◀──  transcription {is_final, alternatives}
    stop                                 ──▶
                                         ◀──  the last transcription, close 1000
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.websockets import WebSocket

from providers.dialects.hearing import Hearing
from providers.dialects.jambonz import wire
from providers.dialects.services import Services
from providers.dialects.sockets import Session, frames, listening_place, raise_first
from providers.engines.base import Transcript
from providers.errors import BadRequest
from providers.tasks import until_first

__all__ = ["open_recognition"]


@asynccontextmanager
async def open_recognition(services: Services, socket: WebSocket) -> AsyncGenerator[Session, None]:
    """The session of a socket; its recogniser is opened by the start message.

    Raises
    ------
    AtCapacity
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(listening_place(services))
        yield _Recognition(services, socket, stack)


class _Recognition:
    """One socket."""

    def __init__(self, services: Services, socket: WebSocket, stack: AsyncExitStack) -> None:
        self._services = services
        self._socket = socket
        self._stack = stack
        self._started: wire.Start | None = None
        self._hearing: Hearing | None = None
        self._rest = b""

    @property
    def audio(self) -> float:
        """Seconds received."""
        return self._hearing.seconds if self._hearing is not None else 0.0

    @property
    def behind(self) -> float:
        """Seconds that the recogniser has still to be given."""
        return self._hearing.behind if self._hearing is not None else 0.0

    async def run(self) -> None:
        """Hear until the stop message."""
        reading = frames(self._socket)
        async for frame in reading:
            if isinstance(frame, bytes):
                raise BadRequest("message: expected start, found audio before it")
            if wire.is_stop(frame):
                return
            if (started := wire.read_start(frame)) is not None:
                hearing = await self._start(started)
                await until_first(self._read(hearing), raise_first(hearing.failed))
                return

    async def last_words(self) -> None:
        """Send the last final."""
        if self._hearing is not None:
            await self._hearing.finalize()

    async def fail(self, message: str) -> None:
        """Tell why the socket is about to close."""
        await self._socket.send_text(wire.error(message))

    async def _start(self, started: wire.Start) -> Hearing:
        self._started = started
        engine = self._services.listener(started.language)
        self._hearing = await self._stack.enter_async_context(Hearing(engine, started.rate, self._heard))
        await self._hearing.open()
        return self._hearing

    async def _read(self, hearing: Hearing) -> None:
        async for frame in frames(self._socket):
            if isinstance(frame, bytes):
                data = self._rest + frame
                cut = len(data) - len(data) % 2
                self._rest = data[cut:]
                if cut:
                    await hearing.push(data[:cut])
            elif wire.is_stop(frame):
                break
        await hearing.finalize()

    async def _heard(self, transcript: Transcript) -> None:
        assert self._started is not None
        if transcript.final or self._started.interim:
            await self._socket.send_text(wire.transcription(transcript, self._started.language))

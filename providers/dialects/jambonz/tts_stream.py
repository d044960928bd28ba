"""``WS /api/jambonz/tts-stream``: text that comes in pieces, as audio for jambonz.

::

    jambonz                         server
    ?voice=&language=&sampleRate=   101
                               ◀──  connect {sample_rate, base64_encoding: false}
    stream {text}              ──▶
                               ◀──  audio, from the first whole sentence on
    flush                      ──▶
                               ◀──  the rest of the audio
    stop                       ──▶  drops what is not out yet, close 1000
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.websockets import WebSocket

from providers.dialects.jambonz import wire
from providers.dialects.services import Services
from providers.dialects.sockets import Session, frames
from providers.dialects.speaking import SpokenStream
from providers.errors import BadRequest
from providers.tasks import until_first

__all__ = ["open_stream"]


@asynccontextmanager
async def open_stream(services: Services, socket: WebSocket) -> AsyncGenerator[Session, None]:
    """The session of a socket that speaks.

    Raises
    ------
    BadRequest, AtCapacity
    """
    query = wire.stream_query(socket.query_params)
    with services.speakers.take():
        yield _Stream(services, socket, query)


class _Stream:
    """One socket."""

    audio = None
    behind = 0.0

    def __init__(self, services: Services, socket: WebSocket, query: wire.StreamQuery) -> None:
        self._socket = socket
        self._rate = query.rate
        self._spoken = SpokenStream(
            services, socket.send_bytes, rate=query.rate, voice=query.voice, is_alias=wire.is_no_voice
        )

    async def run(self) -> None:
        """Speak until the stop message."""
        await self._socket.send_text(wire.connected(self._rate))
        await until_first(self._read(), self._spoken.run())

    async def last_words(self) -> None:
        """Wait until what was said so far is out."""
        await until_first(self._spoken.finished(), self._spoken.run())

    async def fail(self, message: str) -> None:
        """Tell why the socket is about to close."""
        await self._socket.send_text(wire.error(message))

    async def _read(self) -> None:
        async for frame in frames(self._socket):
            if isinstance(frame, bytes):
                raise BadRequest("message: expected text, found a binary frame")
            asked = wire.stream_control(frame)
            match asked.type:
                case "stream":
                    self._spoken.say(asked.text)
                case "flush":
                    self._spoken.flush(_nothing)
                case "clear":
                    await self._spoken.clear()
                case "stop":
                    await self._spoken.clear()
                    return


async def _nothing() -> None:
    """Nothing is said when all audio is out."""

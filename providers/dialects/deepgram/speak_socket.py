"""``WS /v1/speak``: text that comes in pieces, as audio.

::

    client                         server
    ?encoding=&sample_rate=        101, Metadata
    Speak {text}              ──▶
                              ◀──  audio, from the first whole sentence on
    Flush                     ──▶
                              ◀──  the rest of the audio, Flushed
    Clear                     ──▶  drops what is not out yet
                              ◀──  Cleared
    Close                     ──▶
                              ◀──  the rest of the audio, close 1000
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec
from starlette.websockets import WebSocket

from providers.dialects.audio.encoders import Encoder, encoder
from providers.dialects.deepgram import queries, wire
from providers.dialects.services import Services
from providers.dialects.sockets import Session, frames
from providers.dialects.speaking import SpokenStream
from providers.errors import BadRequest
from providers.tasks import until_first

__all__ = ["open_speaking"]


@asynccontextmanager
async def open_speaking(services: Services, socket: WebSocket) -> AsyncGenerator[Session, None]:
    """The session of a socket that speaks.

    Raises
    ------
    BadRequest, AtCapacity
    """
    query = queries.query_of_speech(socket.query_params, live=True)
    with services.speakers.take():
        yield _Speaking(services, socket, query, encoder(query.format, query.rate, field="encoding"))


class _Speaking:
    """One socket."""

    audio = None
    behind = 0.0

    def __init__(self, services: Services, socket: WebSocket, query: queries.SpeakQuery, made: Encoder) -> None:
        self._socket = socket
        self._encoder = made
        self._model = services.voice.name.partition(",")[0]
        self._flushed = self._cleared = 0
        self._stream = SpokenStream(
            services, self._play, rate=query.rate, voice=query.voice, is_alias=wire.is_own_voice
        )

    async def run(self) -> None:
        """Speak until the client closes."""
        known = {"request_id": str(uuid.uuid4()), "model_name": self._model, "model_version": ""}
        await self._send({"type": "Metadata", **known, "model_uuid": known["request_id"]})
        await until_first(self._read(), self._stream.run())

    async def last_words(self) -> None:
        """Wait until what was said so far is out."""
        await until_first(self._stream.finished(), self._stream.run())

    async def fail(self, message: str) -> None:
        """Tell why the socket is about to close."""
        await self._send({"type": "Error", "description": message, "code": "NET-0000"})

    async def _read(self) -> None:
        async for frame in frames(self._socket):
            if isinstance(frame, bytes):
                raise BadRequest("message: expected text, found a binary frame")
            asked = wire.speak_control(frame)
            match asked.type:
                case "Speak":
                    self._stream.say(asked.text)
                case "Flush":
                    self._stream.flush(self._tell_flushed)
                case "Clear":
                    await self._stream.clear()
                    await self._send({"type": "Cleared", "sequence_id": self._cleared})
                    self._cleared += 1
                case "Close":
                    break
                case _:
                    description = "type: expected Speak, Flush, Clear or Close, found another one"
                    await self._send({"type": "Warning", "description": description, "code": "UNKNOWN_MESSAGE"})
        await self._stream.finished()

    async def _tell_flushed(self) -> None:
        await self._send({"type": "Flushed", "sequence_id": self._flushed})
        self._flushed += 1

    async def _play(self, pcm: bytes) -> None:
        await self._socket.send_bytes(self._encoder.feed(pcm))

    async def _send(self, message: dict[str, object]) -> None:
        await self._socket.send_text(msgspec.json.encode(message).decode())

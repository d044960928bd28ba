"""The tone vendor behind a real WebSocket on loopback, and the engine that talks to it.

Wire: binary frames of PCM at 8 kHz, mono, up, one JSON array per transcript down; the text ``finish`` asks
for the rest, after which the server closes with 1000.
"""

from __future__ import annotations

import http
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus
from websockets.http11 import Request, Response

from providers.engines.base import ListeningCapabilities, Transcript, Word
from providers.errors import EngineBusy, EngineError
from tests.engines.imitations.tone_vendor import Fault
from tests.engines.tone_words import ToneRecogniser


class ToneServer:
    """Serves tone words; its connections fail by the list, and are well once the list has run out."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self.connections = 0
        self.url = ""
        self._faults = list(faults)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[ToneServer]:
        async with serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._greet,
            compression=None,
            close_timeout=0.1,
            open_timeout=0.5,
        ) as server:
            self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self

    async def _greet(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._faults and self._faults[0].kind in ("refuse", "busy", "hang"):
            fault = self._faults.pop(0)
            if fault.kind == "hang":
                await connection.wait_closed()
            status = http.HTTPStatus.TOO_MANY_REQUESTS if fault.kind == "busy" else http.HTTPStatus.BAD_GATEWAY
            return connection.respond(status, "")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections += 1
        fault = self._faults.pop(0) if self._faults else None
        recogniser = ToneRecogniser()
        heard = 0.0
        async for message in connection:
            if message == "finish":
                for told in recogniser.flush():
                    await connection.send(_encoded(told))
                return
            assert isinstance(message, bytes)
            heard += len(message) / 16000
            if fault is not None and heard >= fault.after:
                await self._fail(connection, fault)
                return
            for told in recogniser.feed(np.frombuffer(message, dtype="<i2")):
                await connection.send(_encoded(told))

    async def _fail(self, connection: ServerConnection, fault: Fault) -> None:
        match fault.kind:
            case "cut" | "cut send":
                connection.transport.abort()
            case "end":
                await connection.close(1011, "net0001")
            case "half open":
                async for _ in connection:
                    pass
            case _:
                await connection.wait_closed()


class ToneSocketEngine:
    """A `SpeechToText` over that wire, written the way an engine for a vendor is."""

    name = "tone-socket"
    capabilities = ListeningCapabilities(partials=True, punctuates=True, word_times=True)

    def __init__(self, url: str) -> None:
        self._url = url

    async def start(self) -> None:
        """Nothing to warm."""

    async def aclose(self) -> None:
        """Nothing to free."""

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncIterator[ToneSocketRecognition]:
        try:
            connection = await connect(f"{self._url}/", compression=None, close_timeout=0.05)
        except InvalidStatus as refused:
            if refused.response.status_code == 429:
                raise EngineBusy("429", engine=self.name, retry_after=0.05) from None
            raise EngineError(str(refused.response.status_code), engine=self.name) from None
        except (OSError, EOFError, ConnectionClosed) as failure:
            raise EngineError(type(failure).__name__, engine=self.name) from None
        try:
            yield ToneSocketRecognition(connection)
        finally:
            connection.transport.abort()


class ToneSocketRecognition:
    """One socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def push(self, pcm: bytes, /) -> None:
        await self._send(pcm)

    async def finish(self) -> None:
        await self._send("finish")

    def __aiter__(self) -> ToneSocketRecognition:
        return self

    async def __anext__(self) -> Transcript:
        try:
            return _decoded(await self._connection.recv())
        except ConnectionClosedOK:
            raise StopAsyncIteration from None
        except ConnectionClosed as closed:
            raise EngineError(f"socket closed: {type(closed).__name__}") from None

    async def _send(self, message: bytes | str) -> None:
        try:
            await self._connection.send(message)
        except ConnectionClosed as closed:
            raise EngineError(f"cannot send: {type(closed).__name__}") from None


def _encoded(told: Transcript) -> str:
    words = [[word.text, word.start, word.end] for word in told.words]
    return json.dumps([told.text, told.final, told.start, told.end, words])


def _decoded(message: str | bytes) -> Transcript:
    text, final, start, end, words = json.loads(message)
    return Transcript(text, final, 0, start, end, tuple(Word(*word) for word in words))

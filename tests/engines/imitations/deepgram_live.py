"""Deepgram's live v1 socket, imitated on loopback: the vendor's wire, a test's script.

The wire (query, headers, message shapes, KeepAlive, Finalize, CloseStream, close codes) follows the vendor's
documentation. What is heard is up to the script, an async function of one `Session`::

    async def script(session):
        await session.heard(0.5)
        await session.results("hello", start=0.0, duration=0.5, is_final=True, speech_final=True)

    async with DeepgramLive(script) as vendor:
        listener = DeepgramListener(DeepgramListening(api_key="k", url=vendor.url))

A session whose script returns is closed with 1000; one whose script raises, with 1011.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Script = Callable[["Session"], Awaitable[None]]


@dataclass(frozen=True)
class Refusal:
    """An answer to the upgrade that is not 101."""

    status: int
    headers: Mapping[str, str] | None = None
    body: str = ""


class Session:
    """One socket, from the vendor's side."""

    def __init__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.connection = connection
        self.query = parse_qs(urlsplit(connection.request.path).query)
        self.path = urlsplit(connection.request.path).path
        self.headers = connection.request.headers
        self.audio = bytearray()
        self.controls: list[dict[str, Any]] = []
        self.closed = asyncio.Event()
        self._moved = asyncio.Condition()
        self._frames: asyncio.Queue[bytes | dict[str, Any] | None] = asyncio.Queue()

    @property
    def rate(self) -> int:
        """Hz."""
        return int(self.query["sample_rate"][0])

    @property
    def channels(self) -> int:
        return int(self.query["channels"][0])

    @property
    def seconds(self) -> float:
        """Audio so far."""
        return len(self.audio) / (2 * self.channels * self.rate)

    async def heard(self, seconds: float) -> None:
        """Wait until so much audio has come, counted from the start."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.seconds >= seconds - 1e-9)

    async def control(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Wait for the n-th message of a kind."""

        def found() -> list[dict[str, Any]]:
            return [message for message in self.controls if message.get("type") == kind]

        async with self._moved:
            await self._moved.wait_for(lambda: len(found()) >= count)
        return found()[count - 1]

    async def frames(self) -> AsyncIterator[bytes | dict[str, Any]]:
        """What comes in, in order: audio as bytes, messages as dicts; ends when the client is gone."""
        while (frame := await self._frames.get()) is not None:
            yield frame

    async def results(
        self,
        text: str,
        *,
        start: float,
        duration: float,
        is_final: bool = False,
        speech_final: bool = False,
        from_finalize: bool = False,
        channel: int = 0,
        words: Sequence[tuple[str, float, float]] | None = None,
    ) -> None:
        """Send one Results message; words are spread evenly over the stretch unless given."""
        message = results(
            text,
            start=start,
            duration=duration,
            is_final=is_final,
            speech_final=speech_final,
            from_finalize=from_finalize,
            channel=channel,
            channels=self.channels,
            words=words,
        )
        await self.send(message)

    async def utterance_end(self, last_word_end: float, *, channel: int = 0) -> None:
        await self.send({"type": "UtteranceEnd", "channel": [channel, self.channels], "last_word_end": last_word_end})

    async def metadata(self) -> None:
        """The summary that comes last."""
        message = {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": "5f0c3e9a-0000-4000-8000-000000000000",
            "sha256": "0" * 64,
            "created": "2026-01-01T00:00:00.000Z",
            "duration": self.seconds,
            "channels": self.channels,
        }
        await self.send(message)

    async def send(self, message: Mapping[str, Any] | str | bytes) -> None:
        """Send a message, or anything at all."""
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self.connection.close(code, reason)

    def abort(self) -> None:
        """Cut the TCP connection without a close frame."""
        self.connection.transport.abort()

    def go_deaf(self) -> None:
        """Half-open: the connection stays, nothing is read or answered any more, pings included."""
        self.connection.transport.pause_reading()

    async def forever(self) -> None:
        """Do nothing until the client is gone."""
        await self.closed.wait()

    async def read(self) -> None:
        """Collect what comes in; owned by the server."""
        with contextlib.suppress(ConnectionClosed):
            async for frame in self.connection:
                await self._collect(frame)
        self.closed.set()
        self._frames.put_nowait(None)

    async def _collect(self, frame: str | bytes) -> None:
        async with self._moved:
            if isinstance(frame, bytes):
                self.audio += frame
                self._frames.put_nowait(frame)
            else:
                self.controls.append(json.loads(frame))
                self._frames.put_nowait(self.controls[-1])
            self._moved.notify_all()


class DeepgramLive:
    """The server: one script for every session, refusals first.

    Parameters
    ----------
    script
        What a session does.
    key
        The only key that is let in; None lets everyone in.
    refusals
        Answers to the first upgrades, one each; later ones are let in.
    request_id
        What the header ``dg-request-id`` says; it is left out when empty.
    """

    def __init__(
        self, script: Script, *, key: str | None = None, refusals: Sequence[Refusal] = (), request_id: str = ""
    ) -> None:
        self.sessions: list[Session] = []
        self._script = script
        self._key = key
        self._refusals = list(refusals)
        self._request_id = request_id
        self._server: Server | None = None

    @property
    def url(self) -> str:
        """The WebSocket base."""
        assert self._server is not None
        host, port = next(iter(self._server.sockets)).getsockname()[:2]
        return f"ws://{host}:{port}"

    @property
    def open(self) -> int:
        """Sessions whose client is still there."""
        return sum(not session.closed.is_set() for session in self.sessions)

    async def __aenter__(self) -> DeepgramLive:
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._admit,
            process_response=self._number,
            compression=None,
            ping_interval=None,
            close_timeout=0.1,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        for session in self.sessions:
            if session.connection.transport.is_closing():
                continue
            session.abort()
        self._server.close()
        await self._server.wait_closed()

    async def all_gone(self) -> None:
        """Wait until every client has left."""
        for session in self.sessions:
            await session.closed.wait()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._refusals:
            return _answer(self._refusals.pop(0))
        if request.path.startswith("/v1/auth/token"):
            return _answer(Refusal(200 if self._knows(request) else 401, body="{}"))
        if not self._knows(request):
            return _answer(Refusal(401, {"dg-error": "INVALID_AUTH"}, '{"err_code":"INVALID_AUTH"}'))
        return None

    def _number(self, connection: ServerConnection, request: Request, response: Response) -> None:
        if self._request_id:
            response.headers["dg-request-id"] = self._request_id

    def _knows(self, request: Request) -> bool:
        return self._key is None or request.headers.get("Authorization") == f"Token {self._key}"

    async def _serve(self, connection: ServerConnection) -> None:
        session = Session(connection)
        self.sessions.append(session)
        reader = asyncio.create_task(session.read())
        try:
            # A client that leaves while the script is talking ends the script.
            with contextlib.suppress(ConnectionClosed):
                await self._script(session)
            await connection.close()  # the code of an earlier close counts
        finally:
            reader.cancel()
            session.closed.set()


def results(
    text: str,
    *,
    start: float,
    duration: float,
    is_final: bool = False,
    speech_final: bool = False,
    from_finalize: bool = False,
    channel: int = 0,
    channels: int = 1,
    words: Sequence[tuple[str, float, float]] | None = None,
) -> dict[str, Any]:
    """One Results message as the vendor writes it."""
    if words is None:
        tokens = text.split()
        step = duration / len(tokens) if tokens else 0.0
        words = [(token, start + step * i, start + step * (i + 1)) for i, token in enumerate(tokens)]
    return {
        "type": "Results",
        "channel_index": [channel, channels],
        "duration": duration,
        "start": start,
        "is_final": is_final,
        "speech_final": speech_final,
        "from_finalize": from_finalize,
        "channel": {
            "alternatives": [
                {
                    "transcript": text,
                    "confidence": 0.98 if text else 0.0,
                    "words": [
                        {
                            "word": token.strip(".,?!").lower(),
                            "start": begin,
                            "end": end,
                            "confidence": 0.98,
                            "punctuated_word": token,
                        }
                        for token, begin, end in words
                    ],
                }
            ]
        },
        "metadata": {
            "request_id": "5f0c3e9a-0000-4000-8000-000000000000",
            "model_info": {"name": "general-nova-3", "version": "2025-01-01.0", "arch": "nova-3"},
            "model_uuid": "5f0c3e9a-0000-4000-8000-000000000001",
        },
    }


async def one_word_per_second(session: Session) -> None:
    """Hear "w0", "w1" … on every channel, one per second of audio: interims, closed segments, an end every third word.

    Finalize and CloseStream are answered as the vendor does it. Good enough to run a call against.
    """
    said = 0
    async for frame in session.frames():
        if isinstance(frame, bytes):
            while session.seconds >= said + 1:
                for channel in range(session.channels):
                    await _say(session, said, channel)
                said += 1
        elif frame["type"] == "CloseStream":
            for channel in range(session.channels):
                rest = session.seconds - said
                await session.results("", start=said, duration=rest, is_final=True, from_finalize=True, channel=channel)
            await session.metadata()
            return


async def _say(session: Session, index: int, channel: int) -> None:
    word = f"w{index}"
    await session.results(word, start=index, duration=0.5, channel=channel)
    ends = index % 3 == 2
    await session.results(word, start=index, duration=1.0, is_final=True, speech_final=ends, channel=channel)


def _answer(refusal: Refusal) -> Response:
    headers = Headers({"Content-Length": str(len(refusal.body)), "Connection": "close", **(refusal.headers or {})})
    return Response(refusal.status, HTTPStatus(refusal.status).phrase, headers, refusal.body.encode())


@contextlib.asynccontextmanager
async def silent_listener() -> AsyncIterator[str]:
    """A TCP server that accepts and never says a word; yields its WebSocket base."""
    gone = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.transport.abort()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"ws://{host}:{port}"
    finally:
        gone.set()
        server.close()
        await server.wait_closed()

"""Voices over HTTP, imitated on loopback: Deepgram's ``/v1/speak`` and anybody's ``/v1/audio/speech``.

The server is plain HTTP/1.1 on asyncio streams, so that a script decides about every byte and every cut::

    async def script(exchange):
        await exchange.begin()
        await exchange.audio(b"odd")
        exchange.cut()

    async with HttpVoice(script) as vendor:
        speaker = OpenAISpeaker(OpenAISpeaking(url=vendor.url))

`deepgram_speak` and `openai_speech` are scripts that check the wire as the vendors do and speak a text as `voiced`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

Script = Callable[["Exchange"], Awaitable[None]]

KNOWN_VOICES = ("aura-2-thalia-en", "aura-2-orion-en", "alloy", "ash", "coral")
CUTS = (1, 3, 1001, 640, 7)
"""Bytes; the sizes audio is cut into, over and over."""


class Exchange:
    """One request and its answer, from the server's side."""

    def __init__(self, method: str, target: str, headers: Mapping[str, str], writer: asyncio.StreamWriter) -> None:
        self.method = method
        self.path = urlsplit(target).path
        self.query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        self.headers = headers
        self.body: Any = None
        self.gone = asyncio.Event()
        """Set when the client has closed the connection."""
        self.over = asyncio.Event()
        """Set when the script has returned, or has failed for want of a client."""
        self.keep = True
        self._writer = writer

    async def begin(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send the head of a chunked answer."""
        await self._head(status, {"Transfer-Encoding": "chunked", **(headers or {})})

    async def audio(self, data: bytes) -> None:
        """Send one HTTP chunk, however short."""
        self._writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        await self._writer.drain()

    async def end(self) -> None:
        """Say that the answer is whole."""
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    async def answer(self, status: int, body: bytes | Mapping[str, Any] = b"", **headers: str) -> None:
        """Send a whole answer; an underscore in a header's name stands for a hyphen."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if not isinstance(body, bytes):
            fields.setdefault("Content-Type", "application/json")
        await self._head(status, {"Content-Length": str(len(content)), **fields})
        self._writer.write(content)
        await self._writer.drain()

    def cut(self) -> None:
        """Close the connection at once."""
        self.keep = False
        self._writer.close()

    async def speak(self, pcm: bytes, *, headers: Mapping[str, str] | None = None) -> None:
        """Answer with audio in chunks of `CUTS`."""
        await self.begin(headers=headers)
        position = 0
        turn = 0
        while position < len(pcm):
            size = CUTS[turn % len(CUTS)]
            await self.audio(pcm[position : position + size])
            position += size
            turn += 1
        await self.end()

    async def _head(self, status: int, headers: Mapping[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {headers[name]}" for name in headers)]
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        await self._writer.drain()


class HttpVoice:
    """The server: one script for every exchange."""

    def __init__(self, script: Script) -> None:
        self.exchanges: list[Exchange] = []
        self.connections = 0
        """Connections that were ever opened."""
        self._script = script
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    async def __aenter__(self) -> HttpVoice:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left
        except asyncio.CancelledError:
            pass  # the server is closing; streams log a task of theirs that ends cancelled
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        while True:
            exchange = await _request(head, reader, writer)
            self.exchanges.append(exchange)
            # A client that sends nothing more until it has its answer shows its leaving as the end of the stream.
            following = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
            following.add_done_callback(partial(_leave, exchange.gone))
            try:
                await self._script(exchange)
                exchange.over.set()
                if not exchange.keep:
                    return
                head = await following
            finally:
                exchange.over.set()
                following.cancel()


async def _request(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Exchange:
    request, *fields = head.decode().strip().split("\r\n")
    method, target, _ = request.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in fields)}
    exchange = Exchange(method, target, headers, writer)
    if length := int(headers.get("content-length", 0)):
        exchange.body = json.loads(await reader.readexactly(length))
    return exchange


def _leave(gone: asyncio.Event, following: asyncio.Future[bytes]) -> None:
    if following.cancelled() or following.exception() is not None:
        gone.set()


def voiced(text: str, rate: int) -> bytes:
    """A text as audio that shows it: 50 ms per character, each a square wave as loud as its code point says."""
    half = rate // 400
    samples: list[int] = []
    for character in text:
        level = 1000 + ord(character) % 30000
        wave = [level] * half + [-level] * half
        samples += (wave * 10)[: rate // 20]
    return struct.pack(f"<{len(samples)}h", *samples)


def wav_header(rate: int, *, size: int, channels: int = 1, bits: int = 16, kind: int = 1, extra: bytes = b"") -> bytes:
    """A RIFF header; ``extra`` stands between ``fmt`` and ``data``."""
    frame = channels * bits // 8
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, kind, channels, rate, rate * frame, frame, bits)
    data = struct.pack("<4sI", b"data", size)
    return struct.pack("<4sI4s", b"RIFF", min(size + 36, 0xFFFFFFFF), b"WAVE") + fmt + extra + data


async def deepgram_speak(exchange: Exchange) -> None:
    """Deepgram's streaming REST endpoint, with the refusals it documents."""
    if exchange.path == "/v1/auth/token":
        return await exchange.answer(200, {})
    query = exchange.query
    assert (exchange.method, exchange.path) == ("POST", "/v1/speak")
    assert (query["encoding"], query["container"]) == ("linear16", "none")
    if query["model"] not in KNOWN_VOICES:
        return await exchange.answer(400, {"err_code": "INVALID_QUERY_PARAMETER", "err_msg": "No such model found."})
    await exchange.speak(voiced(exchange.body["text"], int(query["sample_rate"])))


async def openai_speech(exchange: Exchange) -> None:
    """OpenAI's speech endpoint at 24 kHz."""
    if exchange.path == "/v1/models":
        return await exchange.answer(200, {"data": []})
    body = exchange.body
    assert (exchange.method, exchange.path) == ("POST", "/v1/audio/speech")
    assert body["response_format"] == "pcm"
    if body["voice"] not in KNOWN_VOICES:
        error = {"message": "no such voice", "type": "invalid_request_error", "param": "voice", "code": "invalid_value"}
        return await exchange.answer(400, {"error": error})
    await exchange.speak(voiced(body["input"], 24000), headers={"Content-Type": "audio/pcm"})


@contextlib.asynccontextmanager
async def nobody() -> Any:
    """The URL of a port that has just been closed."""
    async with HttpVoice(openai_speech) as vendor:
        url = vendor.url
    yield url

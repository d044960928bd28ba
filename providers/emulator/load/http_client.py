"""A small HTTP/1.1 client: one kept connection, one POST at a time, the arrival of every piece on record.

A full client would spend more of this machine on a request than a good server does.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from providers.emulator.credentials import Credentials
from providers.emulator.voice_client import RecordedResponse

_LONGEST_LINE = 64 * 1024
_PIECE = 64 * 1024


class BrokenAnswer(ConnectionError):
    """The server does not speak HTTP/1.1, or broke off before its head was complete."""


@dataclass(frozen=True, slots=True)
class _Head:
    status: int
    content_type: str
    length: int | None
    chunked: bool
    keep: bool


class HttpConnection:
    """POSTs to one address; not to be used by two tasks at once."""

    def __init__(self, url: str, credentials: Credentials, context: ssl.SSLContext | None, *, timeout: float) -> None:
        parts = urlsplit(credentials.address(url))
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._authority = parts.netloc
        self._credentials = credentials
        self._context = context
        self._timeout = timeout
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(
        self,
        body: bytes,
        *,
        hang_up: bool = False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> RecordedResponse:
        """POST and read the answer; ``hang_up`` drops the connection at the first piece of a 200.

        Raises
        ------
        OSError, TimeoutError
            No connection, or no answer within the time-out.
        """
        begin = clock()
        try:
            async with asyncio.timeout(self._timeout):
                reader, head = await self._asked(body)
                answer = await self._read(reader, head, begin, hang_up, clock)
        except BaseException:
            self.close()
            raise
        if hang_up or not head.keep or not answer.complete:
            self.close()
        return answer

    def close(self) -> None:
        """Drop the connection, whatever goes on."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _asked(self, body: bytes) -> tuple[asyncio.StreamReader, _Head]:
        """Send over the kept connection, or over a new one where that was just closed by the server."""
        kept = self._streams is not None
        try:
            return await self._ask(body)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            if not kept:
                raise
        return await self._ask(body)

    async def _ask(self, body: bytes) -> tuple[asyncio.StreamReader, _Head]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                self._host, self._port, ssl=self._context, limit=_LONGEST_LINE
            )
        reader, writer = self._streams
        lines = [f"POST {self._target} HTTP/1.1", f"Host: {self._authority}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in self._credentials.headers(body).items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        return reader, _parsed(await reader.readuntil(b"\r\n\r\n"))

    async def _read(
        self, reader: asyncio.StreamReader, head: _Head, begin: float, hang_up: bool, clock: Callable[[], float]
    ) -> RecordedResponse:
        received = bytearray()
        arrivals: list[tuple[float, int]] = []
        complete = True
        pieces = _Body(reader, head)
        try:
            while piece := await pieces.piece():
                received += piece
                arrivals.append((clock() - begin, len(received)))
                if hang_up and head.status == 200:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            complete = False
        return RecordedResponse(
            head.status, head.content_type, bytes(received), tuple(arrivals), clock() - begin, complete
        )


def _parsed(head: bytes) -> _Head:
    first, *rest = head.decode("latin-1").split("\r\n")
    version, _, status = first.partition(" ")
    if not version.startswith("HTTP/1.") or not status[:3].isdigit():
        raise BrokenAnswer("expected an HTTP/1.1 answer")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    length = fields.get("content-length")
    return _Head(
        int(status[:3]),
        fields.get("content-type", ""),
        int(length) if length is not None and length.isdigit() else None,
        "chunked" in fields.get("transfer-encoding", "").lower(),
        fields.get("connection", "").lower() != "close" and version == "HTTP/1.1",
    )


class _Body:
    """The pieces of a body as they come off the socket; an empty one is its end."""

    def __init__(self, reader: asyncio.StreamReader, head: _Head) -> None:
        self._reader = reader
        self._chunked = head.chunked
        self._left = 0 if head.chunked else head.length
        """Bytes left of the current chunk, or of the whole body; None is "until the connection closes"."""

    async def piece(self) -> bytes:
        if self._chunked and not self._left:
            line = await self._reader.readuntil(b"\r\n")
            self._left = int(line.split(b";")[0], 16)
            if not self._left:
                await self._reader.readuntil(b"\r\n")
        if self._left == 0:
            return b""
        piece = await self._reader.read(_PIECE if self._left is None else min(self._left, _PIECE))
        if self._left is None:
            return piece
        if not piece:
            raise asyncio.IncompleteReadError(b"", self._left)
        self._left -= len(piece)
        if self._chunked and not self._left:
            await self._reader.readexactly(2)
        return piece

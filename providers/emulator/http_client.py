"""HTTP/1.1 client on h11: kept connections, one POST at a time on each, the arrival of every piece on record.

The clock of a response starts when its request is written, so that the time to connect stands apart. Interim responses
(103 Early Hints) are no answer. One client serves ``say``, ``check`` and ``load``.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Self, cast
from urllib.parse import urlsplit

import h11

from providers.emulator.connection import connected
from providers.emulator.credentials import Credentials
from providers.emulator.failures import NETWORK_ERRORS, explained

_LARGEST_HEAD = 64 * 1024
_LARGEST_BODY = 256 * 1024 * 1024
"""Bytes of an answer: an hour and a half at 24 kHz."""

_ANY_WRAPPER = 47
"""zlib's window bits for gzip and zlib data alike."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class RecordedResponse:
    """A response, and when each part of it came."""

    status: int
    content_type: str
    body: bytes
    arrivals: tuple[tuple[float, int], ...]
    """(seconds after the request left, bytes received so far), one per piece as it came off the socket."""
    total: float
    """Seconds until the last byte, the abort or the hang-up."""
    complete: bool
    """False when the server broke off; True also when it was we who hung up."""
    connect: float | None = None
    """Seconds to connect, TLS included; None on a kept connection."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""

    @property
    def location(self) -> str:
        """Where a redirect points to; empty without one."""
        return self.headers.get("location", "")

    @property
    def coding(self) -> str:
        """Content coding of the body on the wire, such as ``gzip``; `body` and `arrivals` are decoded already."""
        return self.headers.get("content-encoding", "")

    @property
    def first_byte(self) -> float | None:
        """Seconds to the first byte of the body."""
        return self.arrivals[0][0] if self.arrivals else None


class _Exchange:
    """One request and what has come of it."""

    def __init__(self, clock: Clock, hang_up_after: int | None) -> None:
        self._clock = clock
        self._hang_up_after = hang_up_after
        self.begin = self.last = clock()
        self.head: h11.Response | None = None
        self.body = bytearray()
        self.arrivals: list[tuple[float, int]] = []
        self.hung_up = False
        self._decoder: zlib._Decompress | None = None
        self.broken: BaseException | None = None
        self.over = asyncio.get_running_loop().create_future()

    def take(self, event: h11.Event, now: float) -> None:
        """Note one event."""
        if isinstance(event, h11.Response):
            self.head = event
            coding = dict(event.headers).get(b"content-encoding", b"")
            self._decoder = zlib.decompressobj(_ANY_WRAPPER) if coding in (b"gzip", b"x-gzip", b"deflate") else None
        elif isinstance(event, h11.Data):
            self.body += event.data if self._decoder is None else self._decoder.decompress(event.data)
            self.arrivals.append((now - self.begin, len(self.body)))
            enough = self._hang_up_after is not None and len(self.body) >= self._hang_up_after
            if len(self.body) > _LARGEST_BODY:
                self.end(h11.RemoteProtocolError("the body does not end"))
            elif enough and self.head is not None and self.head.status_code == 200:
                self.hung_up = True
                self.end()
        elif isinstance(event, h11.EndOfMessage):
            self.end()

    def end(self, broken: BaseException | None = None) -> None:
        """No more is awaited."""
        if not self.over.done():
            self.broken = broken
            self.over.set_result(None)

    async def wait(self, timeout: float) -> None:
        """Wait for the end; ``timeout`` seconds without a byte end it too."""
        while not self.over.done():
            left = self.last + timeout - self._clock()
            if left <= 0:
                self.end(TimeoutError("no answer in time"))
            else:
                await asyncio.wait([self.over], timeout=left)

    def response(self, connect: float | None) -> RecordedResponse:
        """What came.

        Raises
        ------
        OSError, TimeoutError, h11.RemoteProtocolError
            No response at all.
        """
        if self.broken is not None and self.head is None:
            raise self.broken
        assert self.head is not None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.head.headers}
        return RecordedResponse(
            self.head.status_code,
            headers.get("content-type", ""),
            bytes(self.body),
            tuple(self.arrivals),
            self._clock() - self.begin,
            complete=self.broken is None,
            connect=connect,
            headers=headers,
        )


class _Connection(asyncio.Protocol):
    """One connection; serves one exchange at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._transport: asyncio.Transport | None = None
        self._exchange: _Exchange | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._answering = False
        """True once a byte of a response is here."""
        self.used = False

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None or exchange.over.done():
            self.close()
            return
        now = exchange.last = self._clock()
        self._answering = self._answering or bool(data)
        try:
            self._http.receive_data(data)
            while not exchange.over.done():
                event = self._http.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                    return
                assert not isinstance(event, type)
                exchange.take(event, now)
        except (h11.RemoteProtocolError, zlib.error) as error:
            exchange.end(error)
        finally:
            if exchange.over.done():
                self._writable.set()  # what is still to be sent need not be

    def eof_received(self) -> None:
        if self._exchange is not None and not self._answering:
            self._exchange.end(ConnectionResetError("closed without an answer"))
        self.data_received(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._writable.set()
        if self._exchange is not None and not self._exchange.over.done():
            self.eof_received()
            self._exchange.end(exc or ConnectionResetError("connection closed"))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # Called by the client.

    @property
    def reusable(self) -> bool:
        """True when another request can be sent."""
        return self._transport is not None and self._http.our_state is self._http.their_state is h11.IDLE

    async def exchange(
        self, request: h11.Request, parts: AsyncIterator[bytes], timeout: float, hang_up_after: int | None
    ) -> _Exchange:
        """Send a request and wait for the end of its response."""
        exchange = self._exchange = _Exchange(self._clock, hang_up_after)
        self._answering = False
        self.used = True
        try:
            await self._send(request, parts, exchange, timeout)
            await exchange.wait(timeout)
        finally:
            self._exchange = None
            self._finish(exchange)
        return exchange

    async def _send(
        self, request: h11.Request, parts: AsyncIterator[bytes], exchange: _Exchange, timeout: float
    ) -> None:
        """Write a request, as fast as the server reads it; a response that comes meanwhile ends it."""
        head = self._http.send(request) or b""
        async for part in parts:
            self._write(head + (self._http.send(h11.Data(data=part)) or b""), exchange)
            head = b""
            if not self._writable.is_set():
                await asyncio.wait_for(self._writable.wait(), timeout)
            if exchange.over.done():
                return
        self._write(head + (self._http.send(h11.EndOfMessage()) or b""), exchange)

    def _write(self, data: bytes, exchange: _Exchange) -> None:
        if self._transport is None:
            exchange.end(ConnectionResetError("connection closed"))
        elif data:
            exchange.begin = exchange.last = self._clock()
            self._transport.write(data)

    def _finish(self, exchange: _Exchange) -> None:
        """Make ready for the next request, or close."""
        done = self._http.our_state is self._http.their_state is h11.DONE
        if done and exchange.over.done() and not exchange.hung_up and exchange.broken is None:
            self._http.start_next_cycle()
        else:
            self.close()

    def close(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None


class HttpClient:
    """Kept connections; any number of requests at once, each on a connection of its own."""

    def __init__(self, *, timeout: float, clock: Clock = time.perf_counter) -> None:
        self._timeout = timeout
        self._clock = clock
        self._kept: list[tuple[str, _Connection]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop all kept connections."""
        for _, connection in self._kept:
            connection.close()
        self._kept.clear()

    async def post(
        self,
        url: str,
        body: bytes | AsyncIterator[bytes],
        *,
        headers: Mapping[str, str],
        hang_up_after: int | None = None,
        timeout: float | None = None,
    ) -> RecordedResponse:
        """POST a body and read the response to its end, or hang up once ``hang_up_after`` bytes of a 200 are here.

        A body of unknown length is sent in chunks. A kept connection that the server closed meanwhile is replaced.

        Raises
        ------
        OSError, TimeoutError, h11.RemoteProtocolError
            No response; a body that breaks off is a response that is not complete.
        """
        request = _request("POST", url, body, headers)
        return await self._request(url, request, body, hang_up_after, timeout)

    async def get(self, url: str) -> RecordedResponse:
        """GET a URL; raises like `post`."""
        return await self._request(url, _request("GET", url, b"", {}), b"", None, None)

    async def _request(
        self,
        url: str,
        request: h11.Request,
        body: bytes | AsyncIterator[bytes],
        hang_up_after: int | None,
        timeout: float | None,
    ) -> RecordedResponse:
        parts = _once(body) if isinstance(body, bytes) else body
        timeout = self._timeout if timeout is None else timeout
        connection, took = await self._connection(url, timeout)
        reused = connection.used
        exchange = await connection.exchange(request, parts, timeout, hang_up_after)
        stale = reused and exchange.head is None and not isinstance(exchange.broken, TimeoutError)
        if stale and isinstance(body, bytes):
            connection, took = await self._connection(url, timeout, new=True)
            exchange = await connection.exchange(request, _once(body), timeout, hang_up_after)
        if connection.reusable:
            self._kept.append((_origin(url), connection))
        return exchange.response(took)

    async def _connection(self, url: str, timeout: float, *, new: bool = False) -> tuple[_Connection, float | None]:
        """A kept connection, or a new one with the seconds it took."""
        for index, (origin, kept) in enumerate(self._kept):
            if origin == _origin(url) and not new:
                del self._kept[index]
                if kept.reusable:
                    return kept, None
                return await self._connection(url, timeout)
        begin = self._clock()
        async with asyncio.timeout(timeout):
            made = await connected(url, lambda: _Connection(self._clock))
        return made, self._clock() - begin


async def post(
    client: HttpClient,
    url: str,
    body: bytes,
    *,
    credentials: Credentials,
    content_type: str = "application/json",
    hang_up_after: int | None = None,
) -> RecordedResponse:
    """POST a body as the platform does.

    Raises
    ------
    Unreachable
        No response.
    """
    headers = {"Content-Type": content_type, **credentials.headers(body)}
    try:
        return await client.post(credentials.address(url), body, headers=headers, hang_up_after=hang_up_after)
    except NETWORK_ERRORS as error:
        raise explained(url, error) from error


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


def _request(method: str, url: str, body: bytes | AsyncIterator[bytes], headers: Mapping[str, str]) -> h11.Request:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    length = ("Content-Length", str(len(body))) if isinstance(body, bytes) else ("Transfer-Encoding", "chunked")
    lines = [
        ("Host", parts.netloc.rpartition("@")[2]),
        ("User-Agent", "vapi-providers-emulator"),
        *headers.items(),
        length,
    ]
    return h11.Request(method=method, target=target.encode(), headers=lines)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

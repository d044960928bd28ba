"""One HTTP/1.1 connection on h11, without a view of what its requests are about: bytes in and out, times on record."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from typing import cast

import h11

_LARGEST_HEAD = 64 * 1024
_LARGEST_BODY = 256 * 1024 * 1024
"""Bytes of an answer: an hour and a half at 24 kHz."""
_ANY_WRAPPER = 47
"""zlib's window bits for gzip and zlib data alike."""

Clock = Callable[[], float]
OnBody = Callable[[int, bytes], None]
"""Called with the status and each piece of a body as it comes, decoded."""


class Exchange:
    """One request and what has come of it."""

    def __init__(self, clock: Clock, hang_up_after: int | None, on_body: OnBody | None = None) -> None:
        self._clock = clock
        self._hang_up_after = hang_up_after
        self._on_body = on_body
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
            piece = event.data if self._decoder is None else self._decoder.decompress(event.data)
            self.body += piece
            if self._on_body is not None and self.head is not None:
                self._on_body(self.head.status_code, bytes(piece))
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


class HttpConnection(asyncio.Protocol):
    """One connection; serves one exchange at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._answering = False
        """True once a byte of a response is here."""
        self.used = False

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Note what came, and when; data that was not asked for closes the connection."""
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
                if isinstance(event, type | h11.ConnectionClosed):  # NEED_DATA, PAUSED
                    return
                exchange.take(event, now)
        except (h11.RemoteProtocolError, zlib.error) as error:
            exchange.end(error)
        finally:
            if exchange.over.done():
                self._writable.set()  # what is still to be sent need not be

    def eof_received(self) -> None:
        """Take the end of the stream for the end of a body, or for a broken one."""
        if self._exchange is not None and not self._answering:
            self._exchange.end(ConnectionResetError("closed without an answer"))
        self.data_received(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange."""
        self._transport = None
        self._writable.set()
        if self._exchange is not None and not self._exchange.over.done():
            self.eof_received()
            self._exchange.end(exc or ConnectionResetError("connection closed"))

    def pause_writing(self) -> None:
        """Hold back what is to be sent."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Send on."""
        self._writable.set()

    # Called by the client.

    @property
    def reusable(self) -> bool:
        """True when another request can be sent."""
        return self._transport is not None and self._http.our_state is self._http.their_state is h11.IDLE

    async def exchange(
        self,
        request: h11.Request,
        parts: AsyncIterator[bytes],
        timeout: float,
        hang_up_after: int | None,
        on_body: OnBody | None = None,
    ) -> Exchange:
        """Send a request and wait for the end of its response."""
        exchange = self._exchange = Exchange(self._clock, hang_up_after, on_body)
        self._answering = False
        self.used = True
        try:
            await self._send(request, parts, exchange, timeout)
            await exchange.wait(timeout)
        except asyncio.CancelledError:
            self.close()  # also where the answer is complete by now: nobody is left to keep the connection
            raise
        finally:
            self._exchange = None
            self._finish(exchange)
        return exchange

    async def _send(
        self, request: h11.Request, parts: AsyncIterator[bytes], exchange: Exchange, timeout: float
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

    def _write(self, data: bytes, exchange: Exchange) -> None:
        if self._transport is None:
            exchange.end(ConnectionResetError("connection closed"))
        elif data:
            exchange.begin = exchange.last = self._clock()
            self._transport.write(data)

    def _finish(self, exchange: Exchange) -> None:
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

"""HTTP/1.1 client: kept connections, one request at a time on each, the arrival of every piece on record.

The clock of a response starts when its request is written, so that the time to connect stands apart. Interim responses
(103 Early Hints) are no answer. One client serves ``say``, ``check`` and ``load``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

import h11

from providers.emulator.connection import connected
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import NETWORK_ERRORS, explained
from providers.emulator.http_connection import Clock, Exchange, HttpConnection, OnBody


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


def recorded(exchange: Exchange, connect: float | None, total: float) -> RecordedResponse:
    """What came of an exchange.

    Raises
    ------
    OSError, TimeoutError, h11.RemoteProtocolError
        No response at all.
    """
    head = exchange.head
    if head is None:
        raise exchange.broken or ConnectionResetError("no answer")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
    return RecordedResponse(
        head.status_code,
        headers.get("content-type", ""),
        bytes(exchange.body),
        tuple(exchange.arrivals),
        total,
        complete=exchange.broken is None,
        connect=connect,
        headers=headers,
    )


class HttpClient:
    """Kept connections; any number of requests at once, each on a connection of its own."""

    def __init__(self, *, timeout: float, clock: Clock = time.perf_counter) -> None:
        self._timeout = timeout
        self._clock = clock
        self._kept: list[tuple[str, HttpConnection]] = []

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first request."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Drop all kept connections."""
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
        on_body: OnBody | None = None,
    ) -> RecordedResponse:
        """POST a body and read the response to its end, or hang up once ``hang_up_after`` bytes of a 200 are here.

        A body of unknown length is sent in chunks. A kept connection that the server closed meanwhile is replaced.
        ``on_body`` gets the response's pieces as they come. A request that is cancelled closes its connection.

        Raises
        ------
        OSError, TimeoutError, h11.RemoteProtocolError
            No response; a body that breaks off is a response that is not complete.
        """
        request = _request("POST", url, body, headers)
        return await self._request(url, request, body, hang_up_after, timeout, on_body)

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
        on_body: OnBody | None = None,
    ) -> RecordedResponse:
        parts = _once(body) if isinstance(body, bytes) else body
        timeout = self._timeout if timeout is None else timeout
        connection, took = await self._connection(url, timeout)
        reused = connection.used
        exchange = await connection.exchange(request, parts, timeout, hang_up_after, on_body)
        stale = reused and exchange.head is None and not isinstance(exchange.broken, TimeoutError)
        if stale and isinstance(body, bytes):
            connection, took = await self._connection(url, timeout, new=True)
            exchange = await connection.exchange(request, _once(body), timeout, hang_up_after, on_body)
        if connection.reusable:
            self._kept.append((_origin(url), connection))
        return recorded(exchange, took, self._clock() - exchange.begin)

    async def _connection(self, url: str, timeout: float, *, new: bool = False) -> tuple[HttpConnection, float | None]:
        """A kept connection, or a new one with the seconds it took."""
        for index, (origin, kept) in enumerate(self._kept):
            if origin == _origin(url) and not new:
                del self._kept[index]
                if kept.reusable:
                    return kept, None
                return await self._connection(url, timeout)
        begin = self._clock()
        async with asyncio.timeout(timeout):
            made = await connected(url, lambda: HttpConnection(self._clock))
        return made, self._clock() - begin


async def post(
    client: HttpClient,
    url: str,
    body: bytes,
    *,
    credentials: SentCredentials,
    hang_up_after: int | None = None,
) -> RecordedResponse:
    """POST a body as the platform does.

    Raises
    ------
    Unreachable
        No response.
    """
    headers = {"Content-Type": "application/json", **credentials.headers(body)}
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

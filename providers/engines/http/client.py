"""HTTP client of an engine: kept warm, bounded, with one retry for a connection that was closed in the pool."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from providers.engines.vendor_errors import vendor_error
from providers.errors import EngineBusy, EngineError

_KEPT = 300.0
"""Seconds an idle connection may stay in the pool; most vendors close theirs sooner."""

_DIED_IDLE = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)

_DEAD_AT_ONCE = 1.0
"""Seconds within which a connection that the vendor had closed fails. After longer the vendor was working on it."""


class _Exchange:
    """State of one request's connection, from the trace events of httpcore."""

    def __init__(self) -> None:
        self.fresh = False
        """Whether the connection was opened for this request."""
        self.answered = False
        """Whether a response has begun."""

    async def trace(self, event: str, details: Mapping[str, Any]) -> None:
        """Take one event; only its name is read."""
        self.fresh |= event.startswith("connection.connect_")
        self.answered |= event.endswith("receive_response_headers.complete")


class VendorClient(httpx.AsyncClient):
    """An ``httpx.AsyncClient`` for vendors.

    A vendor may close an idle connection just when it is taken from the pool. A request on such a connection is sent
    once more. No other request is repeated, because a vendor bills each request that reached it: none that failed on a
    new connection, later than `_DEAD_AT_ONCE`, or after the first byte of a response.

    Parameters
    ----------
    open_timeout
        Seconds for a connection to open or to become free.
    idle_timeout
        Seconds of silence in the middle of an exchange.
    connections
        Connections that may be open at once.
    """

    def __init__(self, *, open_timeout: float, idle_timeout: float, connections: int) -> None:
        super().__init__(
            timeout=httpx.Timeout(idle_timeout, connect=open_timeout, pool=open_timeout),
            limits=httpx.Limits(
                max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=_KEPT
            ),
        )
        self._warmth: asyncio.Task[None] | None = None
        self._used = 0.0

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request, a second time if its connection had been closed in the pool."""
        clock = asyncio.get_running_loop().time
        self._used = sent = clock()
        exchange = _Exchange()
        request.extensions = {**request.extensions, "trace": exchange.trace}
        try:
            return await super().send(request, **options)
        except _DIED_IDLE:
            if exchange.fresh or exchange.answered or clock() - sent > _DEAD_AT_ONCE:
                raise
            return await super().send(request, **options)

    def keep_warm(self, url: str, headers: Mapping[str, str], *, every: float) -> None:
        """Request a page whenever there was no request for a while, so that no caller waits for a TLS handshake.

        ``every`` is in seconds; 0 disables it.
        """
        if every > 0 and self._warmth is None:
            self._warmth = asyncio.get_running_loop().create_task(self._keep_warm(url, headers, every))

    async def aclose(self) -> None:
        """Stop the warming and close every connection."""
        if self._warmth is not None:
            self._warmth.cancel()
            await asyncio.gather(self._warmth, return_exceptions=True)
        await super().aclose()

    async def _keep_warm(self, url: str, headers: Mapping[str, str], every: float) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(max(self._used + every - clock(), 0.0))
            if clock() < self._used + every:
                continue
            try:
                await self.get(url, headers=headers)
            except httpx.RequestError:
                continue  # the next utterance raises it


async def check_key(http: httpx.AsyncClient, url: str, headers: Mapping[str, str], *, engine: str, key: str) -> None:
    """Check the key, over a connection that the first utterance will reuse.

    A vendor that cannot be reached now may be reachable at the first call, so that is no error. Only status 401 is one,
    because not every compatible server has the path.

    Raises
    ------
    EngineUnavailable
        The vendor rejects the key.
    """
    try:
        answer = await http.get(url, headers=headers)
    except httpx.RequestError:
        return
    if answer.status_code == 401:
        raise vendor_error(engine, answer.status_code, answer.headers, key=key)


def failure(engine: str, error: httpx.RequestError) -> EngineError:
    """The `EngineError` of a request that failed in transport."""
    if isinstance(error, httpx.PoolTimeout):
        return EngineBusy(f"{engine} has no free connection", engine=engine)
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return EngineError(f"{engine} cannot be reached ({type(error).__name__})", engine=engine)
    if isinstance(error, httpx.TimeoutException):
        return EngineError(f"{engine} fell silent ({type(error).__name__})", engine=engine)
    return EngineError(f"{engine} broke off ({type(error).__name__})", engine=engine)


def sendable(text: str) -> str:
    """The text without lone surrogates, which UTF-8 cannot encode."""
    return text.encode(errors="replace").decode()

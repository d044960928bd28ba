"""HTTP client of an engine: warm, bounded, with a second try for a connection that died in the pool."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from providers.engines.vendor_errors import refusal
from providers.errors import EngineBusy, EngineError

_KEPT = 300.0
"""Seconds an idle connection may stay in the pool; most vendors close theirs sooner."""

_DIED_IDLE = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)

_DEAD_AT_ONCE = 1.0
"""Seconds within which a connection that the vendor had closed shows it. A vendor that takes longer was at work."""


class _Exchange:
    """What is known of one request's connection, from the trace events of httpcore."""

    def __init__(self) -> None:
        self.fresh = False
        """Whether the connection was opened for this request."""
        self.answered = False
        """Whether a response has begun."""

    async def trace(self, event: str, details: Mapping[str, Any]) -> None:
        """Take one event; its name is all that is read."""
        self.fresh |= event.startswith("connection.connect_")
        self.answered |= event.endswith("receive_response_headers.complete")


class VendorClient(httpx.AsyncClient):
    """An ``httpx.AsyncClient`` for vendors.

    A vendor may close an idle connection in the very moment it is taken from the pool. A request that finds such a
    connection is sent once more. Nothing else is repeated, because a vendor bills each request that reached it: none
    that failed on a fresh connection, later than `_DEAD_AT_ONCE`, or after the first byte of a response.

    Parameters
    ----------
    open_timeout
        Seconds for a connection to open, and to become free.
    idle_timeout
        Seconds of silence in the middle of an exchange.
    connections
        How many may be open at once.
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
        """Send a request, a second time if the first one found a connection that had died in the pool."""
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
        """Ask for a page whenever nothing else was asked for a while, so that no caller waits for a TLS handshake.

        ``every`` is in seconds; 0 lets connections grow cold.
        """
        if every > 0 and self._warmth is None:
            self._warmth = asyncio.get_running_loop().create_task(self._keep_warm(url, headers, every))

    async def aclose(self) -> None:
        """Stop keeping warm and close every connection."""
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
                continue  # the next utterance finds out, and says so


async def greet(http: httpx.AsyncClient, url: str, headers: Mapping[str, str], *, engine: str, key: str) -> None:
    """Open a connection that the first utterance will reuse, and learn whether the key is good.

    A vendor that cannot be reached now may be there when the first call comes, so that is no error; nor is any answer
    but "who are you?", because not every compatible server knows the path.

    Raises
    ------
    EngineUnavailable
        The key is refused.
    """
    try:
        answer = await http.get(url, headers=headers)
    except httpx.RequestError:
        return
    if answer.status_code == 401:
        raise refusal(engine, answer.status_code, answer.headers, key=key)


def failure(engine: str, error: httpx.RequestError) -> EngineError:
    """What went wrong on the way to a vendor, or back."""
    if isinstance(error, httpx.PoolTimeout):
        return EngineBusy(f"{engine} has no free connection", engine=engine)
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return EngineError(f"{engine} cannot be reached ({type(error).__name__})", engine=engine)
    if isinstance(error, httpx.TimeoutException):
        return EngineError(f"{engine} fell silent ({type(error).__name__})", engine=engine)
    return EngineError(f"{engine} broke off ({type(error).__name__})", engine=engine)


def sendable(text: str) -> str:
    """The text without lone surrogates, which no encoding carries."""
    return text.encode(errors="replace").decode()

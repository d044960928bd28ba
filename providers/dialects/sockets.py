"""WebSocket of a dialect: credential and place before the upgrade, one session, an end with a code that says why."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from providers.dialects.services import Dialect, Services
from providers.errors import AtCapacity, EngineError, ProvidersError, RequestError
from providers.inbound import check_connection
from providers.queues import BoundedQueue
from providers.tasks import until_first

__all__ = ["DialectSocket", "Session", "bearer_scope", "frames", "listening_place", "raise_first"]

log = structlog.get_logger()

_INBOX_BYTES = 1024 * 1024
"""Bytes from which on the client is slowed down: half a minute of telephone speech."""

_NORMAL, _POLICY, _INTERNAL_ERROR, _SERVICE_RESTART, _TRY_LATER = 1000, 1008, 1011, 1012, 1013
"""Close codes, RFC 6455 section 7.4.1."""


class Session(Protocol):
    """One client on one socket."""

    @property
    def audio(self) -> float | None:
        """Seconds of audio received; None for a session that speaks."""
        ...

    @property
    def behind(self) -> float:
        """Seconds of audio that the recogniser has still to be given."""
        ...

    async def run(self) -> None:
        """Serve the client until it asks for the end."""
        ...

    async def last_words(self) -> None:
        """Send what is still to come of what the client sent so far."""
        ...

    async def fail(self, message: str) -> None:
        """Tell the client why the socket is about to close."""
        ...


Open = Callable[[WebSocket], AbstractAsyncContextManager[Session]]
"""Opens the session of a socket that is not accepted yet; raises `RequestError` or `EngineError` to refuse it."""


@dataclass(slots=True, eq=False)
class _Ending:
    """Call of the drain: told to finish."""

    told: asyncio.Event = field(default_factory=asyncio.Event)
    within: float = 0.0

    def finish(self, *, within: float) -> None:
        self.within = within
        self.told.set()

    async def wait(self) -> None:
        await self.told.wait()


@dataclass(frozen=True, slots=True)
class DialectSocket:
    """Endpoint of one kind of socket, as an ASGI application."""

    services: Services
    dialect: Dialect
    open: Open
    subprotocols: Collection[str] = ()
    """Those that are accepted where a client offers them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the upgrade, or serve the session until it ends."""
        socket = WebSocket(bearer_scope(scope), receive, send)
        async with AsyncExitStack() as stack:
            try:
                check_connection(self.services.inbound.authenticator, HTTPConnection(socket.scope))
                self.services.drain.admit()
                session = await stack.enter_async_context(self.open(socket))
            except (RequestError, EngineError) as error:
                await socket.receive()  # the connect message has to be taken before it can be denied
                await socket.send_denial_response(self.dialect.refusal(self.services, scope["path"], error))
                return
            offered = [name for name in socket.scope.get("subprotocols", ()) if name in self.subprotocols]
            await socket.accept(subprotocol=offered[0] if offered else None)
            socket.state.inbox = BoundedQueue[bytes | str](_INBOX_BYTES, size_of=_size)
            await self._serve(session, socket)

    async def _serve(self, session: Session, socket: WebSocket) -> None:
        begun, ending = time.perf_counter(), _Ending()
        code, reason = 1006, "the client is gone"
        listens = session.audio is not None
        if listens:
            self.services.metrics.calls.active.inc()
            self.services.gate.follow(session, lambda: session.behind)
        try:
            with self.services.drain.call(ending):
                code, reason = await self._run(session, ending, _receive(socket, socket.state.inbox))
                with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                    await socket.close(code, reason)
        except WebSocketDisconnect as gone:
            code, reason = gone.code, gone.reason or "closed by the client"
        finally:
            if listens:
                self.services.gate.forget(session)
                self.services.metrics.calls.active.dec()
                self.services.metrics.calls.ended(_Ended(session.audio or 0.0), code)
            seconds = round(time.perf_counter() - begun, 2)
            level = 30 if code in (_INTERNAL_ERROR, _POLICY, _TRY_LATER) else 20
            log.log(level, "session", dialect=self.dialect.name, code=code, reason=reason, seconds=seconds)

    async def _run(self, session: Session, ending: _Ending, receiving: Coroutine[Any, Any, None]) -> tuple[int, str]:
        """Run a session; returns the close code and its reason."""
        try:
            await until_first(session.run(), ending.wait(), receiving)
            if not ending.told.is_set():
                return _NORMAL, ""
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ending.within):
                    await session.last_words()
            return _SERVICE_RESTART, "the server is shutting down"
        except AtCapacity as error:
            return await self._failed(session, _TRY_LATER, str(error))
        except RequestError as error:
            return await self._failed(session, _POLICY, str(error))
        except ProvidersError as error:
            return await self._failed(session, _INTERNAL_ERROR, str(error))
        except WebSocketDisconnect:
            raise
        except Exception:
            log.exception("a session failed", dialect=self.dialect.name)
            return await self._failed(session, _INTERNAL_ERROR, "internal error")

    async def _failed(self, session: Session, code: int, message: str) -> tuple[int, str]:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await session.fail(message)
        return code, message.encode()[:123].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class _Ended:
    """What is counted of a socket that has ended."""

    audio: float
    """Seconds."""


@asynccontextmanager
async def listening_place(services: Services) -> AsyncGenerator[None, None]:
    """A place among the calls.

    Raises
    ------
    AtCapacity
    """
    with services.gate.admit():
        yield


async def frames(socket: WebSocket) -> AsyncIterator[bytes | str]:
    """What a client sends, in order, for as long as it is there: its end ends the session, whatever that waits for."""
    inbox: BoundedQueue[bytes | str] = socket.state.inbox
    while (frame := await inbox.get()) is not None:
        yield frame


async def _receive(socket: WebSocket, inbox: BoundedQueue[bytes | str]) -> None:
    """Take what the client sends, also while the session waits for a recogniser.

    Raises
    ------
    WebSocketDisconnect
        The client is gone.
    """
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006), message.get("reason") or "")
        data: bytes | None = message.get("bytes")
        await inbox.put(data if data is not None else message.get("text") or "")


async def raise_first(*failures: asyncio.Future[None]) -> None:
    """Wait for the first failure, and raise it."""
    done, _ = await asyncio.wait(failures, return_when=asyncio.FIRST_COMPLETED)
    for failure in done:
        failure.result()


def _size(frame: bytes | str) -> int:
    return len(frame) + 1


_OPENAI_KEY = "openai-insecure-api-key."


def bearer_scope(scope: Scope) -> Scope:
    """The scope with its key as a bearer token, where a vendor's clients send it elsewhere.

    Deepgram's clients send ``Authorization: Token …``; browsers, which cannot set headers, send the key among the
    subprotocols: ``token, …`` for Deepgram and ``openai-insecure-api-key.…`` for OpenAI.
    """
    headers = [_as_bearer(name, value) for name, value in scope["headers"]]
    if not any(name == b"authorization" for name, _ in headers) and (key := _key_among(scope.get("subprotocols", ()))):
        headers.append((b"authorization", b"Bearer " + key.encode()))
    return {**scope, "headers": headers}


def _as_bearer(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name == b"authorization" and value[:6].lower() == b"token ":
        return name, b"Bearer " + value[6:]
    return name, value


def _key_among(subprotocols: Collection[str]) -> str | None:
    offered = list(subprotocols)
    for place, name in enumerate(offered):
        if name in ("token", "bearer") and place + 1 < len(offered):
            return offered[place + 1]
        if name.startswith(_OPENAI_KEY):
            return name.removeprefix(_OPENAI_KEY)
    return None

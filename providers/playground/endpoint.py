"""``WS /api/playground``: calls of the page."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import structlog
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from providers.calls.registry import Calls
from providers.errors import AtCapacity, BadRequest, ProvidersError, RequestError, Unauthorized
from providers.inbound import check_connection
from providers.operations.drain import Drain
from providers.pages.page import PageAccess
from providers.playground.credentials import own_credentials
from providers.playground.models import model_of
from providers.playground.session import CallSurroundings, PlaygroundCall
from providers.playground.stacks import Stacks
from providers.playground.wire import StartCall, parse, told
from providers.settings import Settings

__all__ = ["PLAYGROUND_PATH", "Playground"]

log = structlog.get_logger()

PLAYGROUND_PATH = "/api/playground"

_PROTOCOL, _TOKEN = "playground", "token."  # the prefix of one
"""A browser's socket can send no header of its own; the token comes as a second subprotocol."""
_FIRST_SECONDS = 10.0
_MOST_CALLS = 4
_CLEAR_VOICES = {"espeak": "en-us+klatt4"}
"""Voice of typed lines by engine: of espeak's, the one that the embedded recogniser hears best."""


@dataclass(slots=True)
class Playground:
    """The endpoint as an ASGI application."""

    settings: Settings
    access: PageAccess
    stacks: Stacks
    calls: Calls
    drain: Drain
    own_voice: str
    """Name of this server's voice engine."""
    _live: int = field(default=0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the upgrade, or hold one call."""
        socket = WebSocket(scope, receive, send)
        try:
            self._admit(HTTPConnection(scope))
        except RequestError as error:
            await socket.receive()  # the connect message has to be taken before it can be denied
            await socket.send_denial_response(JSONResponse({"error": str(error)}, error.status))
            return
        self._live += 1
        try:
            await socket.accept(subprotocol=_PROTOCOL)
            await self._hold(socket)
        except WebSocketDisconnect:
            pass  # the page was closed before its call began
        finally:
            self._live -= 1

    def _admit(self, connection: HTTPConnection) -> None:
        """Let a page in.

        Raises
        ------
        Unauthorized, AtCapacity, Draining
        """
        if not self.access.allows(connection) or not _same_origin(connection):
            raise Unauthorized("page: expected a page of this server, found another origin")
        check_connection(self.access.authenticator, _with_token(connection))
        self.drain.admit()
        if self._live >= _MOST_CALLS:
            raise AtCapacity(f"playground: expected at most {_MOST_CALLS} calls at once, found more")

    async def _hold(self, socket: WebSocket) -> None:
        try:
            async with asyncio.timeout(_FIRST_SECONDS):
                start = parse(await socket.receive_text())
            if not isinstance(start, StartCall):
                raise BadRequest("message: expected start first, found another one")
            async with self.stacks.using(start.changes()) as base, model_of(start.model) as model:
                speaker = _CLEAR_VOICES.get(start.voice or self.own_voice.partition(",")[0])
                around = CallSurroundings(base, own_credentials(self.settings), self.calls, speaker)
                session = PlaygroundCall(socket, start, around, model)
                log.info("playground call", call_id=session.call_id, voice=start.voice, transcriber=start.transcriber)
                await session.run()
        except TimeoutError:
            await self._refuse(socket, "message: expected start, found nothing")
        except (KeyError, ProvidersError) as error:
            text = "message: expected text, found bytes" if isinstance(error, KeyError) else str(error)
            await self._refuse(socket, text)
        else:
            await _close(socket, 1000)

    async def _refuse(self, socket: WebSocket, sentence: str) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # the page may be gone
            await socket.send_text(told("error", error=sentence))
        await _close(socket, 1008)

    async def aclose(self) -> None:
        """End the servers behind it."""
        await self.stacks.aclose()


async def _close(socket: WebSocket, code: int) -> None:
    """Close the socket, which the page may have closed before."""
    if socket.client_state is WebSocketState.CONNECTED and socket.application_state is WebSocketState.CONNECTED:
        with suppress(WebSocketDisconnect, RuntimeError):
            await socket.close(code)


def _same_origin(connection: HTTPConnection) -> bool:
    """Whether a page of this very server asks; programs send no origin."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")


def _with_token(connection: HTTPConnection) -> HTTPConnection:
    """The request with the token of its subprotocols as a header."""
    offered = [name.strip() for name in connection.headers.get("sec-websocket-protocol", "").split(",")]
    token = next((name.removeprefix(_TOKEN) for name in offered if name.startswith(_TOKEN)), None)
    if token is None:
        return connection
    header = (b"authorization", b"Bearer " + token.encode("latin-1", errors="replace"))
    return HTTPConnection({**connection.scope, "headers": [*connection.scope["headers"], header]})

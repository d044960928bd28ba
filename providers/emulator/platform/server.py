"""The platform's application under uvicorn, on a socket of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from providers.emulator.failures import EmulatorError

LARGEST_MESSAGE = 8 * 1024 * 1024
"""Bytes of one message on a socket: a recording that a client sends at once, 90 s at 44.1 kHz."""
UNSENT = 32 * 1024
"""Bytes that a client may leave unread, in this process and in the kernel each: a second at 16 kHz."""
_GRACE = 3.0
"""Seconds for open answers when the server ends."""


class PlatformSocket(WebSocketsSansIOProtocol):
    """A socket whose sender waits early: late audio is worth nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep little in the transport."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=UNSENT)
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT)


class AnnouncingServer(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config, up: Callable[[], None]) -> None:
        super().__init__(config)
        self._up = up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._up()


def bound(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises
    ------
    EmulatorError
        The address cannot be used.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise EmulatorError(f"--host, --port: {host}:{port} cannot be used: {error.strerror or error}") from None


def url_of(sock: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: ASGIApp, sock: socket.socket, *, announce: Callable[[], None]) -> None:
    """Serve until a signal ends it; calls that are going on end with it."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        ws=PlatformSocket,
        ws_max_size=LARGEST_MESSAGE,
        ws_per_message_deflate=False,  # 20 ms of audio gain nothing by it
        timeout_graceful_shutdown=round(_GRACE),
        server_header=False,
    )
    AnnouncingServer(config, announce).run(sockets=[sock])

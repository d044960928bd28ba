"""Running the application under uvicorn: the tuning measured for PCM, the announcement, and the drain on a signal."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from providers import runtime
from providers.errors import SettingsError
from providers.listening import bind, url
from providers.operations.drain import ANSWER_SECONDS, Drain
from providers.pages.tokens import page_key
from providers.protocols import http, websocket
from providers.settings import Settings
from providers.settings.listed import names
from providers.takeover import Offer

__all__ = ["DrainingServer", "bind", "configure", "described", "run", "serve", "url"]

_COLLECT_AFTER = (10_000, 20, 20)
"""Objects made before a collection of the youngest, and collections before one of the next older. With the default of
700, 10, 10 the first seconds of 500 calls had their text 50 ms late (p99) instead of 5."""

_LARGEST_FRAME = 1024 * 1024
"""Bytes of one WebSocket message: five seconds of 48 kHz stereo."""


def run(
    app: ASGIApp,
    settings: Settings,
    sock: socket.socket,
    *,
    announce: Callable[[str], None],
    drain: Drain,
    published: Callable[[str], runtime.RunningServer] | None = None,
    offered: str | None = None,
) -> bool:
    """Serve in this process alone until a signal has drained it; True when it had come up.

    Parameters
    ----------
    announce
        Called with the base URL once the server listens and its engines are warm.
    drain
        The drain of the application, which a signal begins.
    published
        Makes the content of the runtime file from the base URL.
    offered
        The secret that was made for this run, for the process that takes over.

    Raises
    ------
    SettingsError
        The TLS files cannot be used.
    """
    base = url(settings, sock)

    def up(server: DrainingServer) -> None:
        offer = Offer(sock, asyncio.get_running_loop(), secret=offered, taken=lambda: hand_over(server))
        offers.append(offer)
        if published is not None:
            runtime.publish(published(base))
        offer.open()
        announce(base)

    def hand_over(server: DrainingServer) -> None:
        offers[0].close()
        runtime.withdraw(os.getpid())
        server.stop_listening()
        drain.begin("takeover", handed_over=True)

    offers: list[Offer] = []
    try:
        return serve(app, settings, [sock], drain=drain, up=up)
    finally:
        for offer in offers:
            offer.close()
        runtime.withdraw(os.getpid())
        sock.close()


def serve(
    app: ASGIApp,
    settings: Settings,
    sockets: list[socket.socket],
    *,
    drain: Drain,
    up: Callable[[DrainingServer], None],
) -> bool:
    """Serve until the drain is over; True when the server had come up.

    Parameters
    ----------
    sockets
        Listening sockets; none where connections are handed over by `DrainingServer.adopt`.
    up
        Called once the engines are warm and connections are served.

    Raises
    ------
    SettingsError
        The TLS files cannot be used.
    """
    config = configure(app, settings)
    try:
        config.load()
    except OSError as error:  # the TLS library's own errors are among these
        raise SettingsError([f"--ssl-certfile, --ssl-keyfile: cannot be used: {error.strerror or error}"]) from None
    server = DrainingServer(config, up, drain)
    # A signal that comes when the server has ended must not kill the process before it has tidied up.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: None)
    with contextlib.suppress(SystemExit):  # a failed start, which `came_up` tells
        server.run(sockets=sockets)
    return server.came_up


def described(
    base: str, settings: Settings, engines: tuple[str, str], accepts: runtime.AcceptedCredentials
) -> runtime.RunningServer:
    """The server of this process, for its runtime file."""
    return runtime.RunningServer(
        url=base,
        secret=None if settings.access.no_auth else settings.access.secret,
        pid=os.getpid(),
        folder=str(Path.cwd()),
        started=time.time(),
        voice=engines[0],
        transcriber=engines[1],
        accepts=accepts,
        page_key=page_key(settings) or "",
    )


def configure(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Uvicorn's tuning for this application."""
    tls: dict[str, Any] = {"ssl_certfile": settings.server.ssl_certfile, "ssl_keyfile": settings.server.ssl_keyfile}
    limits = http.ConnectionLimits(
        header_seconds=settings.server.header_seconds,
        body_seconds=settings.server.body_seconds,
        waiting=settings.server.max_waiting_connections,
    )
    return uvicorn.Config(
        app,
        http=http.protocol(limits),
        ws=websocket.protocol(),
        ws_per_message_deflate=False,  # PCM does not compress, and each call would pay 64 KiB for trying
        ws_max_size=_LARGEST_FRAME,
        ws_ping_interval=settings.server.ping_seconds or None,
        ws_ping_timeout=settings.server.ping_seconds or None,
        timeout_graceful_shutdown=min(int(ANSWER_SECONDS), settings.server.drain_seconds),
        timeout_keep_alive=75,  # the platform posts once per sentence; a new connection would cost it a round trip
        access_log=False,
        server_header=False,
        proxy_headers=bool(names(settings.proxies.trusted_proxies)),
        forwarded_allow_ips=list(names(settings.proxies.trusted_proxies)),
        log_config=None,
        lifespan="on",
        **tls,
    )


class DrainingServer(uvicorn.Server):
    """Uvicorn that drains on a signal, says when it is up, and keeps quiet about a failed start.

    The first signal begins the drain, the second ends the calls with their last words, the third ends at once.
    """

    def __init__(self, config: uvicorn.Config, up: Callable[[DrainingServer], None], drain: Drain) -> None:
        super().__init__(config)
        self._up = up
        self._drain = drain
        self._signals = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._adopting: set[asyncio.Task[None]] = set()
        self.came_up = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then tell that the server is up."""
        self._loop = asyncio.get_running_loop()
        errors = logging.getLogger("uvicorn.error")
        level = errors.level
        errors.setLevel(logging.CRITICAL)
        try:
            await super().startup(sockets)
        finally:
            errors.setLevel(level)
        self.came_up = not self.should_exit
        if self.came_up:
            # What is loaded stays for the process's life: no later collection need look at it, and stall a caller.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*_COLLECT_AFTER)
            self._drain.on_begin.append(self._close_kept_connections)
            self._drain.on_drained = self._end
            self._up(self)

    def adopt(self, connection: socket.socket) -> None:
        """Serve a connection that another process has accepted."""
        task = asyncio.create_task(self._adopt(connection))
        self._adopting.add(task)
        task.add_done_callback(self._adopting.discard)

    def stop_listening(self) -> None:
        """Accept no more connections."""
        for listening in self.servers:
            listening.close()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal. Uvicorn's own would raise it again in the end, and the exit code would be that of a crash."""
        if self._loop is None or not self.came_up:
            self.should_exit = True
            return
        self._signals += 1
        self._loop.call_soon_threadsafe(self._take, signal.Signals(sig), self._signals)

    def end(self) -> None:
        """End at once."""
        self.should_exit = self.force_exit = True

    async def _adopt(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):  # it is gone, or its TLS handshake failed
            connection.setblocking(False)
            await loop.connect_accepted_socket(self._protocol, connection, ssl=self.config.ssl)

    def _protocol(self) -> asyncio.Protocol:
        made: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = made(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol

    def _take(self, sig: signal.Signals, count: int) -> None:
        if count == 1:
            # Ctrl-C comes from a person at a terminal. Without a call nothing is lost by ending at once.
            self._drain.begin(sig.name, notice=sig != signal.SIGINT or not self._drain.idle)
        elif count == 2:
            self._drain.hurry()
        else:
            self.end()

    def _close_kept_connections(self) -> None:
        """Close each connection after its answer, so that the client's next request finds another server."""
        self.config.encoded_headers.append((b"connection", b"close"))

    def _end(self) -> None:
        self.should_exit = True

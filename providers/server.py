"""Running the application under uvicorn: the socket, the tuning measured for PCM, and the announcement."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from providers import runtime
from providers.errors import SettingsError
from providers.protocols import http, websocket
from providers.settings import Settings
from providers.settings.listed import names

_COLLECT_AFTER = (10_000, 20, 20)
"""Objects made before a collection of the youngest, and collections before one of the next older. With the default of
700, 10, 10 the first seconds of 500 calls had their text 50 ms late (p99) instead of 5."""

_LARGEST_FRAME = 1024 * 1024
"""Bytes of one WebSocket message: five seconds of 48 kHz stereo."""


def bind(settings: Settings) -> socket.socket:
    """The listening socket, bound before anything is started.

    Raises
    ------
    SettingsError
        The address cannot be used.
    """
    family = socket.AF_INET6 if ":" in settings.server.host else socket.AF_INET
    try:
        return socket.create_server((settings.server.host, settings.server.port), family=family, backlog=2048)
    except OSError as error:
        where = f"--host {settings.server.host} --port {settings.server.port}"
        raise SettingsError([f"{where}: cannot listen there: {error.strerror or error}"]) from None


def url(settings: Settings, sock: socket.socket) -> str:
    """The base URL as this machine reaches it."""
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # what is bound is the setting's
    scheme = "https" if settings.server.ssl_certfile else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def run(
    app: ASGIApp,
    settings: Settings,
    sock: socket.socket,
    *,
    announce: Callable[[str], None],
    engines: tuple[str, str] = ("", ""),
    accepts: runtime.AcceptedCredentials | None = None,
) -> bool:
    """Serve until a signal ends it; True when it had come up.

    Parameters
    ----------
    announce
        Called with the base URL once the server listens and its engines are warm.
    engines
        Names of the voice and the transcriber engine, for the runtime file.
    accepts
        What the server accepts, for the same file.

    Raises
    ------
    SettingsError
        The TLS files cannot be used.
    """
    base = url(settings, sock)
    config = configure(app, settings)
    try:
        config.load()
    except OSError as error:  # the TLS library's own errors are among these
        raise SettingsError([f"--ssl-certfile, --ssl-keyfile: cannot be used: {error.strerror or error}"]) from None

    def listening() -> None:
        # What is loaded by now stays for the process's life: no later collection need look at it, and stall a caller.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT_AFTER)
        runtime.publish(_described(base, settings, engines, accepts or runtime.AcceptedCredentials()))
        announce(base)

    server = _Server(config, listening)
    # Uvicorn raises the signal that ended it once more after its clean shutdown; without a handler that would kill the
    # process before it has tidied up, and with a code that looks like a crash.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    try:
        server.run(sockets=[sock])
    except (KeyboardInterrupt, SystemExit):
        pass  # the same for Ctrl-C; and a failed start, which `came_up` tells
    finally:
        runtime.withdraw(os.getpid())
        sock.close()
    return server.came_up


def _described(
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
        timeout_graceful_shutdown=settings.server.drain_seconds,
        timeout_keep_alive=75,  # the platform posts once per sentence; a new connection would cost it a round trip
        access_log=False,
        server_header=False,
        proxy_headers=bool(names(settings.server.trusted_proxies)),
        forwarded_allow_ips=list(names(settings.server.trusted_proxies)),
        log_config=None,
        lifespan="on",
        **tls,
    )


class _Server(uvicorn.Server):
    """Uvicorn that says when it is up, and keeps quiet about a failed start, which the command line reports itself."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening
        self.came_up = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        errors = logging.getLogger("uvicorn.error")
        level = errors.level
        errors.setLevel(logging.CRITICAL)
        try:
            await super().startup(sockets)
        finally:
            errors.setLevel(level)
        self.came_up = not self.should_exit
        if self.came_up:
            self._listening()

"""The listening socket: bound here, inherited from the process that started this one, or handed over by systemd."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from providers.errors import SettingsError
from providers.settings import Settings

_FIRST_PASSED = 3
"""File descriptor of the first socket that systemd passes (sd_listen_fds, SD_LISTEN_FDS_START)."""
_BACKLOG = 2048


def bind(settings: Settings, environ: Mapping[str, str] | None = None) -> socket.socket:
    """The listening socket, bound or inherited before anything is started.

    ``--fd`` names an inherited socket. Without it, a socket passed by systemd (``LISTEN_FDS``) is used where there is
    one, and host and port where there is none.

    Raises
    ------
    SettingsError
        The address or the inherited socket cannot be used.
    """
    if settings.server.fd is not None:
        return _inherited(settings.server.fd, "--fd")
    if passed := _passed(os.environ if environ is None else environ):
        if passed > 1:
            raise SettingsError([f"LISTEN_FDS: expected one socket, found {passed}"])
        return _inherited(_FIRST_PASSED, "LISTEN_FDS")
    family = socket.AF_INET6 if ":" in settings.server.host else socket.AF_INET
    try:
        return socket.create_server((settings.server.host, settings.server.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        where = f"--host {settings.server.host} --port {settings.server.port}"
        raise SettingsError([f"{where}: cannot listen there: {error.strerror or error}"]) from None


def url(settings: Settings, sock: socket.socket) -> str:
    """The base URL as this machine reaches it."""
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # what is bound is the setting's
    scheme = "https" if settings.server.ssl_certfile else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _passed(environ: Mapping[str, str]) -> int:
    """How many sockets systemd passed to this very process."""
    count = environ.get("LISTEN_FDS", "")
    meant = environ.get("LISTEN_PID") == str(os.getpid())
    return int(count) if meant and count.isascii() and count.isdigit() else 0


def _inherited(descriptor: int, source: str) -> socket.socket:
    """The listening TCP socket with this file descriptor."""
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError as error:
        reason = error.strerror or error
        raise SettingsError([f"{source}: expected a listening socket as descriptor {descriptor}: {reason}"]) from None
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not _listens(sock):
        sock.detach()
        raise SettingsError(
            [f"{source}: expected a listening TCP socket as descriptor {descriptor}, found another one"]
        )
    os.set_inheritable(descriptor, False)
    return sock


def _listens(sock: socket.socket) -> bool:
    if sock.type != socket.SOCK_STREAM:
        return False
    if not hasattr(socket, "SO_ACCEPTCONN"):
        return True  # not every system tells
    return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))

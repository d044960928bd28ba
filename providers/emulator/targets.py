"""Where a server's three endpoints are, and what opens them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from providers.emulator.connection import is_loopback
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import EmulatorError, bare
from providers.emulator.processes import listening_pid
from providers.emulator.protocol import ENDPOINTING_PATH, TRANSCRIBER_PATH, VOICE_PATH
from providers.emulator.running_servers import only_server, server_at

EndpointName = Literal["voice", "transcriber", "endpointing"]

_PATHS: dict[EndpointName, str] = {
    "voice": VOICE_PATH,
    "transcriber": TRANSCRIBER_PATH,
    "endpointing": ENDPOINTING_PATH,
}
_SOCKET_SCHEME = {"http": "ws", "https": "wss"}


@dataclass(frozen=True, slots=True)
class Targets:
    """A server under test: an endpoint that is None is not called."""

    voice: str | None
    transcriber: str | None
    endpointing: str | None
    credentials: SentCredentials
    pid: int | None = None
    """The server's process when it runs on this machine and told us so."""
    name: str | None = None
    """Address, engines and folder of a server that was found by its runtime file."""
    voice_engine: str = ""
    """Name of that server's voice engine."""


def targets_at(url: str, credentials: SentCredentials, *, pid: int | None = None) -> Targets:
    """The endpoints at their usual paths below one address."""
    parts = urlsplit(url)
    if parts.scheme not in _SOCKET_SCHEME or not parts.netloc:
        raise EmulatorError(f"--url: expected http://host:port or https://host, found {bare(url)!r}")
    root = parts.path.rstrip("/")
    sockets = _SOCKET_SCHEME[parts.scheme]
    found = {
        name: urlunsplit((sockets if name == "transcriber" else parts.scheme, parts.netloc, root + path, "", ""))
        for name, path in _PATHS.items()
    }
    return Targets(**found, credentials=credentials, pid=pid)


def running_targets(url: str | None, credentials: SentCredentials) -> Targets:
    """The endpoints of ``url``, or else of the server that runs on this machine, with its secret unless one is given.

    The secret of a running server goes to that server only, never to another address.

    Raises
    ------
    EmulatorError
        No server runs, or several fit.
    """
    if url is None:
        server = only_server()
    elif (found := server_at(url)) is not None:
        server = found
    else:
        return targets_at(url, credentials)
    known = credentials or SentCredentials(secret=server.secret)
    return replace(targets_at(url or server.url, known, pid=server.pid), name=str(server), voice_engine=server.voice)


def chosen_targets(
    url: str | None, credentials: SentCredentials, *, pid: int | None = None, **endpoints: str | None
) -> Targets:
    """The endpoints named one by one; without any name, those of ``url`` or of the running server."""
    named = {name: where for name, where in endpoints.items() if where is not None}
    if url is not None and named:
        raise EmulatorError("expected --url, or endpoints one by one, found both")
    if named:
        for name, where in named.items():
            endpoint_address(f"--{name}-url", where, socket=name == "transcriber")
        found = Targets(named.get("voice"), named.get("transcriber"), named.get("endpointing"), credentials)
    else:
        found = running_targets(url, credentials)
    return replace(found, pid=pid or found.pid or _local_pid(found))


def _local_pid(targets: Targets) -> int | None:
    """The process behind an endpoint of this machine, where it can be seen."""
    url = targets.transcriber or targets.voice or targets.endpointing or ""
    port = urlsplit(url).port
    return listening_pid(port) if port is not None and is_loopback(url) else None


def endpoint_address(option: str, url: str, *, socket: bool) -> str:
    """One endpoint's own address, with a scheme that fits it."""
    parts = urlsplit(url)
    wanted = ("wss", "ws") if socket else ("https", "http")
    if parts.scheme not in wanted or not parts.netloc:
        hint = {"https": "wss", "http": "ws", "wss": "https", "ws": "http"}.get(parts.scheme)
        better = f": write {hint}://{bare(url).partition('://')[2]}" if hint and parts.netloc else ""
        raise EmulatorError(f"{option}: expected {wanted[0]}:// or {wanted[1]}://, found {bare(url)!r}{better}")
    return url

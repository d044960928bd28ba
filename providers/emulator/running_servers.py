"""Servers that run on this machine, as their runtime files describe them, and which of them a command means.

A command means the server at its ``--url``. Without one it means the only server that was started in this folder, or
else the only one on this machine. Where two fit, it refuses and names them. Files of ended processes do not count, and
of two servers on one port only the newer does.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import platformdirs
import psutil

from providers.emulator.failures import EmulatorError

_PORTS = {"http": 80, "https": 443}
_CLOCK_STEP = 2.0
"""Seconds by which a process may seem to be younger than the file it wrote, when the clock was set meanwhile."""


@dataclass(frozen=True, slots=True)
class FoundServer:
    """One running server of this user."""

    url: str
    secret: str | None = field(repr=False)
    pid: int
    folder: str
    started: float
    """Seconds since the epoch."""
    voice: str = ""
    transcriber: str = ""
    page_key: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Address, engines and folder."""
        engines = ", ".join(
            f"{kind} {name}" for kind, name in (("voice", self.voice), ("transcriber", self.transcriber)) if name
        )
        return f"{self.url} ({engines or 'engines unknown'}; started in {self.folder})"


def running_servers() -> list[FoundServer]:
    """All servers of this user that run on this machine, the newest first."""
    chosen = os.environ.get("PROVIDERS_RUNTIME_DIR")
    folder = Path(chosen) if chosen else platformdirs.user_state_path("vapi-providers")
    found = [server for file in sorted(folder.glob("server-*.json")) if (server := _read(file)) is not None]
    newest: dict[object, FoundServer] = {}
    for server in sorted(found, key=lambda server: server.started, reverse=True):
        newest.setdefault(origin(server.url), server)
    return list(newest.values())


def server_at(url: str) -> FoundServer | None:
    """The running server with this scheme, host and port, or None."""
    wanted = origin(url)
    return next((server for server in running_servers() if origin(server.url) == wanted), None)


def only_server(here: Path | None = None) -> FoundServer:
    """The only server of this folder, or else the only one of this machine.

    Raises
    ------
    EmulatorError
        None runs, or several fit.
    """
    servers = running_servers()
    folder = str(here or Path.cwd())
    fitting = [server for server in servers if server.folder == folder] or servers
    if not fitting:
        raise EmulatorError("no server runs on this machine: start `vapi-providers serve`, or name one with --url")
    if len(fitting) > 1:
        where = "were started in this folder" if fitting[0].folder == folder else "run on this machine"
        names = "".join(f"\n  --url {server}" for server in fitting)
        raise EmulatorError(f"{len(fitting)} servers {where}; choose one:{names}")
    return fitting[0]


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL; ``localhost`` is 127.0.0.1."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme, "127.0.0.1" if host == "localhost" else host, parts.port or _PORTS.get(parts.scheme)
    except ValueError:  # a port that is no number
        return "", "", None


def _read(file: Path) -> FoundServer | None:
    """The server of a runtime file; None for a damaged file and for one whose process is gone."""
    try:
        server = msgspec.json.decode(file.read_bytes(), type=FoundServer)
        began = psutil.Process(server.pid).create_time()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, psutil.Error):
        return None
    return server if began <= server.started + _CLOCK_STEP else None

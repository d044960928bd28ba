"""Runtime files: how the tools in another terminal find a running server and its secret.

One file per server, ``server-<pid>.json``, written when it listens and removed when it ends. Only its owner can read it
(mode 0600). The reader is `providers.emulator.running_servers`.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import platformdirs
import psutil
import structlog

log = structlog.get_logger()


class AcceptedCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a server accepts, apart from the secret itself: enough to configure the platform's side."""

    ways: tuple[str, ...] = ()
    """Any of secret, bearer, token, hmac; empty when it accepts every request."""
    made: bool = False
    """Whether the secret was made for this run, and is no secret of the operator's own."""
    bearer_header: str = "Authorization"
    bearer_prefix: str = "Bearer "
    hmac: dict[str, str] = {}
    """The options of the HMAC credential by the platform's names, without its key."""


class RunningServer(msgspec.Struct, frozen=True, kw_only=True):
    """One running server, as its runtime file describes it."""

    url: str
    """Base URL as this machine reaches it, e.g. ``http://127.0.0.1:8080``."""
    secret: str | None
    """None when the server runs with ``--no-auth``."""
    pid: int
    folder: str
    """Working folder of the process."""
    started: float
    """Seconds since the epoch."""
    voice: str = ""
    """Name of the voice engine."""
    transcriber: str = ""
    """Name of the transcriber engine."""
    accepts: AcceptedCredentials = AcceptedCredentials()
    page_key: str = ""
    """Signs the page's tokens; empty where the page needs none, or is off."""

    def __repr__(self) -> str:
        """Everything but the secret."""
        secret = "***" if self.secret else None
        return f"RunningServer(url={self.url!r}, secret={secret}, pid={self.pid}, folder={self.folder!r})"


def folder() -> Path:
    """Folder of the runtime files; ``PROVIDERS_RUNTIME_DIR`` moves it."""
    chosen = os.environ.get("PROVIDERS_RUNTIME_DIR")
    return Path(chosen) if chosen else platformdirs.user_state_path("vapi-providers")


def publish(server: RunningServer) -> Path | None:
    """Write the server's runtime file; None, with a warning in the log, where the folder cannot be written."""
    target = _file(server.pid)
    draft = target.with_suffix(".draft")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_stale(target.parent)
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(server))
        draft.replace(target)
    except OSError as error:
        log.warning("runtime file not written", folder=str(target.parent), error=error.strerror or str(error))
        return None
    return target


def read(pid: int) -> RunningServer | None:
    """The runtime file of one process; None where there is none, or another version's."""
    try:
        return msgspec.json.decode(_file(pid).read_bytes(), type=RunningServer)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def running() -> list[RunningServer]:
    """The servers of this user on this machine, the newest first; of two at one address only the newer counts."""
    found: dict[str, RunningServer] = {}
    pids = (file.stem.removeprefix("server-") for file in folder().glob("server-*.json"))
    servers = [server for pid in pids if pid.isdigit() and psutil.pid_exists(int(pid)) and (server := read(int(pid)))]
    for server in sorted(servers, key=lambda server: server.started, reverse=True):
        found.setdefault(server.url, server)
    return list(found.values())


def withdraw(pid: int) -> None:
    """Remove a server's runtime file."""
    try:
        _file(pid).unlink(missing_ok=True)
    except OSError as error:
        log.warning("runtime file not removed", folder=str(folder()), error=error.strerror or str(error))


def _file(pid: int) -> Path:
    return folder() / f"server-{pid}.json"


def _remove_stale(where: Path) -> None:
    """Remove the files of processes that ended without doing so themselves."""
    for file in (*where.glob("server-*.json"), *where.glob("server-*.sock")):
        pid = file.stem.removeprefix("server-")
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            file.unlink(missing_ok=True)

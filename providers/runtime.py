"""The runtime file: how ``say`` and ``call`` in another terminal find the running server and its secret.

Written by ``serve`` when it listens, removed when it ends; only its owner can read it (mode 0600).
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import platformdirs


class Running(msgspec.Struct, frozen=True):
    """One running server."""

    url: str
    """Base URL as this machine reaches it, e.g. ``http://127.0.0.1:8080``."""
    secret: str | None
    """None when the server runs with ``--no-auth``."""
    pid: int

    def __repr__(self) -> str:
        return f"Running(url={self.url!r}, secret={'***' if self.secret else None}, pid={self.pid})"


def path() -> Path:
    """Where the file stands; ``PROVIDERS_RUNTIME_DIR`` moves it."""
    folder = os.environ.get("PROVIDERS_RUNTIME_DIR")
    return (Path(folder) if folder else platformdirs.user_state_path("vapi-providers")) / "server.json"


def write(running: Running) -> Path:
    """Publish the running server to its owner's other terminals."""
    target = path()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_suffix(f".{running.pid}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(running))
    draft.replace(target)
    return target


def read() -> Running | None:
    """The running server, or None when there is none (a file left by a dead process counts as none)."""
    try:
        running = msgspec.json.decode(path().read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None
    return running if _alive(running.pid) else None


def remove(pid: int) -> None:
    """Take the file away if it is still that process's own."""
    running = read()
    if running is not None and running.pid == pid:
        path().unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    if os.name == "nt":  # there, os.kill would end the process it asks about
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True

"""Takeover: a new process takes the listening socket from the running one, which then drains.

The running process offers its socket on a Unix socket beside its runtime file, which only its owner can open::

    new ──connect──► old
    new ◄── one line of JSON, with the listening socket as SCM_RIGHTS ── old
      …   the new process starts its engines; both hold the socket, only the old one accepts
    new ── b"R", once it accepts itself ──► old      stops accepting, withdraws its runtime file, drains
    new ◄── b"K" ── old

A new process that ends without the ``R`` changes nothing. The socket is never closed in between, so no connection is
refused.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
import structlog

from providers import runtime
from providers.errors import SettingsError
from providers.settings import Settings

__all__ = ["Offer", "Taken", "take"]

log = structlog.get_logger()

_READY, _KNOWN = b"R", b"K"
_ANSWER_SECONDS = 10.0
_LONGEST_PATH = 100
"""Bytes of a Unix socket's path that every system takes."""
_LONGEST_LINE = 65536


class Handed(msgspec.Struct, frozen=True):
    """What goes with the listening socket."""

    pid: int
    secret: str | None
    """The secret that was made for the old run, which the platform knows by now; None where the operator gave one."""


class OfferLoop(Protocol):
    """The part of an event loop that an offer needs."""

    def add_reader(self, fd: socket.socket, callback: Callable[[], object], /) -> object:
        """Call back when the socket can be read."""

    def remove_reader(self, fd: socket.socket, /) -> object:
        """Call back no longer."""


class Offer:
    """The listening socket of this process, offered to the process that is to follow.

    Parameters
    ----------
    listening
        The socket.
    secret
        The secret that was made for this run.
    taken
        Called once, when the other process accepts connections.
    """

    def __init__(
        self, listening: socket.socket, reactor: OfferLoop, *, secret: str | None, taken: Callable[[], None]
    ) -> None:
        self._listening = listening
        self._reactor = reactor
        self._handed = Handed(os.getpid(), secret)
        self._taken: Callable[[], None] | None = taken
        self._path = socket_path(os.getpid())
        self._socket: socket.socket | None = None
        self._takers: set[socket.socket] = set()

    def open(self) -> None:
        """Wait for a process that takes over; where no such socket can be made, say so in the log."""
        if not hasattr(socket, "AF_UNIX") or not hasattr(socket, "send_fds"):
            return
        offered = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.unlink(missing_ok=True)
            with _addressable(self._path) as path:
                mask = os.umask(0o177)
                try:
                    offered.bind(path)
                finally:
                    os.umask(mask)
            offered.listen(1)
        except OSError as error:
            offered.close()
            log.warning("takeover impossible", socket=str(self._path), error=error.strerror or str(error))
            return
        offered.setblocking(False)
        self._socket = offered
        self._reactor.add_reader(offered, self._accept)

    def close(self) -> None:
        """Offer nothing any more."""
        if self._socket is None:
            return
        for sock in (self._socket, *self._takers):
            self._reactor.remove_reader(sock)
        self.forget()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Close this process's sockets, and leave the file to the process that forked this one."""
        for sock in (*self._takers, *([self._socket] if self._socket is not None else ())):
            sock.close()
        self._takers.clear()
        self._socket = None

    def _accept(self) -> None:
        try:
            taker, _ = self._socket.accept() if self._socket is not None else (None, None)
        except OSError:
            return
        if taker is None:
            return
        if not _same_owner(taker):
            taker.close()
            return
        taker.setblocking(False)
        try:
            socket.send_fds(taker, [msgspec.json.encode(self._handed) + b"\n"], [self._listening.fileno()])
        except OSError:
            taker.close()
            return
        self._takers.add(taker)
        self._reactor.add_reader(taker, lambda: self._answer(taker))

    def _answer(self, taker: socket.socket) -> None:
        try:
            said = taker.recv(1)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        self._takers.discard(taker)
        self._reactor.remove_reader(taker)
        taken, self._taken = (self._taken, None) if said == _READY else (None, self._taken)
        if taken is not None:
            taken()
            with contextlib.suppress(OSError):
                taker.send(_KNOWN)
        taker.close()


@dataclass(slots=True)
class Taken:
    """The listening socket of a running server, which this process is to serve."""

    listening: socket.socket
    secret: str | None = field(repr=False)
    pid: int
    _link: socket.socket = field(repr=False)

    def complete(self) -> None:
        """Tell the old process that this one accepts connections, and wait until it no longer does."""
        try:
            self._link.settimeout(_ANSWER_SECONDS)
            self._link.send(_READY)
            if self._link.recv(1) != _KNOWN:
                log.warning("takeover", pid=self.pid, error="the old process ended before it stopped accepting")
        except OSError as error:
            log.warning("takeover", pid=self.pid, error=error.strerror or str(error))
        finally:
            self._link.close()


def take(settings: Settings) -> Taken | None:
    """The listening socket of the server that runs at the configured port; None when none runs there.

    Port 0 means the only server of this user on this machine.

    Raises
    ------
    SettingsError
        It runs and does not hand its socket over, or several run.
    """
    running = [server for server in runtime.running() if settings.server.port in (0, urlsplit(server.url).port)]
    if not running:
        return None
    if len(running) > 1:
        urls = ", ".join(server.url for server in running)
        raise SettingsError([f"--takeover: expected one server, found {len(running)}: {urls}; choose by --port"])
    return _taken_from(running[0])


def _taken_from(server: runtime.RunningServer) -> Taken:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(_ANSWER_SECONDS)
    try:
        with _addressable(socket_path(server.pid)) as path:
            link.connect(path)
        line, descriptors, _, _ = socket.recv_fds(link, _LONGEST_LINE, 1)
        handed = msgspec.json.decode(line, type=Handed)
        return Taken(socket.socket(fileno=descriptors[0]), handed.secret, handed.pid, link)
    except (OSError, IndexError, msgspec.DecodeError) as error:
        link.close()
        why = error.strerror if isinstance(error, OSError) and error.strerror else "no socket came"
        where = f"the server at {server.url} (process {server.pid})"
        raise SettingsError([f"--takeover: {where} does not hand over its socket: {why}"]) from None


def socket_path(pid: int) -> Path:
    """The Unix socket of a process, beside its runtime file."""
    return runtime.folder() / f"server-{pid}.sock"


@contextlib.contextmanager
def _addressable(path: Path) -> Iterator[str]:
    """The path as a Unix socket's address, which has room for about a hundred bytes."""
    if len(os.fsencode(path)) <= _LONGEST_PATH or sys.platform != "linux":
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _same_owner(taker: socket.socket) -> bool:
    """Whether the other process is this user's; the mode of the socket's file says the same."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    _, user, _ = struct.unpack("3i", taker.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return user in (0, os.getuid())

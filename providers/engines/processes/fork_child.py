"""Code of a fork server and its worker processes: loading once, forking, frames over a socket.

A native library that parses callers' text must not share a process with the server: one bad text would end every call,
and some libraries hold the interpreter's lock for a second. The fork server loads the library once and is forked
for every worker process (2 ms, and only the pages that are written are copied).

Between the processes::

    control   server → fork server    b"F" + 4 unused bytes, with the worker's socket as SCM_RIGHTS: fork
                                      b"K" + process id: kill that worker
              fork server → server    one line of JSON when all is loaded: "", or what went wrong
    socket    worker → server         frames: first "P" + process id, then what the engine's two sides agree on
              server → worker         frames, likewise

A frame is its length in 4 bytes little-endian and its payload. The end of the control socket ends the fork server and,
first, every worker; on Linux the end of the fork server ends the workers too.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable
from typing import TypeVar

from providers.errors import EngineUnavailable

LENGTH = struct.Struct("<I")
COMMAND = struct.Struct("<cI")
FORK, KILL = b"F", b"K"

_PR_SET_PDEATHSIG = 1

_Loaded = TypeVar("_Loaded")
_Serve = Callable[[socket.socket, _Loaded], None]


def run(control_fd: int, load: Callable[[], _Loaded], serve: _Serve[_Loaded]) -> None:
    """Run the fork server until the control socket ends.

    Parameters
    ----------
    load
        Function that runs once, before any fork; its error is reported to the server and ends this process.
    serve
        Function that runs in every worker process, with its socket and the result of ``load``; then the worker ends.
    """
    control = socket.socket(fileno=control_fd)
    _no_core_dumps()
    try:
        loaded = load()
    except Exception as error:  # each library raises its own class; the server gets the message
        fault = str(error) if isinstance(error, EngineUnavailable) else f"cannot start: {type(error).__name__}: {error}"
        control.sendall(json.dumps(fault).encode() + b"\n")
        return
    try:
        control.sendall(b'""\n')
    except ConnectionError:  # the server ended while the library was loading
        return
    _ForkLoop(control, lambda link: serve(link, loaded)).run()


def send_frame(link: socket.socket, *parts: bytes) -> None:
    """Write one frame made of these parts."""
    link.sendall(b"".join((LENGTH.pack(sum(map(len, parts))), *parts)))


def receive_frame(link: socket.socket) -> bytes | None:
    """Read one frame; None when the other side is closed."""
    header = _exactly(link, LENGTH.size)
    return None if header is None else _exactly(link, LENGTH.unpack(header)[0])


def _exactly(link: socket.socket, size: int) -> bytes | None:
    received = bytearray()
    while len(received) < size:
        part = link.recv(size - len(received))
        if not part:
            return None
        received += part
    return bytes(received)


class _ForkLoop:
    """Loop of the fork server: answers the control socket and reaps the workers that have ended."""

    def __init__(self, control: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        self._control = control
        self._serve = serve
        self._workers: set[int] = set()

    def run(self) -> None:
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.signal(signal.SIGCHLD, lambda signum, frame: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([self._control.fileno(), wake_read], [], [])
            if wake_read in ready:
                os.read(wake_read, 4096)
                self._reap()
            if self._control.fileno() in ready and not self._obey():
                break
        for worker in self._workers:
            os.kill(worker, signal.SIGKILL)

    def _obey(self) -> bool:
        """Execute one command; False at the end of the control socket."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, COMMAND.size, 1)
        except ConnectionError:
            return False
        if len(message) < COMMAND.size:
            return False
        command, number = COMMAND.unpack(message)
        if command == FORK:
            self._fork(socket.socket(fileno=descriptors[0]))
        elif number in self._workers:  # not reaped yet, so the number is still this worker's
            os.kill(number, signal.SIGKILL)
        return True

    def _reap(self) -> None:
        while self._workers:
            worker, _ = os.waitpid(-1, os.WNOHANG)
            if not worker:
                return
            self._workers.discard(worker)

    def _fork(self, link: socket.socket) -> None:
        parent = os.getpid()
        try:
            worker = os.fork()
        except OSError:
            link.close()  # the server sees the socket closed and reports that no process could be made
            return
        if worker:
            link.close()
            self._workers.add(worker)
            return
        try:
            self._be_worker(link, parent)
        finally:
            os._exit(0)

    def _be_worker(self, link: socket.socket, parent: int) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.close()
        _end_with(parent)
        with contextlib.suppress(OSError):  # the server has hung up
            send_frame(link, b"P", str(os.getpid()).encode())
            self._serve(link)


def _end_with(parent: int) -> None:
    """Make this worker end with the fork server, even while it is busy inside a library."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)


def _no_core_dumps() -> None:
    """Disable core dumps: a text that crashes a worker must not fill the disk or be kept in a memory dump."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))

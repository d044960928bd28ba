"""Client of a fork server: it starts it, requests and kills worker processes, and ends it.

The fork server is a new interpreter that runs one function, ``main(control_fd, options)`` of a module, in a process
group of its own, so that Ctrl-C in the terminal reaches the server alone. Its protocol is in `fork_child`.

Why not multiprocessing's fork server: measured on two cores, a worker process is ready in 3 ms here and in 7 ms there,
where it is started by a blocking call on the event loop. There is one for the whole process, whose preloaded modules
know no options of an engine, and its processes outlive a server that is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from providers.engines.processes.fork_child import COMMAND, FORK, KILL, LENGTH
from providers.errors import EngineError, EngineUnavailable

READ_AHEAD = 1 << 20
"""Bytes that are buffered from a worker process."""

_PROGRAM = (
    "import sys, json, importlib; sys.path[:] = json.loads(sys.argv[1]); "
    "importlib.import_module(sys.argv[2]).main(int(sys.argv[3]), sys.argv[4].encode())"
)

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Environment: a process that is forked must not have threads, and numpy's matrix library starts some."""

SOCKET_BYTES = 65536
"""Bytes in flight to a worker process before the sender waits: 2 s of audio at 16 kHz."""

LARGEST_FRAME = 1 << 20
"""Bytes of one frame from a worker process; a transcript has a few hundred, audio is split."""


_inherited: dict[tuple[str, bytes], socket.socket] = {}
"""Control sockets of fork servers that were started before this process was forked, by their module and options."""

_made: ContextVar[list[ForkServer] | None] = ContextVar("made", default=None)


@contextlib.contextmanager
def recording() -> Iterator[list[ForkServer]]:
    """List of the fork servers that are made in the block."""
    servers: list[ForkServer] = []
    token = _made.set(servers)
    try:
        yield servers
    finally:
        _made.reset(token)


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """Forked process with the socket to it."""

    pid: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def receive(self) -> bytes:
        """The next frame from the process.

        Raises
        ------
        asyncio.IncompleteReadError, OSError
            The process has ended.
        """
        size = LENGTH.unpack(await self.reader.readexactly(LENGTH.size))[0]
        return await self.reader.readexactly(min(size, LARGEST_FRAME))

    @property
    def lost(self) -> bool:
        """True once the process is known to have ended."""
        return self.reader.at_eof() or self.writer.is_closing()

    def send(self, payload: bytes) -> None:
        """Send one frame; ``await worker.writer.drain()`` waits until there is room again."""
        self.writer.write(LENGTH.pack(len(payload)))
        self.writer.write(payload)


class ForkServer:
    """One fork server; started on first use and again after it has ended.

    Processes that are forked after `share` use its fork server together, which costs the memory of one. One that finds
    it ended starts its own.

    Parameters
    ----------
    module
        Module whose ``main`` it runs.
    options
        Argument of ``main``.
    engine
        Name of the engine, for errors.
    start_timeout, fork_timeout
        Seconds until the library must be loaded, and until a new process must have answered.
    """

    def __init__(
        self, module: str, options: bytes, *, engine: str, start_timeout: float = 60.0, fork_timeout: float = 10.0
    ) -> None:
        self._module = module
        self._options = options
        self._engine = engine
        self._start_timeout = start_timeout
        self._fork_timeout = fork_timeout
        self._starting = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        if (made := _made.get()) is not None:
            made.append(self)

    @property
    def alive(self) -> bool:
        """True while the fork server runs."""
        if self._process is None:
            return self._control is not None and _connected(self._control)
        return self._process.poll() is None

    def share(self) -> None:
        """Start the fork server for the processes that will be forked from this one; waits until it is ready.

        Raises
        ------
        EngineUnavailable
            The module could not be loaded; the message has the reason.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = self._spawn(theirs.fileno())
        self._control = ours
        ours.settimeout(self._start_timeout)
        received = b""
        with contextlib.suppress(TimeoutError):
            while not received.endswith(b"\n") and (part := ours.recv(4096)):
                received += part
        ours.setblocking(False)
        self._check_loaded(received)
        _inherited[self._module, self._options] = ours

    def end_shared(self) -> None:
        """End the fork server that was started by `share`, once no other process uses it."""
        _inherited.pop((self._module, self._options), None)
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            _end(self._process)
        self._control = self._process = None

    async def start(self) -> None:
        """Start the fork server unless it runs.

        Raises
        ------
        EngineUnavailable
            The module could not be loaded; the message has the reason.
        """
        if sys.platform == "win32":
            raise EngineUnavailable(
                f"{self._engine} needs a system that can fork, and Windows cannot", engine=self._engine
            )
        async with self._starting:
            if self.alive:
                return
            await self.aclose()
            inherited = _inherited.get((self._module, self._options))
            if inherited is not None and _connected(inherited):
                self._control = inherited.dup()
                return
            try:
                await self._launch()
            except BaseException:
                await self.aclose()
                raise

    async def fork(self) -> WorkerProcess:
        """Make a worker process.

        Raises
        ------
        EngineError
            The fork server does not answer, or the process could not be made.
        """
        await self.start()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
        with theirs:
            try:
                assert self._control is not None
                socket.send_fds(self._control, [COMMAND.pack(FORK, 0)], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise EngineError(f"the fork server does not answer: {error}", engine=self._engine) from None
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=READ_AHEAD)
        try:
            greeting = await asyncio.wait_for(WorkerProcess(0, reader, writer).receive(), self._fork_timeout)
        except BaseException as error:
            writer.transport.abort()
            if isinstance(error, (OSError, EOFError, TimeoutError)):
                raise EngineError(f"{self._engine}: no worker process could be made", engine=self._engine) from None
            raise
        return WorkerProcess(int(greeting[1:]), reader, writer)

    def kill(self, worker: WorkerProcess) -> None:
        """End a process at once, also while it works."""
        worker.writer.transport.abort()
        if self._control is not None:
            with contextlib.suppress(OSError):  # an ended fork server has ended its workers too
                self._control.send(COMMAND.pack(KILL, worker.pid))

    async def aclose(self) -> None:
        """End the fork server and all its workers."""
        control, self._control = self._control, None
        process, self._process = self._process, None
        if control is not None:
            control.close()
        if process is not None:
            await asyncio.to_thread(_end, process)

    async def _launch(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._control = ours
        with theirs:
            self._process = await asyncio.to_thread(self._spawn, theirs.fileno())
        try:
            line = await asyncio.wait_for(_line(ours), self._start_timeout)
        except TimeoutError:
            message = f"{self._engine} cannot load its library within {self._start_timeout:g} s"
            raise EngineUnavailable(message, engine=self._engine) from None
        self._check_loaded(line)

    def _check_loaded(self, line: bytes) -> None:
        """Raise what the fork server reports about its loading."""
        fault = json.loads(line) if line else "cannot start: its process ended while loading"
        if fault:
            message = fault if fault.startswith(self._engine) else f"{self._engine} {fault}"
            raise EngineUnavailable(message, engine=self._engine)

    def _spawn(self, control: int) -> subprocess.Popen[bytes]:
        arguments = [json.dumps(sys.path), self._module, str(control), self._options.decode()]
        return subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[control],
            process_group=0,
            env=os.environ | _ONE_THREAD,
        )


async def _line(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\n"):
        part = await asyncio.get_running_loop().sock_recv(connection, 4096)
        if not part:
            return b""
        received += part
    return received


def _connected(control: socket.socket) -> bool:
    """Whether the other end is open. The fork server says nothing more once it has loaded."""
    try:
        return bool(control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=2.0)  # the end of its control socket ends it
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

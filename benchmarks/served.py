"""A real server in a process of its own, for the groups that measure endpoints rather than stages."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO

UNGATED = (
    *("--voice", "tone", "--transcriber", "null", "--max-calls", "1000"),
    *("--max-loop-lag-seconds", "0", "--max-backlog-seconds", "0", "--max-loop-share", "0"),
)
"""Flags of a server with engines that cost nothing, whose gate no load closes: on a busy machine the gate would be
measured instead."""

EXIT_SECONDS = 10.0
"""How long the server may take to end before it is killed."""


@dataclass(frozen=True)
class Served:
    """A server that listens."""

    host: str
    port: int
    pid: int
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def base(self) -> str:
        """Base URL."""
        return f"http://{self.host}:{self.port}"


@contextmanager
def serving(*arguments: str, runtime: str | None = None) -> Iterator[Served]:
    """``vapi-providers serve`` with these arguments, open, on a free port of the loopback, until the block ends.

    Its runtime file and settings are its own: nothing of the folder or of the user's environment reaches it. Servers
    that are to take over from each other share the folder ``runtime``.
    """
    start = "from providers.cli import main; main()"
    command = [sys.executable, "-c", start, "serve", "--no-auth", "--port", "0", *arguments]
    with ExitStack() as stack:
        folder = runtime or stack.enter_context(tempfile.TemporaryDirectory())
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVIDERS_")}
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=kept | {"PROVIDERS_RUNTIME_DIR": folder},
            text=True,
        )
        assert process.stdout is not None
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        try:
            found = _listening(process.stdout)
            # What else it prints must not fill the pipe.
            drain.start()
            yield Served(*found, process.pid, process)
        finally:
            _end(process)
            if drain.ident is not None:
                drain.join()
            process.stdout.close()


def _listening(lines: IO[str]) -> tuple[str, int]:
    for line in lines:
        if found := re.search(r"http://([\d.]+):(\d+)", line):
            return found[1], int(found[2])
    raise RuntimeError("the server did not come up: it ended before it listened")


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)  # does nothing to one that has ended
    try:
        process.wait(EXIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop for the measuring side: uvloop where it exists, so that the callers' own time is small."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory

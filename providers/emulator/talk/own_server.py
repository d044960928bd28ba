"""A server of our own beside a conversation: started on a free port, ended with the conversation."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import msgspec

from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import EmulatorError
from providers.emulator.running_servers import FoundServer
from providers.emulator.targets import Targets, targets_at

_START_SECONDS = 60.0
"""A first start compiles bytecode and loads models."""
_STOP_SECONDS = 5.0
_READY = b"Ctrl-C"
"""In the last line that a server prints when it is up."""
_COMMAND = (
    *(sys.executable, "-c", "from providers.cli import main; main()"),
    *("serve", "--port", "0", "--drain-notice-seconds", "0", "--drain-seconds", "0", "--log-format", "console"),
)


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A server that is up."""

    targets: Targets
    runtime_folder: str
    """Where its runtime file lies."""
    process: asyncio.subprocess.Process

    async def ended(self) -> None:
        """Wait for the end of its process."""
        await self.process.wait()


@asynccontextmanager
async def own_server(*, page: bool = False) -> AsyncGenerator[OwnServer, None]:
    """Run ``serve`` until the block ends; its settings are those of the environment.

    Parameters
    ----------
    page : bool
        Serve the page, whatever the environment says.

    Raises
    ------
    EmulatorError
        It did not start; the message has its own last line.
    """
    with tempfile.TemporaryDirectory(prefix="vapi-providers-talk-") as folder, tempfile.TemporaryFile() as log:
        environ = os.environ | {"PROVIDERS_RUNTIME_DIR": folder, "PROVIDERS_HOST": "127.0.0.1"}
        # A session of its own: Ctrl-C ends the conversation first, then the server.
        server = await asyncio.create_subprocess_exec(
            *(*_COMMAND, *(("--page", "on") if page else ())),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env=environ,
            start_new_session=True,
        )
        drain: asyncio.Task[None] | None = None
        try:
            await _started(server, log)
            drain = asyncio.create_task(_drained(server))
            yield OwnServer(_found(folder), folder, server)
        finally:
            await _ended(server)
            if drain is not None:
                await drain


async def _started(server: asyncio.subprocess.Process, log: IO[bytes]) -> None:
    assert server.stdout is not None
    try:
        async with asyncio.timeout(_START_SECONDS):
            async for line in server.stdout:
                if _READY in line:
                    return
            await server.wait()
    except TimeoutError:
        raise EmulatorError(f"the server of this conversation was not up after {_START_SECONDS:g} s") from None
    log.seek(0)
    told = log.read().decode(errors="replace").strip().splitlines()
    raise EmulatorError(f"the server of this conversation did not start: {told[-1] if told else 'it said nothing'}")


async def _drained(server: asyncio.subprocess.Process) -> None:
    """Read what the server prints, so that it never waits for a reader."""
    assert server.stdout is not None
    while await server.stdout.read(1 << 16):
        pass


def _found(folder: str) -> Targets:
    files = sorted(Path(folder).glob("server-*.json"))
    try:
        found = msgspec.json.decode(files[-1].read_bytes(), type=FoundServer)
    except (IndexError, OSError, msgspec.DecodeError) as fault:
        raise EmulatorError("the server of this conversation wrote no runtime file") from fault
    made = targets_at(found.url, SentCredentials(secret=found.secret), pid=found.pid)
    engines = f"voice {found.voice}, transcriber {found.transcriber}"
    return replace(made, name=engines, voice_engine=found.voice)


async def _ended(server: asyncio.subprocess.Process) -> None:
    if server.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        server.terminate()
    try:
        await asyncio.wait_for(server.wait(), _STOP_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            server.kill()
        await server.wait()

"""Fork servers that several processes use together."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import psutil
import pytest

from providers.engines.processes import fork_child
from providers.engines.processes.fork_server import ForkServer, recording
from providers.errors import EngineUnavailable

HERE = "tests.engines.processes.test_fork_server"


def main(control_fd: int, options: bytes) -> None:
    """The fork server's side: workers that answer with their server's process id."""

    def load() -> int:
        if options == b"broken":
            raise EngineUnavailable("echo: expected a library, found none")
        return os.getpid()

    def serve(link: socket.socket, loaded: int) -> None:
        while (frame := fork_child.receive_frame(link)) is not None:
            fork_child.send_frame(link, b"%d " % loaded, frame)

    fork_child.run(control_fd, load, serve)


async def answer(server: ForkServer) -> tuple[int, bytes]:
    """What a new worker says, and whose worker it is."""
    worker = await server.fork()
    worker.send(b"hello")
    whose, said = (await asyncio.wait_for(worker.receive(), 10)).split(b" ")
    server.kill(worker)
    return int(whose), said


def test_what_is_started_before_is_used_by_all() -> None:
    with recording() as made:
        first = ForkServer(HERE, b"", engine="echo")
    assert made == [first]
    first.share()
    try:

        async def scenario() -> None:
            others = [ForkServer(HERE, b"", engine="echo") for _ in range(2)]
            answers = [await answer(each) for each in others for _ in range(2)]
            assert len({whose for whose, _ in answers}) == 1
            assert {said for _, said in answers} == {b"hello"}
            for each in others:
                assert each.alive
                await each.aclose()
            other_options = ForkServer(HERE, b"other", engine="echo")
            assert (await answer(other_options))[0] != answers[0][0]
            await other_options.aclose()

        asyncio.run(scenario())
    finally:
        first.end_shared()


def test_when_it_ends_each_starts_its_own() -> None:
    first = ForkServer(HERE, b"", engine="echo")
    first.share()
    try:

        async def scenario() -> None:
            server = ForkServer(HERE, b"", engine="echo")
            whose, _ = await answer(server)
            os.kill(whose, signal.SIGKILL)
            psutil.Process(whose).wait(10)
            again, said = await answer(server)
            assert (again != whose, said) == (True, b"hello")
            await server.aclose()

        asyncio.run(scenario())
    finally:
        first.end_shared()


def test_a_library_that_cannot_be_loaded_is_told_before_anything_is_forked() -> None:
    broken = ForkServer(HERE, b"broken", engine="echo")
    with pytest.raises(EngineUnavailable, match="echo: expected a library"):
        broken.share()
    broken.end_shared()

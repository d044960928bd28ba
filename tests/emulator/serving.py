"""A Starlette app behind a real uvicorn on a free port of this machine: in a thread, or in a process of its own."""

from __future__ import annotations

import contextlib
import importlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette


def server_of(app: Starlette, **options: Any) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app, log_level="critical", ws="websockets-sansio", lifespan="off", timeout_graceful_shutdown=1, **options
        )
    )


@contextlib.contextmanager
def served(app: Starlette, *, certificate: tuple[Path, Path] | None = None) -> Iterator[str]:
    """Serve in a thread until the block ends; yields the base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    tls = {"ssl_certfile": str(certificate[0]), "ssl_keyfile": str(certificate[1])} if certificate else {}
    server = server_of(app, **tls)
    # The socket listens already: whoever connects before uvicorn accepts just waits in the backlog.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextlib.contextmanager
def served_elsewhere(server: type) -> Iterator[tuple[str, int]]:
    """Serve ``server().app()`` in a process whose memory is its own; yields the base URL and the process id."""
    command = [sys.executable, "-m", "tests.emulator.serving", f"{server.__module__}:{server.__name__}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            port = int(child.stdout.readline())
            yield f"http://127.0.0.1:{port}", child.pid
        finally:
            child.kill()  # not asked politely: some of these servers never answer


def _main(name: str) -> None:
    module, _, attribute = name.partition(":")
    server = getattr(importlib.import_module(module), attribute)()
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)  # the parent reads it
    server_of(server.app()).run(sockets=[listener])


if __name__ == "__main__":
    _main(sys.argv[1])

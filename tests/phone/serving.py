"""A Starlette app behind a real uvicorn on a free port of this machine, in a thread of the test's process."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette


@contextlib.contextmanager
def served(app: Starlette, *, certificate: tuple[Path, Path] | None = None, **options: Any) -> Iterator[str]:
    """Serve until the block ends; yields the base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    tls = {"ssl_certfile": str(certificate[0]), "ssl_keyfile": str(certificate[1])} if certificate else {}
    config = uvicorn.Config(app, log_level="error", ws="websockets-sansio", lifespan="off", **(options | tls))
    server = uvicorn.Server(config)
    # The socket listens already: whoever connects before uvicorn accepts just waits in the backlog.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()

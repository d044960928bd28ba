"""A real server in a thread of this process, so that its engines and its loop can be disturbed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn

from providers import server
from providers.app import create_app
from providers.engines.base import SpeechToText, TextToSpeech
from providers.settings import Settings

__all__ = ["LocalServer", "local_server"]

_UP = 20.0
"""Seconds for the server to come up, and to end."""


class LocalServer:
    """A running server, its application and its loop."""

    def __init__(self, base: str, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.base = base
        self.app = app
        self._loop = loop

    def hold_loop(self, seconds: float) -> None:
        """Hold the server's loop, as a blocking call in it would."""
        self._loop.call_soon_threadsafe(time.sleep, seconds)


class _Announcing(uvicorn.Server):
    """Tells when it listens; leaves the process's signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def local_server(*, voice: TextToSpeech, transcriber: SpeechToText, **changes: Any) -> Iterator[LocalServer]:
    """Serve two engines, open to everybody on the loopback, until the block ends.

    Calls are let in however busy the machine is: what is measured here is not admission.
    """
    admitting = {"max_loop_share": 1.0, "max_loop_lag_seconds": 60.0, "max_backlog_seconds": 60.0}
    chosen = Settings.of(**{"no_auth": True, "drain_seconds": 1, **admitting, **changes})
    app = create_app(chosen, voice=voice, transcriber=transcriber)
    sock = server.bind(Settings.of(port=0))
    running = _Announcing(server.configure(app, chosen))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    try:
        if not running.up.wait(_UP) or running.loop is None:
            raise RuntimeError("the server did not come up")
        yield LocalServer(server.url(chosen, sock), app, running.loop)
    finally:
        running.should_exit = True
        thread.join(_UP)
        sock.close()

"""Loopback server: an application on a port of its own that this machine alone can reach."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from providers.errors import ProvidersError
from providers.server import configure
from providers.settings import Settings

__all__ = ["CannotServe", "LoopbackServer"]


class CannotServe(ProvidersError):
    """The application did not start."""


class _Quiet(uvicorn.Server):
    """Uvicorn beside another one: the process's signals are the other's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class LoopbackServer:
    """A running server; `url` is its base address.

    Parameters
    ----------
    lifespan
        Whether the application is started and closed with it; not where another server does so.
    """

    def __init__(self, app: ASGIApp, settings: Settings, *, lifespan: bool) -> None:
        config = configure(app, settings.replacing(ssl_certfile=None, ssl_keyfile=None, drain_seconds=1))
        config.lifespan = "on" if lifespan else "off"
        self._server = _Quiet(config)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._serving: asyncio.Task[None] | None = None
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def start(self) -> Self:
        """Serve in the background.

        Raises
        ------
        CannotServe
        """
        self._serving = asyncio.create_task(self._server.serve([self._socket]))
        while not self._server.started:
            if self._serving.done() or self._server.should_exit:
                await self.aclose()
                raise CannotServe("the engines that were chosen could not start")
            await asyncio.sleep(0.01)  # uvicorn tells nobody that it is up
        return self

    async def aclose(self) -> None:
        """End it, with the connections that are left."""
        self._server.should_exit = True
        if self._serving is not None:
            await asyncio.wait([self._serving])
        self._socket.close()

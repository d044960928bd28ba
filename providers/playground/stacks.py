"""Stacks of the playground: this server's own engines, and others that a page has chosen, each behind its endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp

from providers import registry
from providers.errors import BadRequest
from providers.playground.loopback import LoopbackServer
from providers.settings import Settings

__all__ = ["Stacks", "ready_engines"]

_MOST_OTHERS = 2
"""Stacks of other engines that are kept: a model of a gigabyte may be in each."""

Choice = frozenset[tuple[str, Any]]
"""Settings that differ from the server's own, by their public names."""

_OWN: Choice = frozenset()


def ready_engines(settings: Settings) -> dict[str, list[str]]:
    """Names of the engines from which nothing is missing."""
    return {
        "voice": [name for name, entry in registry.voices().items() if not entry.missing(settings)],
        "transcriber": [name for name, entry in registry.transcribers().items() if not entry.missing(settings)],
    }


@dataclass(slots=True)
class _Stack:
    server: LoopbackServer
    calls: int = 0


@dataclass(slots=True)
class Stacks:
    """Servers on loopback ports, started when they are first chosen.

    Parameters
    ----------
    make
        Makes the application of other settings.
    own
        This server's application; None has one made for these settings too.
    """

    settings: Settings
    make: Callable[[Settings], ASGIApp]
    own: ASGIApp | None = None
    _running: dict[Choice, _Stack] = field(default_factory=dict)
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def using(self, changes: Mapping[str, Any]) -> AsyncIterator[str]:
        """Base address of the endpoints with these settings, for as long as a call needs them.

        Raises
        ------
        BadRequest
            No such engine is ready, or too many are in use.
        CannotServe
        """
        choice = frozenset(changes.items())
        async with self._starting:
            stack = self._running.get(choice) or await self._start(choice)
            stack.calls += 1
        try:
            yield stack.server.url
        finally:
            stack.calls -= 1

    async def aclose(self) -> None:
        """End all of them."""
        stacks = list(self._running.values())
        self._running.clear()
        await asyncio.gather(*(stack.server.aclose() for stack in stacks))

    async def _start(self, choice: Choice) -> _Stack:
        for kind, ready in ready_engines(self.settings).items():
            if dict(choice).get(kind, ready[0]) not in ready:
                raise BadRequest(f"{kind}: expected one of {', '.join(ready)}, found another engine")
        shared = self.own is not None and choice == _OWN
        if not shared:
            await self._make_room()
        app = self.own if shared and self.own is not None else self.make(self.settings.replacing(**dict(choice)))
        server = await LoopbackServer(app, self.settings, lifespan=not shared).start()
        self._running[choice] = stack = _Stack(server)
        return stack

    async def _make_room(self) -> None:
        others = [choice for choice in self._running if self.own is None or choice != _OWN]
        if len(others) < _MOST_OTHERS:
            return
        idle = next((choice for choice in others if not self._running[choice].calls), None)
        if idle is None:
            raise BadRequest(f"engines: expected at most {_MOST_OTHERS} other choices at once, found more")
        await self._running.pop(idle).server.aclose()

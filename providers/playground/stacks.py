"""Stacks of the playground: this server's own engines, and others that a page has chosen, each behind its endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.types import ASGIApp

from providers import registry
from providers.errors import BadRequest
from providers.playground.loopback import LoopbackServer
from providers.settings import Settings

__all__ = ["Stacks", "ready_engines"]

_MOST_OTHERS = 2
"""Stacks of other engines that are kept: a model of a gigabyte may be in each."""

Choice = tuple[str, str]
"""Voice engine and transcriber engine; empty is the server's own."""


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
    own
        This server's application.
    make
        Makes the application of other settings, which notes its calls in this server's registry.
    """

    settings: Settings
    own: ASGIApp
    make: Callable[[Settings], ASGIApp]
    _running: dict[Choice, _Stack] = field(default_factory=dict)
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def using(self, voice: str, transcriber: str) -> AsyncIterator[str]:
        """Base address of the endpoints with these engines, for as long as a call needs them.

        Raises
        ------
        BadRequest
            No such engine is ready, or too many are in use.
        CannotServe
        """
        async with self._starting:
            stack = self._running.get((voice, transcriber)) or await self._start((voice, transcriber))
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
        for kind, name in zip(("voice", "transcriber"), choice, strict=True):
            if name and name not in (ready := ready_engines(self.settings)[kind]):
                raise BadRequest(f"{kind}: expected one of {', '.join(ready)}, found another engine")
        own = choice == ("", "")
        if not own:
            await self._make_room()
        app = self.own if own else self.make(self._chosen(choice))
        server = await LoopbackServer(app, self.settings, lifespan=not own).start()
        self._running[choice] = stack = _Stack(server)
        return stack

    def _chosen(self, choice: Choice) -> Settings:
        voice, transcriber = choice
        named = {"voice": voice, "transcriber": transcriber}
        return self.settings.replacing(**{kind: name for kind, name in named.items() if name})

    async def _make_room(self) -> None:
        others = [choice for choice in self._running if choice != ("", "")]
        if len(others) < _MOST_OTHERS:
            return
        idle = next((choice for choice in others if not self._running[choice].calls), None)
        if idle is None:
            raise BadRequest(f"engines: expected at most {_MOST_OTHERS} other choices at once, found more")
        await self._running.pop(idle).server.aclose()

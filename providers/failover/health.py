"""Engines in order of preference: which may be tried now, and how a failed one comes back.

A failed engine rests. When its rest is over a probe runs in the background; a passed probe brings the engine back, a
failed one doubles the rest. Callers never pay for finding out::

    well ──failed──▶ resting ──probe passed, or served as the last resort──▶ well
                        ▲ │
                        └─┘ probe failed: rest doubles, up to the ceiling
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from providers.engines.events import EngineEvent, Observe, unobserved
from providers.errors import EngineBusy, EngineError, EngineUnavailable

__all__ = ["Named", "RestOptions", "EngineHealth"]


class Named(Protocol):
    """What every engine is: a name, a start and an end."""

    @property
    def name(self) -> str: ...

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...


E = TypeVar("E", bound=Named)


@dataclass(frozen=True, slots=True)
class RestOptions:
    """How long a failed engine is left alone."""

    base: float = 5.0
    """Seconds of rest after the first failure."""
    ceiling: float = 60.0
    """Seconds of rest at most; each failed probe doubles it up to here."""


@dataclass(slots=True, eq=False)
class _Seat(Generic[E]):
    engine: E
    busy_until: float = 0.0
    probe: asyncio.Task[None] | None = field(default=None, repr=False)


class EngineHealth(Generic[E]):
    """Keeps the order and the state of several engines; owns the probes of those that rest."""

    def __init__(
        self,
        engines: Sequence[E],
        probe: Callable[[E], Awaitable[None]],
        *,
        options: RestOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
        observe: Observe = unobserved,
    ) -> None:
        if not engines:
            raise ValueError("engines: expected at least one, found none")
        self._seats = [_Seat(engine) for engine in engines]
        self._try_out = probe
        self._options = options or RestOptions()
        self._clock = clock
        self._observe = observe

    @property
    def engines(self) -> tuple[E, ...]:
        """All of them, in order of preference."""
        return tuple(seat.engine for seat in self._seats)

    def well(self) -> list[E]:
        """The engines to try first, in order."""
        return [seat.engine for seat in self._seats if not self._rests(seat)]

    def resting(self) -> list[E]:
        """The engines to try when no other is left, in order."""
        return [seat.engine for seat in self._seats if self._rests(seat)]

    def failed(self, engine: E, error: EngineError) -> None:
        """Note a failure. One that is the request's own fault (not retryable) changes nothing for others."""
        seat = self._seat(engine)
        if isinstance(error, EngineBusy):
            seat.busy_until = self._clock() + error.retry_after
            return
        if not error.retryable and not isinstance(error, EngineUnavailable):
            return
        if seat.probe is None:
            self._observe(EngineEvent("failed", engine.name, str(error)))
            seat.probe = asyncio.get_running_loop().create_task(self._rest(seat))

    def served(self, engine: E) -> None:
        """Note a success: whoever serves is well, even if it was tried as the last resort."""
        seat = self._seat(engine)
        if seat.probe is not None:
            seat.probe.cancel()
            self._returned(seat)

    async def start(self) -> None:
        """Start every engine at once.

        An engine that is down for the moment rests; start-up goes on as long as one is well.

        Raises
        ------
        EngineUnavailable
            One never can start: a mistake of the configuration, worth hearing about even if others could stand in.
        EngineError
            None could be started.
        """
        outcomes = await asyncio.gather(*(engine.start() for engine in self.engines), return_exceptions=True)
        failures = [(engine, error) for engine, error in zip(self.engines, outcomes, strict=True) if error is not None]
        for engine, error in failures:
            if not isinstance(error, EngineError) or isinstance(error, EngineUnavailable):
                raise error
            self.failed(engine, error)
        if len(failures) == len(self._seats):
            raise failures[0][1]

    async def aclose(self) -> None:
        """End the probes and free the engines."""
        probes = [seat.probe for seat in self._seats if seat.probe is not None]
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
        for engine in self.engines:
            await engine.aclose()

    def _seat(self, engine: E) -> _Seat[E]:
        return next(seat for seat in self._seats if seat.engine is engine)

    def _rests(self, seat: _Seat[E]) -> bool:
        return seat.probe is not None or self._clock() < seat.busy_until

    async def _rest(self, seat: _Seat[E]) -> None:
        rest = self._options.base
        while True:
            await asyncio.sleep(rest)
            try:
                await self._try_out(seat.engine)
            except EngineError:
                rest = min(2 * rest, self._options.ceiling)
                continue
            self._returned(seat)
            return

    def _returned(self, seat: _Seat[E]) -> None:
        seat.probe = None
        seat.busy_until = 0.0
        self._observe(EngineEvent("returned", seat.engine.name))

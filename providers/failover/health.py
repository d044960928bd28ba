"""Health of several engines in order of preference: which may be tried now, and how a failed one comes back.

A failed engine cools down. When its time is over a probe runs in the background; a passed probe brings the engine
back, a failed one doubles the time. No caller pays for it::

    available ──failed──▶ cooling down ──probe passed, or served as the last resort──▶ available
                               ▲ │
                               └─┘ probe failed: the time doubles, up to the ceiling
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from providers.engines.events import EngineEvent, Observe, unobserved
from providers.errors import EngineBusy, EngineError, EngineUnavailable, SettingsError

__all__ = ["CooldownOptions", "EngineHealth", "Named"]


class Named(Protocol):
    """What every engine is: a name, a start and an end."""

    @property
    def name(self) -> str:
        """Short, in lower case."""
        ...

    async def start(self) -> None:
        """Get warm before the first caller."""

    async def aclose(self) -> None:
        """Free what the process holds for this engine."""


E = TypeVar("E", bound=Named)


@dataclass(frozen=True, slots=True)
class CooldownOptions:
    """How long a failed engine is left alone."""

    base: float = 5.0
    """Seconds of cooling down after the first failure."""
    ceiling: float = 60.0
    """Seconds of cooling down at most, at least ``base``; each failed probe doubles it up to here."""

    def __post_init__(self) -> None:
        """Refuse what would probe without a pause.

        Raises
        ------
        SettingsError
            A value is not a positive, finite number of seconds.
        """
        if not (0 < self.base < math.inf and 0 < self.ceiling < math.inf):
            found = f"{self.base} and {self.ceiling}"
            raise SettingsError([f"rest of a failed engine: expected more than 0 seconds, found {found}"])


@dataclass(slots=True, eq=False)
class _EngineState(Generic[E]):
    engine: E
    busy_until: float = 0.0
    probe: asyncio.Task[None] | None = field(default=None, repr=False)


class EngineHealth(Generic[E]):
    """Order and state of several engines, and owner of the probes of those that cool down."""

    def __init__(
        self,
        engines: Sequence[E],
        probe: Callable[[E], Awaitable[None]],
        *,
        options: CooldownOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
        observe: Observe = unobserved,
    ) -> None:
        if not engines:
            raise ValueError("engines: expected at least one, found none")
        self._states = [_EngineState(engine) for engine in engines]
        self._try_out = probe
        self._options = options or CooldownOptions()
        self._clock = clock
        self._observe = observe
        self._closed = False

    @property
    def engines(self) -> tuple[E, ...]:
        """All of them, in order of preference."""
        return tuple(state.engine for state in self._states)

    def available(self) -> list[E]:
        """The engines to try first, in order."""
        return [state.engine for state in self._states if not self._cools_down(state)]

    def cooling_down(self) -> list[E]:
        """The engines to try when no other is left, in order."""
        return [state.engine for state in self._states if self._cools_down(state)]

    def failed(self, engine: E, error: EngineError) -> None:
        """Note a failure. One that is the request's own fault (not retryable) changes nothing for others."""
        state = self._state(engine)
        if isinstance(error, EngineBusy):
            state.busy_until = self._clock() + error.retry_after
            return
        if not error.retryable and not isinstance(error, EngineUnavailable):
            return
        if state.probe is None and not self._closed:
            self._observe(EngineEvent("failed", engine.name, str(error)))
            state.probe = asyncio.create_task(self._probe_until_passed(state))

    def served(self, engine: E) -> None:
        """Note a success: an engine that serves is available, even if it was tried as the last resort."""
        state = self._state(engine)
        if state.probe is not None:
            state.probe.cancel()
            self._returned(state)

    async def start(self) -> None:
        """Start every engine at once.

        An engine that is down for the moment cools down; start-up goes on as long as one is available.

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
        if len(failures) == len(self._states):
            raise failures[0][1]

    async def aclose(self) -> None:
        """End the probes and free the engines."""
        self._closed = True
        probes = [state.probe for state in self._states if state.probe is not None]
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
        for engine in self.engines:
            await engine.aclose()

    def _state(self, engine: E) -> _EngineState[E]:
        return next(state for state in self._states if state.engine is engine)

    def _cools_down(self, state: _EngineState[E]) -> bool:
        return state.probe is not None or self._clock() < state.busy_until

    async def _probe_until_passed(self, state: _EngineState[E]) -> None:
        pause = self._options.base
        while True:
            await asyncio.sleep(pause)
            try:
                await self._try_out(state.engine)
            except EngineError:
                pass
            except Exception as error:
                # A mistake in an engine is no reason to give it up for the life of the process, nor to hide it.
                self._observe(EngineEvent("failed", state.engine.name, f"probe: unexpected {type(error).__name__}"))
            else:
                self._returned(state)
                return
            pause = min(2 * pause, max(pause, self._options.ceiling))

    def _returned(self, state: _EngineState[E]) -> None:
        state.probe = None
        state.busy_until = 0.0
        self._observe(EngineEvent("returned", state.engine.name))

"""Several listening engines as one: when one is lost for good, the next one hears what was not final yet."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from copy import copy
from dataclasses import dataclass, field, replace

from providers.engines.base import ListeningCapabilities, Recognition, SpeechToText, with_options
from providers.engines.events import EngineEvent, Observe, unobserved
from providers.errors import EngineError
from providers.failover.health import CooldownOptions, EngineHealth
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.selector import Choice, EngineUnresponsive, Lost, RetrySame
from providers.reconnect.session import ResilientRecognition

__all__ = ["FallbackListening", "FallbackListeningOptions", "NextInOrder", "common_capabilities"]

_SILENT = 2
"""Times in a row that an engine may be found silent before the next one is tried."""


@dataclass(frozen=True, slots=True)
class FallbackListeningOptions:
    """When the next engine takes over."""

    reconnect: ReconnectOptions = field(default_factory=ReconnectOptions)
    cooldown: CooldownOptions = field(default_factory=CooldownOptions)
    probe: float = 10.0
    """Seconds a resting engine has to hear half a second of silence, start to end, before it may serve again."""


class FallbackListening:
    """A `SpeechToText` over several, in order of preference.

    A call stays with the engine that took over. An engine that hears speech and says nothing gives way but does not
    cool down: there may be no words in the noise, and a call never ends because of noise. `aclose` closes all engines.
    """

    def __init__(
        self,
        engines: Sequence[SpeechToText],
        *,
        options: FallbackListeningOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
        observe: Observe = unobserved,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._options = options or FallbackListeningOptions()
        self._observe = observe
        self._chance = chance
        self._choice: dict[str, str | None] = {}
        """Model and language of one call."""
        self._health = EngineHealth(engines, self._probe, options=self._options.cooldown, clock=clock, observe=observe)

    @property
    def name(self) -> str:
        """The names of all, in order."""
        return ",".join(engine.name for engine in self._health.engines)

    @property
    def capabilities(self) -> ListeningCapabilities:
        """What holds whichever engine listens."""
        return common_capabilities([engine.capabilities for engine in self._health.engines])

    async def start(self) -> None:
        """Start all engines; see `EngineHealth.start`."""
        await self._health.start()

    async def aclose(self) -> None:
        """Close all engines."""
        await self._health.aclose()

    def with_options(self, *, model: str | None = None, language: str | None = None) -> FallbackListening:
        """The same engines with what one call chose; their health is known to all calls together."""
        chosen = copy(self)
        chosen._choice = {"model": model, "language": language}
        return chosen

    def with_patience(self, seconds: float, *, at_end: bool = False) -> FallbackListening:
        """The same engines with more time for each result; their health is known to all calls together."""
        chosen = copy(self)
        chosen._options = replace(self._options, reconnect=self._options.reconnect.patient(seconds, at_end=at_end))
        return chosen

    def listen(self, *, rate: int, channels: int = 1) -> AbstractAsyncContextManager[Recognition]:
        """Open a recognition that moves on to the next engine by itself."""
        options = self._options.reconnect
        selector = NextInOrder(self._health, self._retry, self._observe)
        return ResilientRecognition(selector, options, rate=rate, channels=channels, observe=self._observe)

    def _retry(self, engine: SpeechToText) -> RetrySame:
        return RetrySame(with_options(engine, **self._choice), self._options.reconnect, chance=self._chance)

    async def _probe(self, engine: SpeechToText) -> None:
        try:
            async with asyncio.timeout(self._options.probe), engine.listen(rate=8000) as recognition:
                await recognition.push(bytes(8000))
                await recognition.finish()
                async for _ in recognition:
                    pass
        except TimeoutError:
            raise EngineError("probe: expected an answer, found none", engine=engine.name) from None


class NextInOrder:
    """The same engine again until it is given up; then the first available one that was not tried since an answer."""

    def __init__(
        self,
        health: EngineHealth[SpeechToText],
        retry: Callable[[SpeechToText], RetrySame],
        observe: Observe,
    ) -> None:
        self._health = health
        self._retry = retry
        self._observe = observe
        self._tried: list[SpeechToText] = []
        self._current: tuple[SpeechToText, RetrySame] | None = None
        self._silent = 0

    def choose(self, lost: Lost | None, now: float) -> Choice:
        """The engine of the moment, again, or the next one at once; see `EngineSelector`."""
        if lost is not None and self._current is not None:
            engine, retry = self._current
            if not self._gives_way(lost):
                try:
                    return retry.choose(lost, now)
                except EngineError as given_up:
                    self._health.failed(engine, given_up)
            self._tried.append(engine)
        return self._next(lost, now)

    def served(self, engine: SpeechToText) -> None:
        """Note that an engine has answered: the others may be tried again."""
        self._tried.clear()
        self._silent = 0
        if self._current is not None and self._current[0].name == engine.name:
            self._health.served(self._current[0])

    def _gives_way(self, lost: Lost) -> bool:
        if not (isinstance(lost.error, EngineUnresponsive) and lost.lasted):
            return False
        self._silent += 1
        return self._silent % _SILENT == 0

    def _next(self, lost: Lost | None, now: float) -> Choice:
        engine = self._untried()
        if engine is None and lost is not None and isinstance(lost.error, EngineUnresponsive) and lost.lasted:
            self._tried.clear()
            engine = self._untried()
        if engine is None:
            raise lost.error if lost is not None else EngineError("engines: expected one to try, found none")
        if lost is not None:
            self._observe(EngineEvent("took-over", engine.name, str(lost.error)))
        retry = self._retry(engine)
        self._current = engine, retry
        return retry.choose(None, now)

    def _untried(self) -> SpeechToText | None:
        candidates = (*self._health.available(), *self._health.cooling_down())
        return next((engine for engine in candidates if engine not in self._tried), None)


def common_capabilities(capabilities: Sequence[ListeningCapabilities]) -> ListeningCapabilities:
    """What holds for any one of several engines; the first one's rates and languages, for it is the usual one."""
    capacities = [one.capacity for one in capabilities]
    return ListeningCapabilities(
        rates=capabilities[0].rates,
        languages=capabilities[0].languages,
        channels=min(one.channels for one in capabilities),
        partials=all(one.partials for one in capabilities),
        punctuates=all(one.punctuates for one in capabilities),
        word_times=all(one.word_times for one in capabilities),
        capacity=None if None in capacities else sum(capacity for capacity in capacities if capacity is not None),
        capacity_note="; ".join(dict.fromkeys(one.capacity_note for one in capabilities if one.capacity_note)),
    )

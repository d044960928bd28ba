"""Several listening engines as one: when one is lost for good, the next one hears what was not final yet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from providers.engines.base import ListeningCapabilities, Recognition, SpeechToText
from providers.engines.events import EngineEvent, Observe, unobserved
from providers.errors import EngineError
from providers.failover.health import EngineHealth, RestOptions
from providers.reconnect.session import EngineUnresponsive, Relay, RelayOptions

__all__ = ["FallbackListening", "FallbackListeningOptions", "common_facts"]


@dataclass(frozen=True, slots=True)
class FallbackListeningOptions:
    """When the next engine takes over. The waits are longer than those of a `Replay` inside, which goes first."""

    relay: RelayOptions = field(
        default_factory=lambda: RelayOptions(open=12.0, first_result=16.0, next_result=20.0, push=10.0, flush=20.0)
    )
    rest: RestOptions = field(default_factory=RestOptions)
    probe: float = 10.0
    """Seconds a resting engine has to hear half a second of silence, start to end, before it may serve again."""


class FallbackListening:
    """A `SpeechToText` over several, in order of preference.

    A call stays with the engine that took over. An engine that hears speech and says nothing gives way but does not
    rest: there may be no words in the noise, and a call never ends because of noise. `aclose` closes all engines.
    """

    def __init__(
        self,
        engines: Sequence[SpeechToText],
        *,
        options: FallbackListeningOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
        observe: Observe = unobserved,
    ) -> None:
        self._options = options or FallbackListeningOptions()
        self._clock = clock
        self._observe = observe
        self._roster = EngineHealth(engines, self._probe, options=self._options.rest, clock=clock, observe=observe)

    @property
    def name(self) -> str:
        """The names of all, in order."""
        return ",".join(engine.name for engine in self._roster.engines)

    @property
    def capabilities(self) -> ListeningCapabilities:
        """What holds whichever engine listens."""
        return common_facts([engine.capabilities for engine in self._roster.engines])

    async def start(self) -> None:
        """Start all engines; see `EngineHealth.start`."""
        await self._roster.start()

    async def aclose(self) -> None:
        """Close all engines."""
        await self._roster.aclose()

    def listen(self, *, rate: int, channels: int = 1) -> AbstractAsyncContextManager[Recognition]:
        """Open a recognition that moves on to the next engine by itself."""
        route = _InOrder(self._roster, self._observe)
        return Relay(route, self._options.relay, rate=rate, channels=channels, clock=self._clock, observe=self._observe)

    async def _probe(self, engine: SpeechToText) -> None:
        try:
            async with asyncio.timeout(self._options.probe), engine.listen(rate=8000) as recognition:
                await recognition.push(bytes(8000))
                await recognition.finish()
                async for _ in recognition:
                    pass
        except TimeoutError:
            raise EngineError("probe: expected an answer, found none", engine=engine.name) from None


class _InOrder:
    """The first engine that is well and was not tried since somebody last said something."""

    def __init__(self, roster: EngineHealth[SpeechToText], observe: Observe) -> None:
        self._roster = roster
        self._observe = observe
        self._tried: list[SpeechToText] = []
        self._current: SpeechToText | None = None

    async def next(self, loss: EngineError | None) -> SpeechToText:
        if self._current is not None and loss is not None:
            self._tried.append(self._current)
            if not isinstance(loss, EngineUnresponsive):
                self._roster.failed(self._current, loss)
        engine = self._untried()
        if engine is None and isinstance(loss, EngineUnresponsive):
            self._tried.clear()
            engine = self._untried()
        if engine is None:
            raise loss or EngineError("engines: expected one to try, found none")
        if loss is not None:
            self._observe(EngineEvent("took-over", engine.name, str(loss)))
        self._current = engine
        return engine

    def opened(self) -> None:
        """An open engine has proved nothing yet."""

    def heard(self) -> None:
        self._tried.clear()
        if self._current is not None:
            self._roster.served(self._current)

    def _untried(self) -> SpeechToText | None:
        candidates = (*self._roster.well(), *self._roster.resting())
        return next((engine for engine in candidates if engine not in self._tried), None)


def common_facts(capabilities: Sequence[ListeningCapabilities]) -> ListeningCapabilities:
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

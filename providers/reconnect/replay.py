"""A listening engine that comes back: lost recognitions are opened again and hear what they missed."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from providers.engines.base import ListeningCapabilities, Recognition, SpeechToText
from providers.engines.events import Observe, unobserved
from providers.errors import EngineBusy, EngineError
from providers.reconnect.session import EngineUnresponsive, Relay, RelayOptions

__all__ = ["Replay", "ReplayOptions"]


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """How hard to try."""

    relay: RelayOptions = field(default_factory=RelayOptions)
    steady: float = 0.5
    """Seconds a connection must have lasted for the next one to be opened at once."""
    base: float = 0.2
    """Seconds before any other reconnect; doubles from one to the next."""
    ceiling: float = 2.0
    """Seconds between two reconnects at most. Each wait is shortened at random by up to half."""
    patience: float = 8.0
    """Seconds without a working connection after which the recognition is lost for good (and another engine's turn)."""
    full: float = 2.0
    """The same while an engine says that it is full and was never open: the caller's own fallback should start soon."""


class Replay:
    """A `SpeechToText` around another one, whose recognitions survive theirs.

    An error that is not retryable ends a recognition at once. `aclose` closes the inner engine.
    """

    def __init__(
        self,
        inner: SpeechToText,
        *,
        options: ReplayOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
        observe: Observe = unobserved,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._inner = inner
        self._options = options or ReplayOptions()
        self._clock = clock
        self._observe = observe
        self._chance = chance

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def capabilities(self) -> ListeningCapabilities:
        return self._inner.capabilities

    async def start(self) -> None:
        await self._inner.start()

    async def aclose(self) -> None:
        await self._inner.aclose()

    def listen(self, *, rate: int, channels: int = 1) -> AbstractAsyncContextManager[Recognition]:
        """Open a recognition that reconnects by itself."""
        route = _Again(self._inner, self._options, self._clock, self._chance)
        return Relay(route, self._options.relay, rate=rate, channels=channels, clock=self._clock, observe=self._observe)


class _Again:
    """The same engine again, after a while that grows."""

    def __init__(
        self, engine: SpeechToText, options: ReplayOptions, clock: Callable[[], float], chance: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._options = options
        self._clock = clock
        self._chance = chance
        self._began = clock()
        """When trouble began: the first attempt, or the first loss after a connection that worked."""
        self._attempts = 0
        """Since then."""
        self._opened_at: float | None = None
        self._heard = False
        self._ever_open = False

    async def next(self, loss: EngineError | None) -> SpeechToText:
        if loss is None or isinstance(loss, EngineUnresponsive):
            self._heard = False
            return self._engine
        now = self._clock()
        lasted = 0.0 if self._opened_at is None else now - self._opened_at
        if self._heard or lasted >= self._options.patience:
            self._began, self._attempts = now, 0
        full = isinstance(loss, EngineBusy) and not self._ever_open
        patience = self._options.full if full else self._options.patience
        wait = self._wait(loss, lasted)
        if not loss.retryable or now + wait - self._began > patience:
            raise loss
        self._opened_at, self._heard = None, False
        await asyncio.sleep(wait)
        return self._engine

    def opened(self) -> None:
        self._opened_at = self._clock()
        self._ever_open = True

    def heard(self) -> None:
        self._heard = True

    def _wait(self, loss: EngineError, lasted: float) -> float:
        if lasted >= self._options.steady:
            return 0.0
        wait = min(self._options.base * 2.0**self._attempts, self._options.ceiling)
        self._attempts += 1
        wait *= 1 - self._chance() / 2
        return max(wait, loss.retry_after) if isinstance(loss, EngineBusy) else wait

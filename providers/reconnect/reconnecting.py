"""A listening engine that comes back: lost recognitions are opened again and hear what they missed."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from providers.engines.base import ListeningCapabilities, Recognition, SpeechToText, with_options
from providers.engines.events import Observe, unobserved
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.selector import RetrySame
from providers.reconnect.session import ResilientRecognition

__all__ = ["Reconnecting"]


class Reconnecting:
    """A `SpeechToText` around another one, whose recognitions survive their connections.

    An error that is not retryable ends a recognition at once. `aclose` closes the inner engine.
    """

    def __init__(
        self,
        inner: SpeechToText,
        *,
        options: ReconnectOptions | None = None,
        observe: Observe = unobserved,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._inner = inner
        self._options = options or ReconnectOptions()
        self._observe = observe
        self._chance = chance

    @property
    def name(self) -> str:
        """The inner engine's."""
        return self._inner.name

    @property
    def capabilities(self) -> ListeningCapabilities:
        """The inner engine's."""
        return self._inner.capabilities

    async def start(self) -> None:
        """Start the inner engine."""
        await self._inner.start()

    async def aclose(self) -> None:
        """Close the inner engine."""
        await self._inner.aclose()

    def with_options(self, *, model: str | None = None, language: str | None = None) -> Reconnecting:
        """The same with what one call chose, if the inner engine takes it."""
        chosen = with_options(self._inner, model=model, language=language)
        if chosen is self._inner:
            return self
        return Reconnecting(chosen, options=self._options, observe=self._observe, chance=self._chance)

    def with_patience(self, seconds: float, *, at_end: bool = False) -> Reconnecting:
        """The same with more time for each result."""
        options = self._options.patient(seconds, at_end=at_end)
        return Reconnecting(self._inner, options=options, observe=self._observe, chance=self._chance)

    def listen(self, *, rate: int, channels: int = 1) -> AbstractAsyncContextManager[Recognition]:
        """Open a recognition that reconnects by itself."""
        selector = RetrySame(self._inner, self._options, chance=self._chance)
        return ResilientRecognition(selector, self._options, rate=rate, channels=channels, observe=self._observe)

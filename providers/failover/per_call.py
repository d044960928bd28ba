"""Listening engines whose model and language a single call may choose, by the query of its URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from typing import Protocol, runtime_checkable

from providers.engines.base import ListeningCapabilities, Recognition, SpeechToText

_KEPT = 32
"""Choices whose towers are kept, so that calls that choose alike share what is known of an engine's health."""


@runtime_checkable
class Tunable(SpeechToText, Protocol):
    """A listening engine that can be had with another model or language, sharing everything else."""

    def tuned(self, *, model: str | None = None, language: str | None = None) -> SpeechToText:
        """The same engine for calls that chose; None keeps what is set."""
        ...


class Tuned:
    """A tower of listening engines, and the same tower for calls that choose a model or a language.

    Parameters
    ----------
    engines
        By name, in order of preference. Those that are not `Tunable` are shared by all towers.
    tower
        Makes one engine of several.
    """

    def __init__(
        self, engines: Mapping[str, SpeechToText], tower: Callable[[Mapping[str, SpeechToText]], SpeechToText]
    ) -> None:
        self._engines = engines
        self._tower = tower
        self._usual = tower(engines)
        self._chosen = lru_cache(maxsize=_KEPT)(self._make)

    @property
    def name(self) -> str:
        return self._usual.name

    @property
    def capabilities(self) -> ListeningCapabilities:
        return self._usual.capabilities

    async def start(self) -> None:
        """Start the engines; the other towers use the same ones or need no start."""
        await self._usual.start()

    def listen(self, *, rate: int, channels: int = 1) -> AbstractAsyncContextManager[Recognition]:
        """Listen as the settings say."""
        return self._usual.listen(rate=rate, channels=channels)

    def tuned(self, *, model: str | None = None, language: str | None = None) -> SpeechToText:
        """Listen as one call chose."""
        return self._chosen(model, language) if model or language else self._usual

    async def aclose(self) -> None:
        """Close the engines."""
        await self._usual.aclose()

    def _make(self, model: str | None, language: str | None) -> SpeechToText:
        chosen = {
            name: engine.tuned(model=model, language=language) if isinstance(engine, Tunable) else engine
            for name, engine in self._engines.items()
        }
        return self._tower(chosen)

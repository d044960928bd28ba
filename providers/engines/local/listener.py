"""Listening engine with a model in this process: a `SpeechToText` over blocking recognisers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from providers.capacity import CapacityLimiter
from providers.engines.base import ListeningCapabilities, Recognition
from providers.engines.local.model import LocalModel, check_input
from providers.engines.local.threads import BlockingRecogniser, ThreadedRecognition, recognise_in_thread
from providers.errors import EngineBusy

_Loaded = TypeVar("_Loaded")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadOptions:
    """Limits of the threads."""

    threads: int
    """Blocks that are recognised at the same time."""
    backlog: float = 5.0
    """Seconds of audio that may wait for a thread."""


class ThreadedListener(Generic[_Loaded]):
    """The listening engine; calls share the model, and each has its own recogniser.

    Parameters
    ----------
    name
        Name of the engine, of its extra and of its threads.
    load
        Function that loads the model; it blocks and may import the optional library.
    recogniser
        Function that makes one speaker's recogniser from the model and the rate of the audio in Hz.
    capabilities
        Capabilities of the engine; their ``capacity`` is enforced.
    keeps_up
        Speakers that keep up at once, asked at each one: fewer than ``capacity`` lower it.
    """

    def __init__(
        self,
        name: str,
        *,
        load: Callable[[], _Loaded],
        recogniser: Callable[[_Loaded, int], BlockingRecogniser],
        capabilities: ListeningCapabilities,
        bounds: ThreadOptions,
        keeps_up: Callable[[], int] | None = None,
    ) -> None:
        self._name = name
        self._recogniser = recogniser
        self._capabilities = capabilities
        self._backlog = bounds.backlog
        self._keeps_up = keeps_up
        self._model = LocalModel(load, engine=name, extra=name)
        self._pool = ThreadPoolExecutor(bounds.threads, thread_name_prefix=name)
        self._places = CapacityLimiter(capabilities.capacity, error=self._busy)

    @property
    def name(self) -> str:
        """Name of the engine."""
        return self._name

    @property
    def capabilities(self) -> ListeningCapabilities:
        """Capabilities of the engine; constant."""
        return self._capabilities

    async def start(self) -> None:
        """Load the model."""
        await self._model.get()

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncIterator[Recognition]:
        """Recognise one speaker. Its place is free again when its thread has stopped."""
        check_input(rate, channels, engine=self._name)
        if self._keeps_up is not None and self._capabilities.capacity is not None:
            self._places.limit = min(self._capabilities.capacity, self._keeps_up())
        place = self._places.take()
        try:
            recogniser = self._recogniser(await self._model.get(), rate)
            threaded = ThreadedRecognition(self._pool, recogniser, rate=rate, backlog=self._backlog, engine=self._name)
        except BaseException:
            place.release()
            raise
        async with recognise_in_thread(threaded, released=place.release) as recognition:
            yield recognition

    async def aclose(self) -> None:
        """End the threads; a busy one ends after its block."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _busy(self, limit: int) -> EngineBusy:
        return EngineBusy(f"{self._name} listens to {limit} speakers already, its capacity", engine=self._name)

"""A listening engine with a model inside this process: the `SpeechToText` in front of a blocking recogniser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from providers.capacity import CapacityLimiter
from providers.engines.base import ListeningCapabilities, Recognition
from providers.engines.local.model import Model, check_input
from providers.engines.local.threads import BlockingRecogniser, ThreadedRecognition, recognise_in_thread
from providers.errors import EngineBusy

_Loaded = TypeVar("_Loaded")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadOptions:
    """Bounds of the threads."""

    threads: int
    """Blocks that are heard at the same time."""
    backlog: float = 5.0
    """Seconds of audio that may wait for a thread."""


class ThreadedListener(Generic[_Loaded]):
    """The engine: one loaded model serves every call, each call has a recogniser of its own.

    Parameters
    ----------
    name
        Of the engine, of its extra and of its threads.
    load
        Loads the model; blocking, may import the optional library.
    recogniser
        Makes one speaker's recogniser from the model and the rate in Hz of the audio.
    capabilities
        What the engine is; their ``capacity`` is kept.
    """

    def __init__(
        self,
        name: str,
        *,
        load: Callable[[], _Loaded],
        recogniser: Callable[[_Loaded, int], BlockingRecogniser],
        capabilities: ListeningCapabilities,
        bounds: ThreadOptions,
    ) -> None:
        self._name = name
        self._recogniser = recogniser
        self._capabilities = capabilities
        self._backlog = bounds.backlog
        self._model = Model(load, engine=name, extra=name)
        self._pool = ThreadPoolExecutor(bounds.threads, thread_name_prefix=name)
        self._places = CapacityLimiter(capabilities.capacity, error=self._busy)

    @property
    def name(self) -> str:
        """Name of the engine."""
        return self._name

    @property
    def capabilities(self) -> ListeningCapabilities:
        """What the engine is; constant."""
        return self._capabilities

    async def start(self) -> None:
        """Load the model."""
        await self._model.get()

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncIterator[Recognition]:
        """One speaker on the shared model. The place is free again when its thread has stopped."""
        check_input(rate, channels, engine=self._name)
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
        """End the threads; one that is at work ends with its block."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _busy(self, limit: int) -> EngineBusy:
        return EngineBusy(f"{self._name} listens to {limit} speakers already, its capacity", engine=self._name)

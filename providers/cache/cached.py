"""Speaking engine with a cache: a phrase is synthesised once and played from then on.

Only finished utterances are kept, at the engine's own rate; never a failed synthesis or a fallback engine's voice.
Requests for the same phrase at the same time share one synthesis.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from providers.cache.in_flight import InFlightSynthesis
from providers.cache.recording import Recording
from providers.cache.stores import Store, StoreError
from providers.engines.base import Chunk, SpeakingCapabilities, TextToSpeech, Utterance
from providers.engines.events import EngineEvent, Observe, unobserved
from providers.errors import EngineError

__all__ = ["Cached", "CachedOptions"]

_SynthesisKey: TypeAlias = "tuple[str, str | None]"
"""Key of a recording, and the engine that spoke the beginning of the text."""


@dataclass(frozen=True, slots=True)
class CachedOptions:
    """Limits of what is cached."""

    max_text: int = 500
    """Characters. A longer text is rarely said twice, so it goes straight to the engine."""
    longest: float = 300.0
    """Seconds of audio that a text of at most ``max_text`` may last; an engine that makes more has failed."""
    store_cool_down: float = 5.0
    """Seconds for which a store that did not answer is not asked."""


class Cached:
    """`TextToSpeech` that caches what another one says.

    Parameters
    ----------
    inner
        The engine that speaks. `aclose` closes it.
    store
        The store of recordings. `aclose` closes it.
    settings
        Everything that changes how ``inner`` sounds and is not part of an `Utterance`: default voice, model, speed.
        Two servers that share a store share recordings when engine, settings, voice and text are equal.
    """

    def __init__(
        self,
        inner: TextToSpeech,
        store: Store,
        *,
        settings: str = "",
        options: CachedOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
        observe: Observe = unobserved,
    ) -> None:
        self._inner = inner
        self._store = store
        self._settings = settings
        self._options = options or CachedOptions()
        self._clock = clock
        self._observe = observe
        self._in_flight: dict[_SynthesisKey, InFlightSynthesis] = {}
        self._keepers: set[asyncio.Task[None]] = set()
        self._store_available_at = 0.0

    @property
    def name(self) -> str:
        """Name of the engine inside."""
        return self._inner.name

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """Capabilities of the engine inside."""
        return self._inner.capabilities

    async def start(self) -> None:
        """Start the engine inside."""
        await self._inner.start()

    async def aclose(self) -> None:
        """Cancel the syntheses in flight, then close engine and store."""
        for synthesis in list(self._in_flight.values()):
            await synthesis.stop()
        await self._all_kept()
        await self._inner.aclose()
        await self._store.aclose()

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Play the recording, join the synthesis in flight, or begin one."""
        # A text that a fallback engine continues is not kept.
        if len(utterance.text) > self._options.max_text or utterance.continued_by:
            async with aclosing(self._inner.synthesize(utterance)) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        key = self._key(utterance)
        under_way = self._in_flight.get((key, utterance.continued_by))
        recording = None if under_way and under_way.can_be_joined else await self._recall(key)
        if recording is not None:
            self._observe(EngineEvent("hit", self.name))
            for chunk in recording.chunks():
                yield chunk
            return
        async with aclosing(self._synthesis(key, utterance).listen()) as chunks:
            async for chunk in chunks:
                yield chunk

    async def prewarm(self, lines: Iterable[str], *, rate: int, voice: str | None = None, at_once: int = 4) -> int:
        """Record every line, so that its first caller hears the recording.

        Parameters
        ----------
        rate
            Hz that callers will ask for; matters only for engines that answer at several rates.
        at_once
            Lines synthesised at the same time.

        Returns
        -------
        int
            Number of lines that are ready. A failed one is reported to the observer and does not stop the others.
        """
        places = asyncio.Semaphore(at_once)

        async def ready(text: str) -> bool:
            async with places, aclosing(self.synthesize(Utterance(text, rate, voice))) as chunks:
                try:
                    async for _ in chunks:
                        pass
                except EngineError as error:
                    self._observe(EngineEvent("failed", self.name, str(error)))
                    return False
            return True

        texts = dict.fromkeys(line.strip() for line in lines)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ready(text)) for text in texts if text]
        await self._all_kept()
        return sum(task.result() for task in tasks)

    @cached_property
    def _has_one_rate(self) -> bool:
        # Read once: capabilities are constant, and some engines ask their library for them.
        return len(self._inner.capabilities.rates) == 1

    def _key(self, utterance: Utterance) -> str:
        # An engine with one native rate answers every caller at it; any other engine answers at the rate asked for.
        rate = 0 if self._has_one_rate else utterance.rate
        parts = [self.name, self._settings, utterance.voice, rate, utterance.text]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _synthesis(self, key: str, utterance: Utterance) -> InFlightSynthesis:
        # A request that continues a text does not share a synthesis with one that begins a text: only the latter may
        # fall back.
        synthesis_key = key, utterance.continued_by
        synthesis = self._in_flight.get(synthesis_key)
        if synthesis is not None and synthesis.can_be_joined:
            self._observe(EngineEvent("joined", self.name))
            return synthesis
        self._observe(EngineEvent("miss", self.name))
        synthesis = InFlightSynthesis(self._inner.synthesize(utterance), longest=self._options.longest)
        self._in_flight[synthesis_key] = synthesis
        keeper = asyncio.get_running_loop().create_task(self._keep(synthesis_key, synthesis))
        self._keepers.add(keeper)
        keeper.add_done_callback(self._keepers.discard)
        return synthesis

    async def _keep(self, synthesis_key: _SynthesisKey, synthesis: InFlightSynthesis) -> None:
        try:
            if recording := await synthesis.completed():
                await self._remember(synthesis_key[0], recording)
        finally:
            if self._in_flight.get(synthesis_key) is synthesis:
                del self._in_flight[synthesis_key]

    async def _all_kept(self) -> None:
        if self._keepers:
            await asyncio.wait(self._keepers)

    async def _recall(self, key: str) -> Recording | None:
        if self._clock() < self._store_available_at:
            return None
        try:
            stored = await self._store.get(key)
        except StoreError as error:
            self._store_failed(error)
            return None
        return None if stored is None else Recording.decode(stored)

    async def _remember(self, key: str, recording: Recording) -> None:
        if self._clock() < self._store_available_at:
            return
        try:
            await self._store.put(key, recording.encode())
        except StoreError as error:
            self._store_failed(error)

    def _store_failed(self, error: StoreError) -> None:
        self._store_available_at = self._clock() + self._options.store_cool_down
        self._observe(EngineEvent("store-failed", self.name, str(error)))

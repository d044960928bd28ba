"""A recogniser some of whose calls another one hears too: a wrapper that changes nothing of what is sent.

::

    push ──► the recogniser of the call ──► transcripts, as they are
      │                                        │ finals
      └──► queue ──► the shadow's own task ──► comparison ──► metrics, the call's events
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from copy import copy
from dataclasses import dataclass, field

import structlog

import dsp
from providers.engines.base import (
    ListeningCapabilities,
    Recognition,
    SpeechToText,
    Transcript,
    seconds_behind,
    with_options,
    with_patience,
)
from providers.engines.events import Observe, unobserved
from providers.errors import EngineError, EngineUnavailable
from providers.shadow.listener import ShadowHearing, ShadowReport

__all__ = ["Shadowed"]

log = structlog.get_logger()


@dataclass(slots=True)
class _Lingering:
    """Shadows of calls that are over, which still have last words to say."""

    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def keep(self, task: asyncio.Task[None]) -> None:
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    async def aclose(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a shadow failed", exc_info=error)


class Shadowed:
    """A `SpeechToText` around another one, with a shadow.

    Parameters
    ----------
    share
        Part of the recognitions that the shadow hears, 0 … 1.
    """

    def __init__(
        self,
        inner: SpeechToText,
        shadow: SpeechToText,
        report: ShadowReport,
        *,
        share: float,
        observe: Observe = unobserved,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._inner = inner
        self._shadow = shadow
        self._report = report
        self._share = share
        self._observe = observe
        self._chance = chance
        self._lingering = _Lingering()

    @property
    def name(self) -> str:
        """The inner engine's."""
        return self._inner.name

    @property
    def capabilities(self) -> ListeningCapabilities:
        """The inner engine's."""
        return self._inner.capabilities

    async def start(self) -> None:
        """Start both. A shadow that fails is told and left out; one that cannot be used at all is an error."""
        await self._inner.start()
        try:
            await self._shadow.start()
        except EngineUnavailable:
            raise
        except EngineError as error:
            log.warning("no shadow", engine=self._shadow.name, error=str(error))
            self._share = 0.0

    async def aclose(self) -> None:
        """Close both."""
        await self._lingering.aclose()
        try:
            await self._inner.aclose()
        finally:
            await self._shadow.aclose()

    def with_options(self, *, model: str | None = None, language: str | None = None) -> Shadowed:
        """The same with what one call chose; the shadow hears the call in the same language."""
        chosen = copy(self)
        chosen._inner = with_options(self._inner, model=model, language=language)
        chosen._shadow = with_options(self._shadow, language=language)
        return chosen

    def with_patience(self, seconds: float, *, at_end: bool = False) -> SpeechToText:
        """The same with more time for each result; a file is no call, and the shadow does not hear it."""
        inner = with_patience(self._inner, seconds, at_end=at_end)
        if not at_end:
            return inner
        chosen = copy(self)
        chosen._inner = inner
        return chosen

    def listen(self, *, rate: int, channels: int = 1) -> AbstractAsyncContextManager[Recognition]:
        """Open a recognition; of two channels the shadow hears the first."""
        opened = self._inner.listen(rate=rate, channels=channels)
        return self._listen(opened, rate, channels) if self._chance() < self._share else opened

    @asynccontextmanager
    async def _listen(
        self, opened: AbstractAsyncContextManager[Recognition], rate: int, channels: int
    ) -> AsyncGenerator[Recognition, None]:
        async with opened as recognition:
            hearing = ShadowHearing(self._shadow, self._report, self._observe, rate=rate)
            self._lingering.keep(asyncio.create_task(hearing.run()))
            try:
                yield _Tapped(recognition, hearing, channels)
            finally:
                hearing.finish()


class _Tapped:
    """A recognition whose audio and finals its shadow is told of."""

    def __init__(self, recognition: Recognition, hearing: ShadowHearing, channels: int) -> None:
        self._recognition = recognition
        self._hearing = hearing
        self._channels = channels

    @property
    def behind(self) -> float:
        """Seconds of pushed audio that the engine has still to be given."""
        return seconds_behind(self._recognition)

    async def push(self, pcm: bytes, /) -> None:
        """Push whole frames of audio."""
        await self._recognition.push(pcm)
        self._hearing.hear(pcm if self._channels == 1 else dsp.split_channels(pcm, self._channels)[0])

    async def finish(self) -> None:
        """End the audio."""
        await self._recognition.finish()
        self._hearing.finish()

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        async for transcript in self._recognition:
            if transcript.final and transcript.channel == 0:
                self._hearing.sent(transcript)
            yield transcript

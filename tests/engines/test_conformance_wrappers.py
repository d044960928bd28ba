"""Wrappers around engines, through the conformance suite."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import pytest

from providers.cache.cached import Cached
from providers.cache.stores import MemoryStore
from providers.engines.base import (
    Chunk,
    Recognition,
    SpeakingCapabilities,
    SpeechToText,
    TextToSpeech,
    Transcript,
    Utterance,
)
from providers.engines.tone import Tone
from providers.errors import EngineError, UnknownVoice
from providers.failover.hedging import HedgeOptions
from providers.failover.listening import FallbackListening, FallbackListeningOptions
from providers.failover.speaking import FallbackSpeaking, FallbackSpeakingOptions
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.reconnecting import Reconnecting
from tests.engines.conformance import ListeningCase, ListeningConformance, SpeakingCase, SpeakingConformance, kept, say
from tests.engines.imitations.tone_vendor import Fault, Manner, ToneVendor
from tests.engines.tone_words import RATE, Spoken


class Dead:
    """Never says a word."""

    name = "dead"
    capabilities = SpeakingCapabilities(streaming=True)

    async def start(self) -> None: ...

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        await asyncio.sleep(0)
        raise EngineError("dead", engine=self.name)
        yield

    async def aclose(self) -> None: ...


class TestCached(SpeakingConformance):
    case = SpeakingCase(opened=lambda: kept(Cached(Tone(), MemoryStore())))


class TestCachedFallback(SpeakingConformance):
    # The voice that is asked for may be the dead engine's, so that any name is answered, by a stand-in's own voice.
    case = SpeakingCase(
        opened=lambda: kept(Cached(FallbackSpeaking([Dead(), Tone()]), MemoryStore())), unknown_voice=None
    )


class TestHedged(SpeakingConformance):
    options = FallbackSpeakingOptions(hedge=HedgeOptions())
    case = SpeakingCase(opened=lambda: kept(FallbackSpeaking([Tone(), Tone()], options=TestHedged.options)))

    def test_an_unknown_voice_is_named_before_any_audio(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            with pytest.raises(UnknownVoice) as caught:
                await say(engine, voice="zz")
            assert caught.value.engine == "tone", "of the two engines it is the first one's voice that is unknown"

        self.started(act)


def speech(rate: int) -> bytes:
    assert rate == RATE
    return Spoken((3, 1, 4, 1, 5), (0.1, 0.5, 0.1, 0.1, 0.5)).pcm().tobytes()


quick = Manner(latency=0.001, opening=0.001)


class Mistaken(ToneVendor):
    """Raises what no engine may raise, at one step of a recognition."""

    def __init__(self, error: type[BaseException], step: str) -> None:
        super().__init__(manner=quick, name="mistaken")
        self._error = error
        self._step = step

    @contextlib.asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncIterator[Any]:
        self._fail("enter")
        async with super().listen(rate=rate, channels=channels) as recognition:
            yield MistakenRecognition(recognition, self._fail)
        self._fail("leave")

    def _fail(self, step: str) -> None:
        if step == self._step:
            raise self._error("whatever the text of it says")


class MistakenRecognition:
    """A recognition that asks before every step."""

    def __init__(self, inner: Recognition, fail: Callable[[str], None]) -> None:
        self._inner = inner
        self._fail = fail

    async def push(self, pcm: bytes, /) -> None:
        self._fail("push")
        await self._inner.push(pcm)

    async def finish(self) -> None:
        self._fail("finish")
        await self._inner.finish()

    def __aiter__(self) -> MistakenRecognition:
        return self

    async def __anext__(self) -> Transcript:
        self._fail("iterate")
        return await anext(aiter(self._inner))


ERRORS: tuple[type[BaseException], ...] = (
    OSError,
    ConnectionResetError,
    TimeoutError,
    ZeroDivisionError,
    KeyError,
    asyncio.CancelledError,
)
STEPS = ("enter", "push", "finish", "iterate", "leave")
IMPATIENT = ReconnectOptions(patience=0.3, base=0.05, flush=0.5)


def hostile(
    wrap: Callable[[SpeechToText], SpeechToText],
) -> list[Callable[[], AbstractAsyncContextManager[SpeechToText]]]:
    """The wrapper over an engine with each mistake at each step."""

    def opened(error: type[BaseException], step: str) -> AbstractAsyncContextManager[SpeechToText]:
        return kept(wrap(Mistaken(error, step)))

    return [partial(opened, error, step) for error in ERRORS for step in STEPS]


class TestReconnecting(ListeningConformance):
    case = ListeningCase(
        opened=lambda: kept(Reconnecting(ToneVendor(manner=quick))),
        speech=speech,
        rates=(RATE,),
        hostile=hostile(lambda engine: Reconnecting(engine, options=IMPATIENT)),
    )


def stack() -> FallbackListening:
    """A failing engine before one that works."""
    dead = ToneVendor([Fault("refuse")] * 100, quick, name="dead")
    return FallbackListening([dead, ToneVendor(manner=quick)], options=FallbackListeningOptions(IMPATIENT))


class TestFallbackListening(ListeningConformance):
    case = ListeningCase(
        opened=lambda: kept(stack()),
        speech=speech,
        rates=(RATE,),
        hostile=hostile(lambda engine: FallbackListening([engine], options=FallbackListeningOptions(IMPATIENT))),
    )

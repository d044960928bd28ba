"""Wrappers are engines: they go through the one suite, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from providers.cache.cached import Cached
from providers.cache.stores import MemoryStore
from providers.engines.base import Chunk, SpeakingCapabilities, TextToSpeech, Utterance
from providers.engines.tone import Tone
from providers.errors import EngineError, UnknownVoice
from providers.failover.hedging import HedgeOptions
from providers.failover.listening import FallbackListening
from providers.failover.speaking import FallbackSpeaking, FallbackSpeakingOptions
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


class TestReconnecting(ListeningConformance):
    case = ListeningCase(opened=lambda: kept(Reconnecting(ToneVendor(manner=quick))), speech=speech, rates=(RATE,))


def tower() -> FallbackListening:
    """A dead engine in front of one that is well."""
    dead = ToneVendor([Fault("refuse")] * 100, quick, name="dead")
    return FallbackListening([dead, Reconnecting(ToneVendor(manner=quick))])


class TestFallbackListening(ListeningConformance):
    case = ListeningCase(opened=lambda: kept(tower()), speech=speech, rates=(RATE,))

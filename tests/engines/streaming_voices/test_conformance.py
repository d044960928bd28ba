"""Streaming voices through the suite of every speaking engine."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from providers.engines.base import TextToSpeech
from providers.engines.streaming_voices.cartesia import Cartesia
from providers.engines.streaming_voices.elevenlabs import ElevenLabs
from providers.engines.streaming_voices.speaker import StreamingSpeaker
from providers.engines.streaming_voices.wire import VoiceOptions, VoiceWire
from tests.engines.conformance import SpeakingCase, SpeakingConformance
from tests.engines.imitations.streaming_voices import (
    KEY,
    CartesiaVoice,
    ElevenLabsVoice,
    VoiceImitation,
    VoiceVendor,
)


def _case(ours: type[VoiceWire], theirs: type[VoiceImitation]) -> SpeakingCase:
    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[TextToSpeech]:
        async with VoiceVendor(theirs).serving() as vendor:
            engine = StreamingSpeaker(ours(VoiceOptions(api_key=KEY, url=vendor.url)))
            try:
                yield engine
            finally:
                await engine.aclose()

    return SpeakingCase(opened=opened)


class TestCartesia(SpeakingConformance):
    case = _case(Cartesia, CartesiaVoice)


class TestElevenLabs(SpeakingConformance):
    case = _case(ElevenLabs, ElevenLabsVoice)

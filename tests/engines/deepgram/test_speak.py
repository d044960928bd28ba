"""Requests of Deepgram's voice; the rules of all HTTP voices are in test_http_voices."""

from __future__ import annotations

import asyncio

import pytest

from providers.engines.base import Utterance
from providers.engines.deepgram.speak import DeepgramSpeaker, DeepgramSpeaking
from providers.errors import EngineError, SettingsError, UnknownVoice
from tests.engines.imitations.http_voice import Exchange, HttpVoice, deepgram_speak, voiced

KEY = "0123456789abcdef0123456789abcdef01234567"


def exchanged(text: str, rate: int, voice: str | None = None, **options: object) -> tuple[Exchange, bytes, int]:
    async def scenario() -> tuple[Exchange, bytes, int]:
        async with HttpVoice(deepgram_speak) as vendor:
            speaker = DeepgramSpeaker(DeepgramSpeaking(**{"api_key": KEY, "url": vendor.url, **options}))  # type: ignore[arg-type]
            try:
                chunks = [chunk async for chunk in speaker.synthesize(Utterance(text, rate, voice))]
            finally:
                await speaker.aclose()
            return vendor.exchanges[-1], b"".join(chunk.pcm for chunk in chunks), chunks[0].rate

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [(8000, 8000), (16000, 16000), (22050, 24000), (24000, 24000), (44100, 48000), (48000, 48000), (11025, 16000)],
)
def test_the_lowest_sufficient_rate_is_requested(wanted: int, asked: int) -> None:
    exchange, pcm, rate = exchanged("hello", wanted)
    assert exchange.query["sample_rate"] == str(asked)
    assert rate == asked
    assert pcm == voiced("hello", asked)


def test_bare_pcm_is_requested_with_the_vendors_parameters() -> None:
    exchange, _, _ = exchanged("hello", 8000, "aura-2-orion-en", speed=1.1, extra={"tag": "support"})
    assert exchange.query == {
        "model": "aura-2-orion-en",
        "encoding": "linear16",
        "container": "none",
        "sample_rate": "8000",
        "speed": "1.1",
        "tag": "support",
    }
    assert exchange.body == {"text": "hello"}
    assert exchange.headers["authorization"] == f"Token {KEY}"


def test_an_unknown_voice_is_named_with_examples() -> None:
    with pytest.raises(UnknownVoice, match="'aura-9-nobody-en'") as caught:
        exchanged("hello", 8000, "aura-9-nobody-en")
    assert "aura-2-thalia-en" in caught.value.examples


def test_text_over_the_vendors_limit_is_refused_here() -> None:
    with pytest.raises(EngineError, match="expected at most 2000 characters, found 2001") as caught:
        exchanged("x" * 2001, 8000)
    assert not caught.value.retryable


def test_parameters_of_the_call_cannot_be_overridden() -> None:
    with pytest.raises(SettingsError, match="container is set from the call's audio"):
        DeepgramSpeaking(extra={"container": "wav"})
    with pytest.raises(SettingsError, match="deepgram voice"):
        DeepgramSpeaking(voice="")

"""Requests of the OpenAI-compatible voice, and the differences of compatible servers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from providers.engines.base import Utterance
from providers.engines.http.openai_speech import OpenAISpeaker, OpenAISpeaking
from providers.errors import EngineError, SettingsError, UnknownVoice
from tests.engines.imitations.http_voice import Exchange, HttpVoice, Script, openai_speech, voiced


def exchanged(
    script: Script = openai_speech, voice: str | None = None, prefix: str = "", **options: object
) -> tuple[Exchange, bytes, int]:
    async def scenario() -> tuple[Exchange, bytes, int]:
        async with HttpVoice(script) as vendor:
            speaker = OpenAISpeaker(OpenAISpeaking(**{"api_key": "sk-key", "url": vendor.url + prefix, **options}))  # type: ignore[arg-type]
            try:
                chunks = [chunk async for chunk in speaker.synthesize(Utterance("hello", 8000, voice))]
            finally:
                await speaker.aclose()
            return vendor.exchanges[-1], b"".join(chunk.pcm for chunk in chunks), chunks[0].rate

    return asyncio.run(scenario())


def test_the_plain_request_holds_nothing_a_strict_server_refuses() -> None:
    exchange, pcm, rate = exchanged()
    assert exchange.body == {
        "model": "gpt-4o-mini-tts",
        "input": "hello",
        "voice": "alloy",
        "response_format": "pcm",
    }
    assert exchange.headers["authorization"] == "Bearer sk-key"
    assert (pcm, rate) == (voiced("hello", 24000), 24000)


def test_options_and_extra_fields_reach_the_server() -> None:
    exchange, _, rate = exchanged(
        voice="ash",
        model="kokoro",
        speed=1.25,
        instructions="calm",
        native_rate=22050,
        extra={"stream": True, "sample_rate": 22050},
    )
    assert exchange.body == {
        "model": "kokoro",
        "input": "hello",
        "voice": "ash",
        "response_format": "pcm",
        "speed": 1.25,
        "instructions": "calm",
        "stream": True,
        "sample_rate": 22050,
    }
    assert rate == 22050


@pytest.mark.parametrize("prefix", ["", "/", "/v1", "/v1/"])
def test_the_base_may_end_in_v1_or_not(prefix: str) -> None:
    assert exchanged(prefix=prefix)[0].path == "/v1/audio/speech"


def test_a_base_below_a_path_keeps_it() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.speak(voiced("x", 24000))

    assert exchanged(script, prefix="/proxy/tts")[0].path == "/proxy/tts/v1/audio/speech"


def test_a_self_hosted_server_needs_no_key() -> None:
    assert "authorization" not in exchanged(api_key="")[0].headers


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "bad", "param": "voice", "code": "invalid_value"}}),
        (400, {"detail": {"error": "validation_error", "message": "Voice 'nobody' not found."}}),
        (422, {"detail": [{"loc": ["body", "voice"], "msg": "input should be", "type": "enum"}]}),
        (404, {"detail": "Voice nobody does not exist"}),
        (400, {"error": {"message": "Invalid voice 'nobody'. Supported: vivian", "type": "BadRequestError"}}),
    ],
)
def test_every_dialect_of_unknown_voice_is_understood(status: int, body: dict[str, Any]) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(status, body)

    with pytest.raises(UnknownVoice, match="'nobody'") as caught:
        exchanged(script, voice="nobody")
    assert caught.value.examples


def test_another_error_is_not_an_unknown_voice() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(
            404, {"error": {"message": "no voice for it", "param": "model", "code": "model_not_found"}}
        )

    with pytest.raises(EngineError, match="model_not_found") as caught:
        exchanged(script)
    assert not isinstance(caught.value, UnknownVoice)


@pytest.mark.parametrize("kind", ["application/json", "text/html; charset=utf-8"])
def test_text_with_status_200_is_an_error(kind: str) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(200, b'{"error": "quota"}', Content_Type=kind)

    with pytest.raises(EngineError, match="expected audio, found") as caught:
        exchanged(script)
    assert not caught.value.retryable


def test_an_endless_error_page_is_not_read_to_its_end() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.begin(500)
        while not exchange.gone.is_set():
            await exchange.audio(bytes(1 << 14))

    with pytest.raises(EngineError, match="HTTP 500"):
        exchanged(script)


def test_fields_of_the_utterance_cannot_be_overridden() -> None:
    with pytest.raises(SettingsError) as caught:
        OpenAISpeaking(extra={"input": "x", "response_format": "mp3"}, native_rate=96000, speed=0)
    text = "\n".join(caught.value.faults)
    for name in ("input", "response_format", "native_rate", "speed"):
        assert name in text

"""The speaking side of the engine tier, spoken to by our own OpenAI engine, and byte for byte."""

from __future__ import annotations

import asyncio

import httpx
import numpy as np
import pytest

from dsp import decode_pcm16, encode_pcm16
from providers.engine_tier.speech import RATE, SPEECH_PATH
from providers.engines.base import Chunk, Utterance
from providers.engines.http.openai_speech import OpenAISpeaker, OpenAISpeaking
from providers.engines.tone import Tone
from providers.errors import EngineBusy, EngineError, UnknownVoice
from tests.engine_tier.tiers import tier
from tests.fakes import LOUD, Hang, ScriptedVoice

BODY = {"model": "any", "input": "Hello there.", "voice": "alloy", "response_format": "pcm"}


async def spoken(url: str, *, key: str = "") -> list[Chunk]:
    engine = OpenAISpeaker(OpenAISpeaking(url=url, api_key=key))
    try:
        await engine.start()
        return [chunk async for chunk in engine.synthesize(Utterance("Hello there.", RATE))]
    finally:
        await engine.aclose()


def test_our_own_engine_hears_what_the_tiers_engine_says() -> None:
    voice = ScriptedVoice([LOUD, LOUD], rate=RATE)
    with tier(voice=voice) as url:
        chunks = asyncio.run(spoken(url))
    assert b"".join(chunk.pcm for chunk in chunks) == LOUD * 2
    assert [each.voice for each in voice.utterances] == [None]  # the default name is the engine's default voice


def test_audio_of_another_rate_is_resampled() -> None:
    tone = encode_pcm16(0.5 * np.sin(2 * np.pi * 440 * np.arange(22050) / 22050).astype(np.float32))
    cut = [tone[:1001], tone[1001:20001], tone[20001:]]  # inside samples too
    with tier(voice=ScriptedVoice(cut, rate=22050)) as url:
        chunks = asyncio.run(spoken(url))
    samples = decode_pcm16(b"".join(chunk.pcm for chunk in chunks))
    assert abs(len(samples) - RATE) <= 1
    assert np.argmax(np.abs(np.fft.rfft(samples))) == pytest.approx(440, abs=1)


def test_the_first_audio_comes_while_the_rest_is_made_and_a_hangup_stops_the_engine() -> None:
    voice = ScriptedVoice([LOUD, Hang()], rate=RATE)
    with tier(voice=voice) as url:
        with httpx.stream("POST", url + SPEECH_PATH, json=BODY, timeout=10) as answer:
            assert next(answer.iter_raw()) == LOUD
        assert voice.cancelled.wait(10)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (EngineError("lost"), 503),
        (EngineBusy("full", engine="x"), 429),
        (UnknownVoice("nobody", engine="x", examples=("a",)), 400),
    ],
)
def test_a_failure_before_the_first_audio_is_a_status(error: Exception, status: int) -> None:
    with tier(voice=ScriptedVoice([error])) as url:
        answer = httpx.post(url + SPEECH_PATH, json=BODY, timeout=10)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}


def test_a_failure_after_the_first_audio_breaks_the_body_off() -> None:
    with tier(voice=ScriptedVoice([LOUD, EngineError("lost")], rate=RATE)) as url:
        with pytest.raises(httpx.TransportError):
            httpx.post(url + SPEECH_PATH, json=BODY, timeout=10)


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"no JSON", 400, "body: expected a JSON object"),
        (b"{}", 400, "input"),
        (b'{"input": " "}', 400, "input: expected text, found none"),
        (b'{"input": "Hi", "response_format": "mp3"}', 400, "response_format"),
        (b'{"input": "' + b"a" * 5000 + b'"}', 413, "input: expected at most 4096 characters, found 5000"),
    ],
)
def test_a_wrong_body_is_refused_by_its_field(body: bytes, status: int, expected: str) -> None:
    with tier(voice=Tone()) as url:
        answer = httpx.post(url + SPEECH_PATH, content=body, timeout=10)
    assert answer.status_code == status
    assert expected in answer.json()["error"]["message"]


def test_the_key_is_asked_for() -> None:
    with tier(voice=Tone(), key="the-key-of-the-tier") as url:
        assert httpx.post(url + SPEECH_PATH, json=BODY, timeout=10).status_code == 401
        assert asyncio.run(spoken(url, key="the-key-of-the-tier"))

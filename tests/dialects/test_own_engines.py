"""This server's own engines for the vendors, pointed at another of these servers: a tier of recognisers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from providers.engines.base import SpeechToText, Transcript
from providers.engines.deepgram.listen import DeepgramListener, DeepgramListening
from providers.engines.streaming.listener import StreamingListener
from providers.engines.streaming.openai_realtime import OpenAIRealtime
from providers.engines.streaming.wire import VendorOptions
from tests.dialects.sounds import tone
from tests.fakes import ScriptedListener
from tests.live import SECRET, serving, settings


def deepgram(url: str) -> SpeechToText:
    return DeepgramListener(DeepgramListening(api_key=SECRET, url=url))


def openai(url: str) -> SpeechToText:
    return StreamingListener(OpenAIRealtime(VendorOptions(api_key=SECRET, url=url.replace("http", "ws", 1))))


async def hear(engine: SpeechToText, pcm: bytes) -> list[Transcript]:
    await engine.start()
    try:
        async with engine.listen(rate=16000) as recognition:
            for begin in range(0, len(pcm), 3200):
                await recognition.push(pcm[begin : begin + 3200])
            await recognition.finish()
            return [transcript async for transcript in recognition if transcript.final]
    finally:
        await engine.aclose()


@pytest.mark.parametrize("made", [deepgram, openai])
def test_words_come_back_with_their_times(made: Callable[[str], SpeechToText]) -> None:
    said = [Transcript("Hello there.", final=True, start=0.2, end=0.9)]
    with serving(transcriber=ScriptedListener(last_words=said), chosen=settings(dialects="openai,deepgram")) as live:
        finals = asyncio.run(hear(made(live.base), tone(1.0, 16000)))
    assert [final.text for final in finals] == ["Hello there."]
    assert finals[0].start == pytest.approx(0.2, abs=0.05)
    assert finals[0].end == pytest.approx(0.9, abs=0.15)

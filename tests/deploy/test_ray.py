"""The engine tier on a real Ray with the embedded engines: said, heard, scaled, and a replica killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable, Iterator
from functools import cache

import httpx
import numpy as np
import pytest

from dsp import PcmDecoder, Resampler, decode_pcm16, encode_pcm16
from providers import assembly
from providers.engines.base import SpeechToText, Transcript
from providers.engines.events import EngineEvent
from providers.paths import VOICE_PATH
from tests.deploy.ray_cluster import Cluster, cluster
from tests.espeak_speech import espeak
from tests.live import SECRET, serving, settings

pytest.importorskip("ray", reason="needs the extra 'ray': pip install 'vapi-providers[ray]'")
pytest.importorskip("pocketsphinx", reason="needs the extra 'local': pip install 'vapi-providers[local]'")
pytestmark = pytest.mark.timeout(240)

RATE = 16000
SENTENCES = ("Yes, that is right.", "Can you help me with my order?", "I would like to book a table.")


@pytest.fixture(scope="module")
def tier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    chosen = {
        "PROVIDERS_VOICE": "espeak",
        "PROVIDERS_TRANSCRIBER": "pocketsphinx",
        "PROVIDERS_POCKETSPHINX_CAPACITY": "4",
        "ENGINE_TIER_CALLS": "2",
        "ENGINE_TIER_CPUS": "0.4",
        "ENGINE_TIER_MOST_REPLICAS": "2",
        "ENGINE_TIER_DRAIN_SECONDS": "1",
    }
    with cluster(tmp_path_factory.mktemp("ray"), **chosen) as running:
        yield running


@cache
def speech(text: str) -> bytes:
    """A sentence in the voice that the embedded recogniser understands best, and a pause."""
    rendered = espeak().render(text, "en-us+f5", words_per_minute=150)
    resampler = Resampler(rendered.rate, RATE)
    spoken = [resampler.feed(PcmDecoder().feed(rendered.pcm)), resampler.flush()]
    return bytes(RATE) + encode_pcm16(np.concatenate(spoken)) + bytes(2 * round(1.2 * RATE))


def words(transcripts: list[Transcript]) -> list[str]:
    """The words of the finals."""
    return [word for each in transcripts if each.final for word in re.findall(r"[a-z']+", each.text.lower())]


def recogniser(tier: Cluster, events: list[EngineEvent]) -> SpeechToText:
    """The server's own stack, pointed at the tier like at the vendor."""
    # A recogniser on a busy machine is slow, and not lost: only what was killed is replaced.
    patient = {"recogniser_suspect_seconds": 20.0, "recogniser_flush_seconds": 20.0}
    chosen = settings(transcriber="deepgram", deepgram_url=tier.listen, deepgram_block_ms=100, **patient)
    return assembly.make_transcriber(chosen, observe=events.append)


async def called(engine: SpeechToText, *, after: Callable[[float], None] = lambda seconds: None) -> list[Transcript]:
    """One call of all sentences in real time; ``after`` is told how much audio has been spoken, in seconds."""
    pcm, told = b"".join(map(speech, SENTENCES)), list[Transcript]()

    async def read() -> None:
        async for transcript in recognition:
            told.append(transcript)

    async with asyncio.timeout(90), engine.listen(rate=RATE) as recognition, asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        began = asyncio.get_running_loop().time()
        for begin in range(0, len(pcm), RATE // 25):  # 20 ms
            due = began + begin / (2 * RATE)
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            await recognition.push(pcm[begin : begin + RATE // 25])
            after(begin / (2 * RATE))
        await recognition.finish()
    return told


def test_a_sentence_is_said_through_the_tier(tier: Cluster) -> None:
    voice = assembly.make_voice(settings(voice="openai", openai_url=tier.speak))
    body = {"message": {"type": "voice-request", "text": SENTENCES[0], "sampleRate": RATE}}
    with serving(voice=voice) as live:
        answer = httpx.post(live.base + VOICE_PATH, json=body, headers={"X-Vapi-Secret": SECRET}, timeout=20)
    assert answer.status_code == 200
    samples = decode_pcm16(answer.content)
    assert 0.5 < len(samples) / RATE < 5
    assert np.abs(samples).max() > 0.05


def test_a_second_replica_comes_with_the_calls_and_a_killed_one_costs_no_word(tier: Cluster) -> None:
    events: list[EngineEvent] = []

    async def scenario() -> tuple[list[Transcript], list[list[Transcript]]]:
        engine = recogniser(tier, events)
        await engine.start()
        try:
            undisturbed, *_ = await asyncio.gather(*(called(engine) for _ in range(2)))
            replicas = await asyncio.to_thread(tier.wait_for_replicas, "recogniser", 2)
            events.clear()
            gone: set[int] = set()

            def kill(seconds: float) -> None:
                """In the middle of the second sentence, and of the third."""
                for at, replica in ((4.5, replicas[0]), (8.0, replicas[1])):
                    if seconds >= at and replica not in gone:
                        gone.add(replica)
                        os.kill(replica, signal.SIGKILL)

            return undisturbed, await asyncio.gather(called(engine, after=kill), called(engine))
        finally:
            await engine.aclose()

    undisturbed, disturbed = asyncio.run(scenario())
    expected = words(undisturbed)
    assert len(expected) >= 12, expected
    assert any(event.kind == "reconnected" for event in events), events
    for told in disturbed:
        assert words(told) == expected

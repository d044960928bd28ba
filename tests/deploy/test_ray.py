"""The engine tier on a real Ray with the embedded engines: said, heard, scaled, and a replica killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import cache

import httpx
import numpy as np
import psutil
import pytest

from dsp import PcmDecoder, Resampler, decode_pcm16, encode_pcm16
from providers import assembly
from providers.engines.base import SpeechToText, Transcript
from providers.engines.deepgram.listen import DeepgramListener, DeepgramListening
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
        "ENGINE_TIER_CALLS": "4",
        "ENGINE_TIER_CPUS": "0.4",
        "ENGINE_TIER_REPLICAS": "2",
        "ENGINE_TIER_MOST_REPLICAS": "3",
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
    """The server's own stack over the vendor's engine, pointed at the tier.

    A busy machine is slow, and not lost: the times are ample, so that only what was killed is replaced.
    """
    options = DeepgramListening(url=tier.listen, block_ms=100, open_timeout=20.0, finish_timeout=30.0)
    patient = {"recogniser_suspect_seconds": 30.0, "recogniser_flush_seconds": 30.0}
    chosen = settings(recogniser_open_seconds=20.0, reconnect_patience_seconds=60.0, **patient)
    return assembly.listening_stack([DeepgramListener(options)], chosen, observe=events.append)


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


def processes(replica: int) -> int:
    """Processes of one replica: it has one for each call."""
    return len(psutil.Process(replica).children(recursive=True))


def test_a_sentence_is_said_through_the_tier(tier: Cluster) -> None:
    voice = assembly.make_voice(settings(voice="openai", openai_url=tier.speak))
    body = {"message": {"type": "voice-request", "text": SENTENCES[0], "sampleRate": RATE}}
    with serving(voice=voice) as live:
        answer = httpx.post(live.base + VOICE_PATH, json=body, headers={"X-Vapi-Secret": SECRET}, timeout=20)
    assert answer.status_code == 200
    samples = decode_pcm16(answer.content)
    assert 0.5 < len(samples) / RATE < 5
    assert np.abs(samples).max() > 0.05


def test_a_killed_replica_costs_no_word(tier: Cluster) -> None:
    events: list[EngineEvent] = []
    replicas = tier.wait_for_replicas("recogniser", 2)
    killed: list[int] = []

    def kill(seconds: float) -> None:
        """In the middle of the second sentence, the replica that hears most calls."""
        if seconds >= 4.5 and not killed:
            killed.append(max(replicas, key=processes))
            os.kill(killed[0], signal.SIGKILL)

    async def scenario() -> tuple[list[Transcript], Sequence[list[Transcript]]]:
        engine = recogniser(tier, events)
        await engine.start()
        try:
            undisturbed = await called(engine)
            events.clear()
            return undisturbed, await asyncio.gather(called(engine, after=kill), called(engine))
        finally:
            await engine.aclose()

    undisturbed, disturbed = asyncio.run(scenario())
    expected = words(undisturbed)
    assert len(expected) >= 12, expected
    assert {event.kind for event in events} >= {"lost", "reconnected"}
    for told in disturbed:
        assert words(told) == expected


def test_replicas_come_with_the_calls(tier: Cluster) -> None:
    async def scenario() -> None:
        async with AsyncExitStack() as calls:
            listener = DeepgramListener(DeepgramListening(url=tier.listen, open_timeout=30.0))
            for _ in range(7):
                await calls.enter_async_context(listener.listen(rate=RATE))
            await asyncio.to_thread(tier.wait_for_replicas, "recogniser", 3)

    tier.wait_for_replicas("recogniser", 2)
    asyncio.run(scenario())

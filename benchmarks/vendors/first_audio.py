"""How much later the first audio comes from our engine than from the vendor's bare client, both warm."""

from __future__ import annotations

import asyncio
import atexit
import statistics
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, aclosing
from time import perf_counter_ns
from typing import Any, TypeAlias

from benchmarks.case import Contender, at_most
from benchmarks.vendors.case import Round, VendorCase
from benchmarks.vendors.stand_in import stand_in

UTTERANCES = 40
"""Per round."""
TEXT = "Good morning, how can I help you today?"
RATE = 24000
"""Hz."""

Streams: TypeAlias = Callable[[str], Callable[[], AsyncGenerator[Any, None]]]
"""The HTTP base to a function that begins one utterance."""


def _our_deepgram(url: str) -> Callable[[], AsyncGenerator[Any, None]]:
    from providers.engines.base import Utterance
    from providers.engines.deepgram.speak import DeepgramSpeaker, DeepgramSpeaking

    engine = DeepgramSpeaker(DeepgramSpeaking(api_key="k", url=url))
    return lambda: engine.synthesize(Utterance(TEXT, RATE))


def _bare_deepgram(url: str) -> Callable[[], AsyncGenerator[Any, None]]:
    from deepgram import AsyncDeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    environment = DeepgramClientEnvironment(base=url, production=url, agent=url, agent_rest=url)
    voice: Any = AsyncDeepgramClient(api_key="k", environment=environment).speak.v1.audio
    return lambda: voice.generate(
        text=TEXT, model="aura-2-thalia-en", encoding="linear16", container="none", sample_rate=RATE
    )


def _our_openai(url: str) -> Callable[[], AsyncGenerator[Any, None]]:
    from providers.engines.base import Utterance
    from providers.engines.http.openai_speech import OpenAISpeaker, OpenAISpeaking

    engine = OpenAISpeaker(OpenAISpeaking(api_key="k", url=url))
    return lambda: engine.synthesize(Utterance(TEXT, RATE))


def _bare_openai(url: str) -> Callable[[], AsyncGenerator[Any, None]]:
    import httpx

    client = httpx.AsyncClient(base_url=url, headers={"Authorization": "Bearer k"})
    body = {"model": "gpt-4o-mini-tts", "input": TEXT, "voice": "alloy", "response_format": "pcm"}

    async def speak() -> AsyncGenerator[bytes, None]:
        async with client.stream("POST", "/v1/audio/speech", json=body) as answer:
            async for data in answer.aiter_bytes():
                yield data

    return speak


def _prepared(streams: Streams) -> Callable[[], Round]:
    def prepare() -> Round:
        loop = asyncio.new_event_loop()
        far = ExitStack()
        atexit.register(far.close)
        _, rest = far.enter_context(stand_in())
        begin = streams(rest)
        return lambda: loop.run_until_complete(_first_audio(begin))

    return prepare


async def _first_audio(begin: Callable[[], AsyncGenerator[Any, None]]) -> float:
    waits = []
    for _ in range(UTTERANCES):
        started = perf_counter_ns()
        async with aclosing(begin()) as stream:
            await anext(stream)
            waits.append((perf_counter_ns() - started) / 1e6)
            async for _ in stream:
                pass
    return statistics.median(waits)


def _case(vendor: str, ours: Streams, client: str, bare: Streams) -> VendorCase:
    return VendorCase(
        name=f"first audio, {vendor}",
        figure="ms to the first audio, p50",
        contenders=(
            Contender("providers", "ours", _prepared(ours)),
            Contender(client, "floor", _prepared(bare)),
        ),
        bound=at_most(0.5),
        against=lambda ours, bare: ours - bare,
        promise="ms over the bare client's",
    )


CASES = (
    _case("deepgram", _our_deepgram, "deepgram-sdk", _bare_deepgram),
    _case("openai", _our_openai, "httpx", _bare_openai),
)

"""Calls over Deepgram's real wire with many failures: refused opens, half-open sockets, a cut every few seconds."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest

from providers.engines.base import Recognition
from providers.engines.deepgram.listen import DeepgramListener, DeepgramListening
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.reconnecting import Reconnecting
from tests.engines.imitations.flaky_deepgram import FlakyDeepgram
from tests.engines.tone_words import RATE, WORDS, Spoken

SPEED = 4.0
"""Times faster than real time."""
CALLS = 6
"""At once, in each of the two tests."""
QUICK = ReconnectOptions(open=3.0 / SPEED, suspect=2.0 / SPEED, base=0.2 / SPEED, ceiling=2.0 / SPEED)
BLOCK = 0.04
"""Seconds of audio per push."""
HANG = 16.0
"""Seconds of silence at the end of a call within which all words must be out."""


async def call(seed: int, *, shows_progress: bool) -> tuple[list[str], list[str]]:
    """One call of 45 words in half a minute; returns what was said and what the finals say."""
    draw = random.Random(seed)
    words = tuple(draw.randrange(WORDS) for _ in range(45))
    spoken = Spoken(words, tuple(draw.choice([0.1, 0.1, 0.5, 0.5, 1.1]) for _ in words))
    heard: list[str] = []
    all_out = asyncio.Event()

    async def read(recognition: Recognition) -> None:
        async for told in recognition:
            heard.extend(told.text.split() if told.final else ())
            if len(heard) >= len(words):
                all_out.set()

    async with FlakyDeepgram(seed, speed=SPEED, shows_progress=shows_progress).serving() as vendor:
        engine = Reconnecting(
            DeepgramListener(DeepgramListening(api_key="k", url=vendor.url)), options=QUICK, chance=draw.random
        )
        async with engine.listen(rate=RATE) as recognition:
            reader = asyncio.create_task(read(recognition))
            await talk(recognition, spoken, all_out)
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader
    return [str(word) for word in words], heard


async def talk(recognition: Recognition, spoken: Spoken, all_out: asyncio.Event) -> None:
    """Push in time, and silence behind it until every word is out."""
    pcm = spoken.pcm().tobytes() + bytes(2 * round(HANG * RATE))
    step = 2 * round(BLOCK * RATE)
    clock = asyncio.get_running_loop().time
    began = clock()
    for number, begin in enumerate(range(0, len(pcm), step), 1):
        await asyncio.sleep(max(0.0, began + number * BLOCK / SPEED - clock()))
        if all_out.is_set():
            return
        await recognition.push(pcm[begin : begin + step])


@pytest.mark.parametrize("shows_progress", [False, True])
def test_every_word_comes_once_and_in_order(shows_progress: bool) -> None:
    async def scenario() -> None:
        seeds = range(CALLS) if shows_progress else range(CALLS, 2 * CALLS)
        for said, heard in await asyncio.gather(*(call(seed, shows_progress=shows_progress) for seed in seeds)):
            assert heard == said

    asyncio.run(scenario())

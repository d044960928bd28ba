"""A thousand calls over a vendor that fails at random: every word comes out once, and in order.

In virtual time over an imitation in the process, and a few in real time over a real socket.
"""

from __future__ import annotations

import asyncio
import random

import pytest

from providers.engines.base import SpeechToText
from providers.failover.listening import FallbackListening, FallbackListeningOptions
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.reconnecting import Reconnecting
from tests.engines.imitations.tone_socket import ToneServer, ToneSocketEngine
from tests.engines.imitations.tone_vendor import Fault, Kind, Manner, ToneVendor
from tests.engines.tone_words import RATE, WORDS, Spoken, interleaved
from tests.virtual_time import run_virtual, virtual_clock

SCENARIOS = 1000
BATCHES = 10


class Scenario:
    """One call, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        draw = self.random
        self.channels = 2 if draw.random() < 0.25 else 1
        self.speakers = [self._spoken(draw.randint(5, 12)) for _ in range(self.channels)]
        self.block = draw.choice([0.06, 0.1, 0.1, 0.13]) if draw.random() < 0.9 else 0.02
        self.manner = Manner(
            latency=draw.choice([0.0, 0.05, 0.3]),
            opening=draw.choice([0.0, 0.05, 0.4]),
            closing=draw.choice([0.0, 0.0, 1.0]),
            word_times=draw.random() < 0.5,
            covers_quiet=draw.random() < 0.3,
            partials=draw.random() < 0.8,
            most=draw.choice([2, 4, 100]),
        )
        self.faults = [self._fault() for _ in range(draw.randint(1, 3))]

    def _spoken(self, length: int) -> Spoken:
        words = tuple(self.random.randrange(WORDS) for _ in range(length))
        pauses = tuple(self.random.choice([0.1, 0.1, 0.1, 0.5, 1.2]) for _ in words)
        return Spoken(words, pauses)

    def _fault(self) -> Fault:
        opening: tuple[Kind, ...] = ("refuse", "busy", "hang")
        later: tuple[Kind, ...] = ("cut", "cut", "cut send", "zombie", "half open", "stall", "end")
        # Some faults come at once, so that several hit the same word.
        span = self.random.choice([0.3, 2.0, 4.0, 6.0])
        return Fault(self.random.choice(opening + later), self.random.uniform(0.0, span))

    def stack(self) -> tuple[SpeechToText, list[ToneVendor]]:
        """A vendor that is reconnected; every fourth time a fallback over two of them."""
        first = ToneVendor(self.faults, self.manner)
        options = ReconnectOptions(patience=30.0, full=30.0)
        if self.random.random() < 0.75:
            return Reconnecting(first, options=options, chance=self.random.random), [first]
        dead = ToneVendor([*self.faults[:1], *[Fault("refuse")] * 100], self.manner, name="dead")
        stack = FallbackListening(
            [dead, first],
            options=FallbackListeningOptions(options),
            clock=virtual_clock,
            chance=self.random.random,
        )
        return stack, [dead, first]

    async def run(self) -> list[list[str]]:
        """Play the call in real, that is virtual, time; answers the finals' words per channel."""
        pcm = interleaved([speaker.pcm() for speaker in self.speakers])
        step = round(self.block * RATE) * 2 * self.channels
        heard: list[list[str]] = [[] for _ in range(self.channels)]
        ends = [0.0] * self.channels
        stack, vendors = self.stack()

        async with stack.listen(rate=RATE, channels=self.channels) as recognition:

            async def read() -> None:
                async for transcript in recognition:
                    if transcript.final:
                        assert ends[transcript.channel] <= transcript.start <= transcript.end
                        ends[transcript.channel] = transcript.end
                        heard[transcript.channel] += transcript.text.split()

            reader = asyncio.create_task(read())
            for begin in range(0, len(pcm), step):
                await asyncio.sleep(self.block)
                await recognition.push(pcm[begin : begin + step])
            await recognition.finish()
            await reader
        await stack.aclose()
        assert all(vendor.open_now == 0 for vendor in vendors), "no connection is left open"
        assert len(asyncio.all_tasks()) == 1, "no task is left"
        return heard


@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_word_comes_once_and_in_order(batch: int) -> None:
    for seed in range(batch, SCENARIOS, BATCHES):
        scenario = Scenario(seed)
        heard = run_virtual(scenario.run())
        said = [[str(word) for word in speaker.words] for speaker in scenario.speakers]
        assert heard == said, f"seed {seed}: {scenario.faults} {scenario.manner}"


async def over_a_socket(seed: int) -> tuple[list[str], list[str]]:
    """One call at ten times the speed of speech, with time-outs to match; answers what was said and what was heard."""
    draw = random.Random(seed)
    spoken = Spoken(tuple(draw.randrange(WORDS) for _ in range(10)), tuple(draw.choice([0.1, 0.5]) for _ in range(10)))
    kinds: tuple[Kind, ...] = ("refuse", "busy", "hang", "cut", "cut", "half open", "stall", "end")
    faults = [Fault(draw.choice(kinds), draw.uniform(0.0, 3.0)) for _ in range(draw.randint(1, 3))]
    quick = ReconnectOptions(open=0.3, suspect=0.3, push=0.3, flush=0.5, base=0.02)
    pcm = spoken.pcm().tobytes()
    heard: list[str] = []
    async with ToneServer(faults).serving() as server:
        engine = Reconnecting(ToneSocketEngine(server.url), options=quick)
        async with engine.listen(rate=RATE) as recognition, asyncio.TaskGroup() as group:

            async def read() -> None:
                async for told in recognition:
                    heard.extend(told.text.split() if told.final else ())

            group.create_task(read())
            for begin in range(0, len(pcm), 1600):
                await asyncio.sleep(0.01)
                await recognition.push(pcm[begin : begin + 1600])
            await recognition.finish()
    return [str(word) for word in spoken.words], heard


@pytest.mark.parametrize("seed", range(8))
def test_every_word_comes_once_over_real_sockets(seed: int) -> None:
    said, heard = asyncio.run(over_a_socket(seed))
    assert heard == said

"""Lateness is loss: words are out soon after the vendor can be reached again, and calls outlive a vendor's bad day.

In virtual time, over an imitation in the process. The same over Deepgram's wire is in ``tests/engines/deepgram``.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from providers.engines.base import SpeechToText
from providers.engines.events import EngineEvent
from providers.failover.listening import FallbackListening, FallbackListeningOptions
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.reconnecting import Reconnecting
from tests.engines.imitations.tone_vendor import Fault, Kind, Manner, ToneVendor
from tests.engines.tone_words import RATE, TONE, WORDS, Spoken
from tests.virtual_time import run_virtual, virtual_clock

BLOCK = 0.05
"""Seconds per push."""
LATE = 3.0
"""Seconds from the end of a word, or from the moment at which the vendor can be reached again, to its transcript."""
KINDS: tuple[Kind, ...] = ("refuse", "busy", "hang", "cut", "cut send", "zombie", "half open", "stall", "end")


class FaultyVendor(ToneVendor):
    """A vendor whose next connection fails as a function says."""

    def __init__(self, fault: Callable[[], Fault | None], manner: Manner | None = None) -> None:
        super().__init__((), manner or Manner())
        self._draw = fault

    def _next_fault(self) -> Fault | None:
        return self._draw()


@dataclass
class Heard:
    """What came out of a call."""

    finals: list[str] = field(default_factory=list)
    first_seen: list[float] = field(default_factory=list)
    """Seconds of the call at which each word was first in a transcript."""
    events: list[EngineEvent] = field(default_factory=list)
    most_tasks: int = 0

    def late(self, spoken: Spoken, reachable: float = 0.0) -> float:
        """The longest wait for a word, from its end or from ``reachable``, whichever is later."""
        assert len(self.first_seen) == len(spoken.words)
        return max(seen - max(end, reachable) for seen, end in zip(self.first_seen, ends(spoken), strict=True))


def ends(spoken: Spoken) -> list[float]:
    """Seconds at which each word has been said."""
    found, now = [], 0.06
    for pause in spoken.pauses:
        found.append(now + TONE)
        now += TONE + pause
    return found


async def call(engine: SpeechToText, spoken: Spoken, heard: Heard, *, tail: float) -> None:
    """Speak in real, that is virtual, time, and stay on the line for a while after it."""
    pcm = spoken.pcm().tobytes() + bytes(2 * round(tail * RATE))
    step = 2 * round(BLOCK * RATE)
    began = virtual_clock()
    async with engine.listen(rate=RATE) as recognition:

        async def read() -> None:
            async for told in recognition:
                known = len(heard.finals) + len(told.text.split())
                heard.first_seen += [virtual_clock() - began] * (known - len(heard.first_seen))
                heard.finals += told.text.split() if told.final else ()

        reader = asyncio.create_task(read())
        try:
            # What was said while the first engine opened is pushed at once, as a call does it.
            for number, begin in enumerate(range(0, len(pcm), step), 1):
                await asyncio.sleep(began + number * BLOCK - virtual_clock())
                await recognition.push(pcm[begin : begin + step])
                heard.most_tasks = max(heard.most_tasks, len(asyncio.all_tasks()) - 2)
            assert not reader.done()
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


def spoken_by(draw: random.Random, words: int) -> Spoken:
    return Spoken(
        tuple(draw.randrange(WORDS) for _ in range(words)),
        tuple(draw.choice([0.1, 0.1, 0.5, 0.5, 1.1]) for _ in range(words)),
    )


def bad_day(draw: random.Random) -> Callable[[], Fault]:
    """One open in four is refused or closed at once, one socket in seven half-open, the others cut after 5 s."""

    def fault() -> Fault:
        if draw.random() < 1 / 4:
            return draw.choice([Fault("busy"), Fault("cut", 0.0)])
        if draw.random() < 1 / 7:
            return Fault("half open", draw.choice([0.0, draw.uniform(0.0, 5.0)]))
        return Fault("cut", 5.0)

    return fault


@pytest.mark.parametrize("batch", range(8))
def test_every_call_outlives_a_vendors_bad_day_word_for_word(batch: int) -> None:
    for seed in range(batch, 48, 8):
        draw = random.Random(seed)
        spoken, heard = spoken_by(draw, 45), Heard()
        engine = Reconnecting(FaultyVendor(bad_day(draw)), observe=heard.events.append, chance=draw.random)
        run_virtual(call(engine, spoken, heard, tail=16.0))
        assert heard.finals == [str(word) for word in spoken.words], f"seed {seed}"


@pytest.mark.parametrize("batch", range(8))
def test_words_are_out_soon_after_the_vendor_can_be_reached_again_whatever_came_before(batch: int) -> None:
    """Faults of every kind until some moment, then none; sockets that are half-open by then stay so."""
    for seed in range(batch, 120, 8):
        draw = random.Random(seed)
        reachable = draw.uniform(0.0, 7.0)
        spoken, heard = spoken_by(draw, 20), Heard()
        manner = Manner(latency=draw.choice([0.0, 0.05, 0.3]), opening=draw.choice([0.0, 0.05, 0.3]))

        def fault(draw: random.Random = draw, reachable: float = reachable) -> Fault | None:
            if virtual_clock() >= reachable:
                return None
            return Fault(draw.choice(KINDS), draw.choice([0.0, draw.uniform(0.0, reachable - virtual_clock())]))

        options = ReconnectOptions(full=8.0)
        engine = Reconnecting(
            FaultyVendor(fault, manner), options=options, observe=heard.events.append, chance=draw.random
        )
        run_virtual(call(engine, spoken, heard, tail=4.0))
        assert heard.finals == [str(word) for word in spoken.words], f"seed {seed}"
        assert heard.late(spoken, reachable) <= LATE, f"seed {seed}"


def some_manner(draw: random.Random) -> Manner:
    """A vendor of any kind: slow to open, to answer or to close, with partials and word times or without."""
    return Manner(
        latency=draw.choice([0.0, 0.05, 0.3, 1.5, 2.5]),
        opening=draw.choice([0.0, 0.05, 0.3, 1.3, 2.5]),
        closing=draw.choice([0.0, 0.0, 1.0, 3.0]),
        word_times=draw.random() < 0.5,
        covers_quiet=draw.random() < 0.3,
        most=draw.choice([2, 4, 100]),
        partials=draw.random() < 0.9,
    )


@pytest.mark.parametrize("batch", range(8))
def test_second_connections_lose_and_repeat_nothing_over_vendors_of_any_manner(batch: int) -> None:
    for seed in range(batch, 80, 8):
        draw = random.Random(seed)
        reachable, manner = draw.uniform(0.0, 7.0), some_manner(draw)
        spoken, heard = spoken_by(draw, 20), Heard()

        def fault(draw: random.Random = draw, reachable: float = reachable) -> Fault | None:
            if virtual_clock() >= reachable:
                return None
            return Fault(draw.choice(KINDS), draw.choice([0.0, draw.uniform(0.0, reachable - virtual_clock())]))

        options = ReconnectOptions(full=30.0, patience=30.0)
        engines = [FaultyVendor(fault, manner) for _ in range(draw.choice([1, 1, 2]))]
        stack = FallbackListening(
            engines, options=FallbackListeningOptions(options), clock=virtual_clock, chance=draw.random
        )

        async def scenario(stack: FallbackListening = stack, spoken: Spoken = spoken, heard: Heard = heard) -> None:
            await call(stack, spoken, heard, tail=25.0)
            await stack.aclose()
            await asyncio.sleep(2.5)
            assert len(asyncio.all_tasks()) == 1, "no task is left"

        run_virtual(scenario())
        assert heard.finals == [str(word) for word in spoken.words], f"seed {seed}: {manner}"


@pytest.mark.parametrize("outage", [5.0, 10.0, 20.0])
@pytest.mark.parametrize("kind", ["refuse", "hang", "half open"])
def test_a_long_outage_of_one_kind_ends_as_soon_as_a_short_one(kind: Kind, outage: float) -> None:
    spoken, heard = Spoken(tuple(range(30)), (0.5,) * 30), Heard()

    def fault() -> Fault | None:
        return Fault("cut", 3.0) if virtual_clock() < 1.0 else Fault(kind) if virtual_clock() < 3.0 + outage else None

    engine = Reconnecting(
        FaultyVendor(fault, Manner(most=100)),
        options=ReconnectOptions(patience=60.0),
        observe=heard.events.append,
    )
    run_virtual(call(engine, spoken, heard, tail=4.0))
    assert heard.finals == [str(word) for word in spoken.words]
    assert heard.late(spoken, 3.0 + outage) <= LATE


def test_a_connection_that_was_slow_to_open_is_watched_like_any_other() -> None:
    """The first one opens while a second attempt is under way, and is half-open."""
    spoken, heard = Spoken(tuple(range(4)), (0.1,) * 4), Heard()
    vendor = ToneVendor([Fault("half open")], Manner(opening=1.5))
    run_virtual(call(Reconnecting(vendor, observe=heard.events.append), spoken, heard, tail=8.0))
    assert heard.finals == ["0", "1", "2", "3"]
    assert [event.kind for event in heard.events[:4]] == ["suspected", "lost", "reconnected", "suspected"]


def test_a_second_connection_costs_at_most_one_more_at_a_time_and_is_counted() -> None:
    class Counting(FaultyVendor):
        most_open = 0

        def _next_fault(self) -> Fault | None:
            self.most_open = max(self.most_open, self.open_now + 1)
            return super()._next_fault()

    draw = random.Random(3)
    vendor, heard = Counting(lambda: Fault("half open", draw.uniform(0.0, 2.0))), Heard()
    spoken = spoken_by(draw, 40)
    run_virtual(call(Reconnecting(vendor, observe=heard.events.append), spoken, heard, tail=4.0))
    assert vendor.most_open == 2
    assert sum(event.kind == "suspected" for event in heard.events) > 3


def tasks(engine: SpeechToText) -> int:
    spoken, heard = Spoken(tuple(range(20)), (0.1,) * 20), Heard()
    run_virtual(call(engine, spoken, heard, tail=1.0))
    assert heard.finals == [str(word) for word in spoken.words]
    return heard.most_tasks


def test_a_recognition_takes_three_tasks_with_one_engine_and_no_more_with_two() -> None:
    assert tasks(Reconnecting(ToneVendor())) == 3
    assert tasks(FallbackListening([ToneVendor(name="a"), ToneVendor(name="b")])) == 3


def test_a_recognition_that_moved_on_to_another_engine_takes_no_more_tasks() -> None:
    options = FallbackListeningOptions(ReconnectOptions(patience=1.0))
    dead = ToneVendor([Fault("refuse")] * 100, name="dead")

    async def scenario() -> None:
        stack = FallbackListening([dead, ToneVendor(name="well")], options=options, clock=virtual_clock)
        spoken, heard = Spoken(tuple(range(20)), (0.1,) * 20), Heard()
        await call(stack, spoken, heard, tail=1.0)
        assert heard.most_tasks == 3 + 1, "and the probe of the dead one, which all calls share"
        await stack.aclose()

    run_virtual(scenario())

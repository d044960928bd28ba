"""When the audio of a call came, as its transcripts ask."""

from __future__ import annotations

import asyncio

from providers.transcriber.arrivals import Arrivals
from providers.transcriber.audio_queue import AudioQueue


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_audio_of_a_steady_caller_came_when_its_seconds_say() -> None:
    clock = Clock()
    arrivals = Arrivals(1000, clock)
    for second in range(1, 101):
        clock.now = 50.0 + second / 10
        arrivals.note(second * 100, clock.now)
    clock.now = 61.0
    assert abs((arrivals.since(10.0) or 0) - 1.0) < 1e-9
    assert abs((arrivals.since(4.55) or 0) - 6.45) < 1e-9


def test_audio_sent_in_one_burst_came_at_once() -> None:
    clock = Clock()
    arrivals = Arrivals(1000, clock)
    arrivals.note(0, 50.0)
    arrivals.note(30_000, 50.0)
    clock.now = 51.5
    assert arrivals.since(3.0) == 1.5


def test_what_is_not_known_is_not_guessed() -> None:
    arrivals = Arrivals(1000, Clock())
    assert arrivals.since(1.0) is None
    for number in range(2000):
        arrivals.note(number * 100, 50.0)
    assert arrivals.since(0.0) is None
    assert arrivals.since(1.0) is None  # more than a minute of audio ago
    assert arrivals.since(1e6) == 0.0  # an engine that tells more than it was given


def test_marks_are_set_every_tenth_of_a_second() -> None:
    clock = Clock()
    arrivals = Arrivals(1000, clock)
    arrivals.note(20, 50.0)
    assert arrivals.due == 120


async def _fill(queue: AudioQueue, clock: Clock) -> None:
    for _ in range(100):
        clock.now += 0.02
        await queue.put(bytes(640))


def test_the_queue_marks_what_comes() -> None:

    clock = Clock()
    queue = AudioQueue(bytes_per_second=32000, seconds=30, clock=clock)
    asyncio.run(_fill(queue, clock))
    clock.now += 0.5
    lag = queue.arrivals.since(1.0)
    assert lag is not None
    assert abs(lag - 1.5) < 0.021  # within one frame

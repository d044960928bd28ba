"""The bounded queue of a call's audio."""

from __future__ import annotations

import asyncio

import pytest

from providers.errors import CallRefused
from providers.transcriber.audio_queue import AudioQueue


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def queue(*, seconds: float = 30.0, clock: Clock | None = None) -> AudioQueue:
    """A queue of 1,000 bytes a second."""
    return AudioQueue(bytes_per_second=1000, seconds=seconds, clock=clock or Clock())


async def settled(task: asyncio.Task[None]) -> bool:
    """Whether the task ends without anything else happening."""
    for _ in range(5):
        await asyncio.sleep(0)
    return task.done()


def test_audio_comes_out_in_order_and_together() -> None:
    async def scenario() -> bytes:
        audio = queue()
        for block in (b"ab", b"cd", b"ef"):
            await audio.put(block)
        return await audio.take()

    assert asyncio.run(scenario()) == b"abcdef"


def test_a_waiting_take_returns_when_audio_comes() -> None:
    async def scenario() -> bytes:
        audio = queue()
        taker = asyncio.create_task(audio.take())
        await asyncio.sleep(0)
        await audio.put(b"ab")
        return await taker

    assert asyncio.run(scenario()) == b"ab"


def test_at_most_two_seconds_are_taken_at_once() -> None:
    async def scenario() -> list[bytes]:
        audio = queue()
        await audio.put(bytes(range(100)) * 50)
        return [await audio.take() for _ in range(3)]

    taken = asyncio.run(scenario())
    assert [len(block) for block in taken] == [2000, 2000, 1000]
    assert b"".join(taken) == bytes(range(100)) * 50


def test_a_caller_ahead_of_real_time_waits_at_five_seconds() -> None:
    async def scenario() -> tuple[bool, bool]:
        audio = queue()
        await audio.put(bytes(5000))
        putting = asyncio.create_task(audio.put(bytes(10)))
        waiting = not await settled(putting)
        await audio.take()
        return waiting, await settled(putting)

    assert asyncio.run(scenario()) == (True, True)


def test_a_caller_in_real_time_may_fill_the_whole_buffer_during_an_outage() -> None:
    async def scenario() -> int:
        clock = Clock()
        audio = queue(clock=clock)
        for _ in range(29):
            clock.now += 1
            await asyncio.wait_for(audio.put(bytes(1000)), 5)
        return audio.size

    assert asyncio.run(scenario()) == 29_000


def test_a_burst_after_a_stalled_network_waits_and_is_not_cut_off() -> None:
    async def scenario() -> int:
        clock = Clock()
        audio = queue(clock=clock)
        await audio.put(bytes(10))
        await audio.take()
        clock.now += 60
        putting = asyncio.create_task(audio.put(bytes(60_000)))
        taken = 0
        while taken < 60_000:
            taken += len(await audio.take())
            await asyncio.sleep(0)
        await putting
        return taken

    assert asyncio.run(scenario()) == 60_000


def test_audio_that_waits_too_long_closes_1011_and_is_never_dropped_silently() -> None:
    async def scenario() -> None:
        clock = Clock()
        audio = queue(seconds=3, clock=clock)
        for _ in range(10):
            await audio.put(bytes(1000))
            clock.now += 1

    with pytest.raises(CallRefused) as refused:
        asyncio.run(scenario())
    assert refused.value.code == 1011
    assert refused.value.reason == "audio would be lost: 3.0 s have waited 3 s to be recognised"


def test_a_caller_who_waits_for_a_recogniser_that_takes_nothing_is_refused() -> None:
    async def scenario() -> None:
        audio = AudioQueue(bytes_per_second=1000, seconds=0.05)
        await audio.put(bytes(1000))

    with pytest.raises(CallRefused, match="audio would be lost"):
        asyncio.run(scenario())

"""The two bounded queues of a call."""

from __future__ import annotations

import asyncio

import pytest

from providers.errors import CallRefused
from providers.transcriber.queues import AudioQueue, Outbox


def test_audio_comes_out_in_order_and_all_at_once() -> None:
    async def scenario() -> bytes:
        queue = AudioQueue(100)
        for block in (b"ab", b"cd", b"ef"):
            queue.put(block)
        return await queue.take()

    assert asyncio.run(scenario()) == b"abcdef"


def test_a_waiting_taker_is_woken() -> None:
    async def scenario() -> bytes:
        queue = AudioQueue(100)
        taker = asyncio.create_task(queue.take())
        await asyncio.sleep(0)
        queue.put(b"ab")
        return await taker

    assert asyncio.run(scenario()) == b"ab"


def test_audio_over_the_limit_closes_1011_and_is_never_dropped_silently() -> None:
    queue = AudioQueue(4)
    queue.put(b"abcd")
    with pytest.raises(CallRefused) as refused:
        queue.put(b"e")
    assert refused.value.code == 1011
    assert "audio would be lost" in refused.value.reason


def test_partials_replace_each_other_and_give_way_to_their_final() -> None:
    async def scenario() -> list[str]:
        outbox = Outbox()
        outbox.put_partial("customer", "one")
        outbox.put_partial("customer", "one two")
        outbox.put_partial("assistant", "hello")
        outbox.put_final("customer", "One two.")
        outbox.put_partial("customer", "three")
        outbox.put_final("assistant", "Hello.")
        return await outbox.take()

    assert asyncio.run(scenario()) == ["One two.", "Hello.", "three"]


def test_finals_are_never_dropped_and_too_many_close_1011() -> None:
    outbox = Outbox(limit=2)
    outbox.put_final("customer", "1")
    outbox.put_final("customer", "2")
    with pytest.raises(CallRefused, match="finals would be lost"):
        outbox.put_final("customer", "3")

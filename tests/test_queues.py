"""The bounded hand-over queue."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.queues import BoundedQueue


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 10))


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


def byte_queue(limit: int) -> BoundedQueue[bytes]:
    return BoundedQueue(limit, size_of=len)


def test_items_come_out_in_order_one_by_one_or_all_at_once() -> None:
    async def scenario() -> None:
        queue = byte_queue(100)
        for item in (b"a", b"bc", b"d"):
            await queue.put(item)
        assert queue.size == 4
        assert await queue.get() == b"a"
        assert await queue.get_all() == [b"bc", b"d"]
        assert queue.size == 0

    run(scenario())


def test_a_full_queue_makes_the_producer_wait_until_there_is_room() -> None:
    async def scenario() -> None:
        queue = byte_queue(4)
        await queue.put(b"abcd")
        waiting = asyncio.create_task(queue.put(b"e"))
        await settle()
        assert queue.full
        assert not waiting.done()
        assert await queue.get() == b"abcd"
        await waiting
        assert await queue.get() == b"e"

    run(scenario())


def test_one_item_may_exceed_the_bound() -> None:
    async def scenario() -> None:
        queue = byte_queue(4)
        await queue.put(b"abc")
        await queue.put(b"defgh")
        assert queue.size == 8
        assert queue.full

    run(scenario())


def test_the_consumer_waits_for_the_next_item() -> None:
    async def scenario() -> None:
        queue = byte_queue(4)
        waiting = asyncio.create_task(queue.get_all())
        await settle()
        queue.put_now(b"x")
        assert await waiting == [b"x"]

    run(scenario())


def test_the_end_comes_behind_the_last_item_and_stays() -> None:
    async def scenario() -> None:
        queue = byte_queue(4)
        queue.put_now(b"x")
        queue.end()
        assert [await queue.get(), await queue.get(), await queue.get()] == [b"x", None, None]
        assert await queue.get_all() == []

    run(scenario())


def test_the_end_wakes_a_waiting_consumer_and_a_waiting_producer() -> None:
    async def scenario() -> None:
        empty, full = byte_queue(4), byte_queue(1)
        full.put_now(b"x")
        consumer = asyncio.create_task(empty.get())
        producer = asyncio.create_task(full.put(b"y"))
        await settle()
        empty.end()
        full.end()
        assert await consumer is None
        await producer

    run(scenario())


def test_an_error_is_raised_once_behind_the_last_item() -> None:
    async def scenario() -> None:
        queue = byte_queue(4)
        queue.put_now(b"x")
        queue.end(ValueError("gone"))
        queue.end()
        assert await queue.get() == b"x"
        with pytest.raises(ValueError, match="gone"):
            await queue.get()
        assert await queue.get() is None

    run(scenario())


def test_a_closed_queue_holds_nothing_and_holds_up_nobody() -> None:
    async def scenario() -> None:
        queue = byte_queue(1)
        queue.put_now(b"x")
        waiting = asyncio.create_task(queue.put(b"y"))
        await settle()
        queue.end(ValueError("never read"))
        queue.close()
        await waiting
        queue.close()
        assert await queue.get() is None

    run(scenario())


def test_discarding_makes_room_for_a_waiting_producer() -> None:
    async def scenario() -> None:
        queue = byte_queue(4)
        queue.put_now(b"partial")
        queue.put_now(b"final")
        waiting = asyncio.create_task(queue.put(b"z"))
        await settle()
        assert queue.discard(lambda item: len(item) > 3) == 2
        await waiting
        assert await queue.get_all() == [b"z"]

    run(scenario())


def test_a_cancelled_get_loses_nothing() -> None:
    async def scenario() -> None:
        queue = byte_queue(4)
        waiting = asyncio.create_task(queue.get())
        await settle()
        queue.put_now(b"x")
        waiting.cancel()
        await asyncio.wait([waiting])
        assert await queue.get() == b"x"

    run(scenario())


def test_a_cancelled_put_adds_nothing() -> None:
    async def scenario() -> None:
        queue = byte_queue(1)
        queue.put_now(b"x")
        waiting = asyncio.create_task(queue.put(b"y"))
        await settle()
        waiting.cancel()
        await asyncio.wait([waiting])
        assert await queue.get_all() == [b"x"]
        assert queue.size == 0

    run(scenario())


def test_a_limit_that_would_never_let_anything_in_is_refused() -> None:
    with pytest.raises(ValueError, match="limit: expected at least 1, found 0"):
        byte_queue(0)


@given(st.lists(st.binary(min_size=1, max_size=9)), st.integers(1, 20), st.lists(st.booleans(), max_size=30))
def test_nothing_is_lost_doubled_or_reordered_and_the_bound_holds(
    items: list[bytes], limit: int, one_by_one: list[bool]
) -> None:
    async def scenario() -> None:
        queue = byte_queue(limit)

        async def produce() -> None:
            for item in items:
                await queue.put(item)
                assert queue.size < limit + 9
            queue.end()

        producer = asyncio.create_task(produce())
        taken: list[bytes] = []
        for single in one_by_one:
            taken += [item for item in [await queue.get()] if item] if single else await queue.get_all()
        while rest := await queue.get_all():
            taken += rest
        await producer
        assert taken == items

    run(scenario())

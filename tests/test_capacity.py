"""`CapacityLimiter`: places, the queue in front of them, and what is never lost."""

from __future__ import annotations

import asyncio
import random

import pytest

from providers.capacity import CapacityLimiter, Place


class Full(Exception):
    """The limiter's error in these tests; its argument is the limit."""


def limiter(limit: int | None, *, queue: int = 0, patience: float | None = None) -> CapacityLimiter:
    return CapacityLimiter(limit, error=Full, queue=queue, patience=patience)


def test_the_limit_is_kept_and_told() -> None:
    places = limiter(2)
    with places.take(), places.take():
        assert places.active == 2
        with pytest.raises(Full) as refused:
            places.take()
        assert refused.value.args == (2,)
    assert places.active == 0


def test_no_limit_refuses_nothing() -> None:
    places = limiter(None)
    held = [places.take() for _ in range(1000)]
    assert places.active == len(held)


def test_a_place_released_twice_counts_once() -> None:
    places = limiter(2)
    place = places.take()
    other = places.take()
    place.release()
    place.release()
    assert places.active == 1
    other.release()
    assert places.active == 0


def test_a_place_outlives_its_task_until_it_is_released() -> None:
    async def scenario() -> None:
        places = limiter(1)

        async def hold() -> Place:
            return places.take()

        place = await asyncio.create_task(hold())
        with pytest.raises(Full):
            places.take()
        place.release()
        places.take()

    asyncio.run(scenario())


def test_waiting_callers_come_in_order_and_a_newcomer_does_not_overtake() -> None:
    async def scenario() -> None:
        places = limiter(1, queue=3)
        held = places.take()
        order: list[int] = []

        async def one(number: int) -> None:
            with await places.wait():
                order.append(number)

        tasks = [asyncio.create_task(one(number)) for number in range(3)]
        await asyncio.sleep(0)
        assert places.waiting == 3
        with pytest.raises(Full):
            await places.wait()
        held.release()
        with pytest.raises(Full):
            places.take()
        await asyncio.gather(*tasks)
        assert order == [0, 1, 2]
        assert (places.active, places.waiting) == (0, 0)

    asyncio.run(scenario())


def test_patience_ends_the_wait() -> None:
    async def scenario() -> None:
        places = limiter(1, queue=1, patience=0.01)
        with places.take():
            with pytest.raises(Full):
                await places.wait()
            assert places.waiting == 0
        places.take()

    asyncio.run(scenario())


def test_a_place_handed_to_a_cancelled_caller_goes_on_to_the_next() -> None:
    async def scenario() -> None:
        places = limiter(1, queue=2)
        held = places.take()
        first = asyncio.create_task(places.wait())
        second = asyncio.create_task(places.wait())
        await asyncio.sleep(0)
        held.release()  # the first has its place, and is cancelled before it runs
        first.cancel()
        place = await second
        assert first.cancelled()
        assert places.active == 1
        place.release()
        assert places.active == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("seed", range(20))
def test_no_place_is_lost_whoever_is_cancelled_when(seed: int) -> None:
    async def scenario() -> None:
        chance = random.Random(seed)
        places = limiter(3, queue=8, patience=0.005)
        most = 0

        async def one() -> None:
            nonlocal most
            try:
                place = await places.wait()
            except Full:
                return
            with place:
                most = max(most, places.active)
                await asyncio.sleep(chance.choice((0, 0, 0.001, 0.004)))

        tasks = []
        for _ in range(200):
            tasks.append(asyncio.create_task(one()))
            if chance.random() < 0.3:
                chance.choice(tasks).cancel()
            if chance.random() < 0.5:
                await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert most == 3
        assert (places.active, places.waiting) == (0, 0)

    asyncio.run(scenario())

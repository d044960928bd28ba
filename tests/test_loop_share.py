"""Fair shares of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from providers.loop_share import LoopShare


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 10))


class Turns:
    """Counts the turns of the loop, and the work that was done in each."""

    def __init__(self) -> None:
        self.work: list[float] = [0.0]
        asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self.work.append(0.0)
        asyncio.get_running_loop().call_soon(self._next)

    def add(self, work: float) -> None:
        self.work[-1] += work


def test_many_requests_do_no_more_in_one_turn_than_the_allowance() -> None:
    async def scenario() -> None:
        share, turns = LoopShare(4.0), Turns()

        async def request() -> None:
            for _ in range(5):
                await share.spend(1.0)
                turns.add(1.0)
                await asyncio.sleep(0)

        await asyncio.gather(*(request() for _ in range(50)))
        # The second half of an allowance may be used right after it was renewed.
        assert max(turns.work) <= 2 * 4.0
        assert sum(turns.work) == 250

    run(scenario())


def test_work_within_the_allowance_waits_for_nothing() -> None:
    async def scenario() -> None:
        share, turns = LoopShare(4.0), Turns()
        for _ in range(4):
            await share.spend(1.0)
        assert len(turns.work) == 1

    run(scenario())


def test_work_of_more_than_a_turn_is_done_all_the_same() -> None:
    async def scenario() -> None:
        share = LoopShare(4.0)
        for _ in range(3):
            await share.spend(100.0)

    run(scenario())


def test_a_caller_that_has_heard_nothing_is_served_before_those_that_have() -> None:
    async def scenario() -> None:
        share, order = LoopShare(1.0), list[str]()

        async def spend(name: str, *, urgent: bool) -> None:
            await share.spend(1.0, urgent=urgent)
            order.append(name)

        await asyncio.gather(
            spend("first", urgent=False),
            spend("heard", urgent=False),
            spend("heard too", urgent=False),
            spend("new", urgent=True),
        )
        assert order == ["first", "new", "heard", "heard too"]

    run(scenario())


def test_a_caller_that_hangs_up_while_it_waits_takes_nobodys_turn() -> None:
    async def scenario() -> None:
        share = LoopShare(1.0)
        await share.spend(1.0)
        gone = asyncio.create_task(share.spend(1.0))
        waits = asyncio.create_task(share.spend(1.0))
        await asyncio.sleep(0)
        gone.cancel()
        await waits
        await share.spend(1.0)

    run(scenario())

"""The loop whose clock jumps."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.virtual_time import run_virtual, virtual_clock


def test_an_hour_takes_a_moment() -> None:
    async def scenario() -> float:
        await asyncio.sleep(3600.0)
        return virtual_clock()

    began = time.monotonic()
    assert run_virtual(scenario()) == pytest.approx(3600.0)
    assert time.monotonic() - began < 60.0


def test_timers_fire_in_order_and_time_outs_are_exact() -> None:
    async def scenario() -> list[float]:
        fired: list[float] = []

        async def at(moment: float) -> None:
            await asyncio.sleep(moment)
            fired.append(virtual_clock())

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5), asyncio.TaskGroup() as group:
                for moment in (3.0, 1.0, 2.0):
                    group.create_task(at(moment))
        return fired

    assert run_virtual(scenario()) == [pytest.approx(1.0), pytest.approx(2.0)]


def test_a_wait_that_nothing_can_end_is_an_error_and_not_a_hang() -> None:
    async def scenario() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="every task waits"):
        run_virtual(scenario())

"""Coroutines side by side: the first end is the end of all, and its error is raised itself."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import NoReturn

import pytest

from providers.tasks import run_beside


class Fault(Exception):
    pass


async def forever(ended: list[str]) -> NoReturn:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("cancelled")
    raise AssertionError


async def failing() -> NoReturn:
    await asyncio.sleep(0)
    raise Fault


def test_the_end_of_the_main_coroutine_cancels_the_others() -> None:
    ended: list[str] = []
    asyncio.run(run_beside(asyncio.sleep(0.001), forever(ended), forever(ended)))
    assert ended == ["cancelled", "cancelled"]


def test_an_error_of_any_ends_all_and_is_raised_itself() -> None:
    for order in (1, -1):
        ended: list[str] = []
        main, beside = [forever(ended), failing()][::order]
        with pytest.raises(Fault):
            asyncio.run(run_beside(main, beside))
        assert ended == ["cancelled"]


def test_main_runs_in_the_callers_task() -> None:
    async def scenario() -> bool:
        seen: list[asyncio.Task[None] | None] = []

        async def main() -> None:
            await asyncio.sleep(0)
            seen.append(asyncio.current_task())

        await run_beside(main(), forever([]))
        return seen == [asyncio.current_task()]

    assert asyncio.run(scenario())


def test_cancelling_the_caller_cancels_all() -> None:
    async def scenario() -> list[str]:
        ended: list[str] = []
        task = asyncio.create_task(run_beside(forever(ended), forever(ended)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return ended

    assert asyncio.run(scenario()) == ["cancelled", "cancelled"]


def test_a_raised_error_is_kept_alive_by_nothing() -> None:
    async def scenario() -> weakref.ref[Fault]:
        try:
            await run_beside(forever([]), failing())
        except Fault as error:
            return weakref.ref(error)
        raise AssertionError

    gc.disable()
    try:
        assert asyncio.run(scenario())() is None
    finally:
        gc.enable()

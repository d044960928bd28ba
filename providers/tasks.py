"""Task ownership: tasks that start together and end together."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn


async def until_first(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run coroutines side by side until one of them ends; cancel the others, wait for them, raise what ended it.

    Unlike a task group it raises the error itself, not a group of one, and it also ends when one simply returns.
    """
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    try:
        for task in ended:
            task.result()
    finally:
        # The error's traceback holds this frame and a task holds the error: a cycle that would keep all that the error
        # refers to, audio included, until the next full garbage collection.
        del task, tasks, ended


async def run_beside(main: Coroutine[Any, Any, None], *background: Coroutine[Any, Any, NoReturn]) -> None:
    """Run ``main`` in the calling task, with background coroutines that never return beside it.

    When ``main`` ends, or any of them raises, the others are cancelled and waited for, and the error is raised itself,
    not in a group. It costs one task for each background coroutine and none for ``main``.
    """
    ended = await _interruptible(main, [asyncio.create_task(coroutine) for coroutine in background])
    try:
        while ended:
            ended.pop().result()
    finally:
        del ended  # see above


async def _interruptible(
    main: Coroutine[Any, Any, None], tasks: list[asyncio.Task[NoReturn]]
) -> list[asyncio.Task[NoReturn]]:
    """Run ``main`` until it or one of the tasks ends, cancel the other tasks, wait for them; returns what ended."""
    owner = asyncio.current_task()
    assert owner is not None
    interrupted = False

    def interrupt(task: asyncio.Task[NoReturn]) -> None:
        nonlocal interrupted
        if not interrupted:
            interrupted = True
            owner.cancel()

    for task in tasks:
        task.add_done_callback(interrupt)
    try:
        await main
    except asyncio.CancelledError:
        if not interrupted or owner.uncancel():
            raise
    finally:
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.remove_done_callback(interrupt)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return ended

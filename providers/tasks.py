"""Task ownership: tasks that start together and end together."""

from __future__ import annotations

import asyncio
import contextlib
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

    When ``main`` ends, or any of them raises, the others are cancelled and waited for, and the first error is raised
    itself, not in a group. It costs one task for each background coroutine and none for ``main``.
    """
    errors: list[Exception] = []

    with contextlib.suppress(BaseExceptionGroup):  # its first error is raised below
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_noted(coroutine, errors)) for coroutine in background]
            await _noted(main, errors)
            for task in tasks:
                task.cancel()
    try:
        if errors:
            raise errors[0]
    finally:
        del task, tasks, errors, group  # as above


async def _noted(coroutine: Coroutine[Any, Any, None], errors: list[Exception]) -> None:
    """Run a coroutine and add the error that it ends with."""
    try:
        await coroutine
    except Exception as error:
        errors.append(error)
        raise

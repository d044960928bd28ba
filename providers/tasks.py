"""Task ownership: tasks that start together and end together."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


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

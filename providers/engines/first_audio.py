"""Wait for the first audible audio of a stream; the items before it are held back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from providers.errors import EngineError

__all__ = ["until_audible"]

T = TypeVar("T")


async def until_audible(
    following: Callable[[], Awaitable[T | None]], audible: Callable[[T], bool], *, within: float, engine: str = ""
) -> list[T]:
    """Items of a stream up to and including the first audible one; all of them when none is.

    Parameters
    ----------
    following
        Waits for the next item; None is the end.
    audible
        Called once for each item, in order.
    within
        Seconds.
    engine
        Name for the error.

    Raises
    ------
    EngineError
        Neither an audible item nor the end came in time.
    """
    held: list[T] = []
    try:
        async with asyncio.timeout(within):
            while (item := await following()) is not None:
                held.append(item)
                if audible(item):
                    break
    except TimeoutError:
        raise EngineError(f"first audio: expected within {within:g} s, found none", engine=engine) from None
    return held

"""Garbage collection while no caller is served.

The server's collections are rare, because each one stalls every caller (see `providers.server`). What reference cycles
hold is freed here instead, while no caller is on the line.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

__all__ = ["collect_when_idle"]

PERIOD = 10.0
"""Seconds between two looks."""


async def collect_when_idle(
    busy: Callable[[], bool],
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    collect: Callable[[], object] = gc.collect,
) -> None:
    """Collect all generations every ten seconds in which no caller is served, until cancelled.

    Parameters
    ----------
    busy
        Whether a caller is served now.
    """
    while True:
        await sleep(PERIOD)
        if not busy():
            collect()

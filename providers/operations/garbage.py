"""Garbage collection while no caller is served.

The server's collections are rare, because each one stalls every caller (see `providers.server`). What reference cycles
hold is freed here instead, while no caller is on the line, and the system gets back what a busy hour had needed.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
from collections.abc import Awaitable, Callable

__all__ = ["collect_and_release", "collect_when_idle"]

PERIOD = 10.0
"""Seconds between two looks."""


async def collect_when_idle(
    busy: Callable[[], bool],
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    collect: Callable[[], object] | None = None,
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
            (collect or collect_and_release)()


def collect_and_release() -> None:
    """Collect all generations, and give free memory back to the system.

    The C library keeps what was freed between blocks that are in use: after a burst of calls that is more than what the
    server holds.
    """
    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)

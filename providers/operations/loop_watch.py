"""Watch over the event loop: how late it is, and how much of a processor it uses."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

__all__ = ["PERIOD", "WINDOW", "LoopLoad", "watch"]

PERIOD = 0.05
"""Seconds between two looks."""
WINDOW = 2.0
"""Seconds that are remembered."""
_QUANTILE = 0.95


@dataclass(frozen=True, slots=True)
class _Look:
    at: float
    late: float
    """Seconds."""
    worked: float
    """Processor time of the loop's thread so far, s."""


class LoopLoad:
    """Lateness and work of the loop in the last two seconds."""

    def __init__(self) -> None:
        self._looks: deque[_Look] = deque()

    def add(self, at: float, late: float, worked: float) -> None:
        """Take one look: the time, how late it was, and the processor time of the loop's thread so far."""
        self._looks.append(_Look(at, max(0.0, late), worked))
        # Two looks are kept however old they are: a loop that is held for seconds gives no more.
        while len(self._looks) > 2 and self._looks[0].at < at - WINDOW:
            self._looks.popleft()

    @property
    def lag(self) -> float:
        """Seconds that the loop was late, 95th percentile; one late look alone does not count.

        0 until a second of it is known.
        """
        if self._passed < WINDOW / 2:
            return 0.0
        late = sorted(look.late for look in self._looks)
        return late[min(int(_QUANTILE * len(late)), len(late) - 2)]

    @property
    def share(self) -> float:
        """Part of one processor that the loop's thread used, 0 to 1; 0 until a second of it is known."""
        if self._passed < WINDOW / 2:
            return 0.0
        return min(1.0, (self._looks[-1].worked - self._looks[0].worked) / self._passed)

    @property
    def _passed(self) -> float:
        """Seconds between the first look and the last one."""
        return self._looks[-1].at - self._looks[0].at if self._looks else 0.0


async def watch(
    load: LoopLoad,
    looked: Callable[[float], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    worked: Callable[[], float] = time.thread_time,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Look at the loop 20 times a second until cancelled.

    Parameters
    ----------
    looked
        Called after each look with the seconds that the loop was late.
    """
    while True:
        due = clock() + PERIOD
        await sleep(PERIOD)
        now = clock()
        load.add(now, now - due, worked())
        looked(max(0.0, now - due))

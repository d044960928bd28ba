"""Fair shares of the event loop: how much work all requests together do before others are served."""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["LoopShare"]

_PER_TURN = 4.0
"""Milliseconds of estimated work in one turn of the loop: a fifth of the 20 ms that a frame of audio lasts."""


class LoopShare:
    """Allowance of work for each turn of the event loop, first come, first served.

    A request that yields to the loop between two blocks stalls no other. A hundred such requests do, because they
    are all served in the same turn. Work is counted in estimated milliseconds, so that no clock has to be read.
    """

    def __init__(self, per_turn: float = _PER_TURN) -> None:
        self._per_turn = per_turn
        self._left = per_turn
        self._renewing = False
        self._urgent: deque[tuple[asyncio.Future[None], float]] = deque()
        self._waiting: deque[tuple[asyncio.Future[None], float]] = deque()

    async def spend(self, work: float, *, urgent: bool = False) -> None:
        """Wait for a turn of the loop in which there is room for this work; at once when there is.

        Parameters
        ----------
        work
            Milliseconds, estimated. More than one turn's allowance takes a whole turn.
        urgent
            Whether a caller has heard nothing yet: served before those who have.
        """
        if self._left > 0 and not self._urgent and (urgent or not self._waiting):
            self._take(work)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._urgent if urgent else self._waiting).append((turn, work))
        await turn

    def _take(self, work: float) -> None:
        self._left -= work
        if not self._renewing:
            self._renewing = True
            asyncio.get_running_loop().call_soon(self._renew)

    def _renew(self) -> None:
        """The loop's next turn: serve those who wait."""
        self._left, self._renewing = self._per_turn, False
        while self._left > 0 and (queue := self._urgent or self._waiting):
            turn, work = queue.popleft()
            if not turn.done():  # a caller that hung up takes nothing
                turn.set_result(None)
                self._take(work)

"""Followers of a call: its events as they come, for ``/api/calls/{id}/events``."""

from __future__ import annotations

import asyncio
from collections import deque

from providers.calls.events import CallEvent

__all__ = ["Follower"]

_MOST_WAITING = 500
"""Events that wait for a slow reader; then the oldest are left out, and their number is told."""


class Follower:
    """One reader's queue of a call's events. It never slows the call down."""

    def __init__(self) -> None:
        self.missed = 0
        """Events left out since the last look."""
        self._waiting: deque[CallEvent] = deque()
        self._arrived = asyncio.Event()

    def put(self, event: CallEvent) -> None:
        """Take in an event."""
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting.popleft()
            self.missed += 1
        self._waiting.append(event)
        self._arrived.set()

    def wake(self) -> None:
        """Let `take` return at once."""
        self._arrived.set()

    async def take(self, *, within: float) -> list[CallEvent]:
        """The events that wait; empty when none came within so many seconds."""
        if not self._waiting:
            self._arrived.clear()
            try:
                async with asyncio.timeout(within):
                    await self._arrived.wait()
            except TimeoutError:
                return []
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

"""Transcripts on their way to one reader: partials replace each other, finals never go."""

from __future__ import annotations

import asyncio
from collections import deque

from providers.engines.base import Transcript

__all__ = ["Outbox"]

_WAITING = 256
"""Transcripts that may wait for their reader; partials replace each other, so these are finals."""


class Outbox:
    """One producer, one consumer; bounded, because the producer waits."""

    def __init__(self) -> None:
        self._waiting: deque[Transcript] = deque()
        self._changed = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None

    async def put(self, transcript: Transcript) -> None:
        self.put_now(transcript)
        while len(self._waiting) > _WAITING and not self._ended:
            self._changed.clear()
            await self._changed.wait()

    def put_now(self, transcript: Transcript) -> None:
        stale = [old for old in self._waiting if not old.final and old.channel == transcript.channel]
        for old in stale:
            self._waiting.remove(old)
        self._waiting.append(transcript)
        self._changed.set()

    def end(self, error: Exception | None) -> None:
        self._ended, self._error = True, error
        self._changed.set()

    async def get(self) -> Transcript:
        while not self._waiting:
            if self._ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        self._changed.set()
        return self._waiting.popleft()

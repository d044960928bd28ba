"""Does an engine owe a transcript for the speech it was given?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from providers.reconnect.speech_meter import SpeechMeter

__all__ = ["ResponseWatchdog"]


class ResponseWatchdog:
    """Counts the speech an engine was given since it last said something.

    Parameters
    ----------
    enough
        Seconds of speech that deserve an answer.
    """

    def __init__(self, rate: int, channels: int, *, enough: float, clock: Callable[[], float]) -> None:
        self._loudness = SpeechMeter(rate, channels)
        self._enough = enough
        self._clock = clock
        self._owes = asyncio.Event()
        self._since = 0.0
        self.ever = False
        """It has said something."""
        self.asked_to_finish = False
        """It may end when it has said everything."""

    def fed(self, pcm: bytes) -> None:
        self._loudness.feed(pcm)
        if self._loudness.speech >= self._enough and not self._owes.is_set():
            self._since = self._clock()
            self._owes.set()

    def heard(self) -> None:
        self.ever = True
        self._loudness.heard()
        self._owes.clear()

    async def overdue(self, wait: Callable[[], float]) -> float:
        """Return, with the wait that ran out, once speech got no transcript in time."""
        while True:
            await self._owes.wait()
            since, limit = self._since, wait()
            await asyncio.sleep(max(0.0, since + limit - self._clock()))
            if self._owes.is_set() and self._since == since:
                return limit

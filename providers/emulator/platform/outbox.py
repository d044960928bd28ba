"""What goes out on a socket: audio that may be late and words that may not be lost, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

_AUDIO_FRAMES = 50
"""Frames that wait for a client that does not read: one second; older ones are dropped, as on a telephone line."""
_TEXTS = 2000
"""Messages that wait for a client that does not read."""


class Outbox:
    """A queue between the clock of a call and the pace of a client."""

    def __init__(self) -> None:
        self._waiting: deque[bytes | str] = deque()
        self._audio = 0
        self._news = asyncio.Event()
        self._closing = False
        self.dropped = 0
        """Frames of audio that were dropped because the client was slow."""

    def audio(self, frame: bytes) -> None:
        """Queue a frame; the oldest makes room."""
        if self._audio >= _AUDIO_FRAMES:
            self._waiting.remove(next(each for each in self._waiting if isinstance(each, bytes)))
            self._audio -= 1
            self.dropped += 1
        self._audio += 1
        self._put(frame)

    def text(self, message: str) -> None:
        """Queue a message."""
        if len(self._waiting) - self._audio < _TEXTS:
            self._put(message)

    def silence(self) -> None:
        """Drop the audio that has not gone out."""
        self._waiting = deque(each for each in self._waiting if isinstance(each, str))
        self._audio = 0

    def close(self) -> None:
        """Nothing more comes: `drain` ends when all is out."""
        self._closing = True
        self._news.set()

    async def drain(self, send: Callable[[bytes | str], Awaitable[None]], *, longest: float) -> None:
        """Send what is queued, until `close`.

        Raises
        ------
        TimeoutError
            The client has read nothing for ``longest`` seconds.
        """
        while True:
            while self._waiting:
                item = self._waiting.popleft()
                self._audio -= isinstance(item, bytes)
                async with asyncio.timeout(longest):
                    await send(item)
            if self._closing:
                return
            self._news.clear()
            await self._news.wait()

    def _put(self, item: bytes | str) -> None:
        if not self._closing:
            self._waiting.append(item)
            self._news.set()

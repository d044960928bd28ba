"""Bounded queue of a call's audio, between the socket and the recogniser.

`take` returns all audio that waits: a recogniser that is late catches up in few steps, and the cost per frame falls as
the load rises.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from providers.errors import CallRefused
from providers.transcriber.arrivals import Arrivals
from providers.transcriber.wire import INTERNAL_ERROR

_TAKE_SECONDS = 2.0
"""Seconds of the longest run handed over at once; a recogniser's work on it blocks the loop for a few milliseconds."""
_AHEAD_SECONDS = 5.0
"""Seconds of audio that may wait while the caller is ahead of real time, such as one who sends a file."""

_JITTER_SECONDS = 2.0
"""Seconds that a live caller may be ahead: the length of its frames, and the gain of its clock in an hour."""


class AudioQueue:
    """PCM in order, bounded in bytes; nothing is dropped.

    A caller ahead of real time waits in `put` once five seconds are in the queue, any other caller when the queue is
    full. Audio that has waited longer than ``seconds`` ends the call: the recogniser does not keep up.

    Parameters
    ----------
    bytes_per_second
        Bytes per second of the call's PCM.
    seconds
        Seconds of audio that may wait, and seconds that it may wait.
    clock
        Seconds, monotonic.
    """

    def __init__(self, *, bytes_per_second: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._bytes_per_second = bytes_per_second
        self._seconds = seconds
        self._clock = clock
        self._blocks: deque[tuple[float, bytes | memoryview]] = deque()
        """Blocks with their times of arrival."""
        self._size = 0
        self._received = 0
        self._begun: float | None = None
        self.arrivals = Arrivals(bytes_per_second, clock)
        self._ended = False
        self._arrival: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    @property
    def size(self) -> int:
        """Bytes waiting."""
        return self._size

    @property
    def seconds(self) -> float:
        """Seconds of audio waiting."""
        return self._size / self._bytes_per_second

    @property
    def ahead(self) -> float:
        """Seconds that the caller is ahead of real time, 0 for one that is late."""
        if self._begun is None:
            return 0.0
        return max(0.0, self._received / self._bytes_per_second - (self._clock() - self._begun))

    async def put(self, pcm: bytes) -> None:
        """Add a block, then wait until there is room for another.

        Raises
        ------
        CallRefused
            Audio has waited too long for the recogniser.
        """
        if self._ended:
            return
        now = self._clock()
        if self._begun is None:
            self._begun = now
        self._check_age(now)
        self._blocks.append((now, pcm))
        self._size += len(pcm)
        self._received += len(pcm)
        if self._received >= self.arrivals.due:
            self.arrivals.note(self._received, now)
        _wake(self._arrival)
        while self._size > self._limit():
            self._room = asyncio.get_running_loop().create_future()
            await asyncio.wait((self._room,), timeout=self._blocks[0][0] + self._seconds - self._clock())
            self._check_age(self._clock())

    def end(self) -> None:
        """Take no more audio: what comes now is dropped."""
        self._ended = True
        _wake(self._arrival)

    async def take(self) -> bytes:
        """The audio that waits, at least one block or a part of it, at most two seconds; none at the end."""
        while not self._blocks:
            if self._ended:
                return b""
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        blocks, size, most = [], 0, int(_TAKE_SECONDS * self._bytes_per_second)
        while self._blocks and size < most:
            came, block = self._blocks.popleft()
            if len(block) > most - size:
                rest = memoryview(block)[most - size :]
                self._blocks.appendleft((came, rest))
                block = memoryview(block)[: most - size]
            blocks.append(block)
            size += len(block)
        self._size -= size
        _wake(self._room)
        return bytes(blocks[0]) if len(blocks) == 1 else b"".join(blocks)

    def _limit(self) -> float:
        """Number of bytes that may wait now."""
        fast = self.ahead > _JITTER_SECONDS
        return (min(self._seconds, _AHEAD_SECONDS) if fast else self._seconds) * self._bytes_per_second

    def _check_age(self, now: float) -> None:
        if self._blocks and now - self._blocks[0][0] >= self._seconds:
            seconds = self._size / self._bytes_per_second
            raise CallRefused(
                INTERNAL_ERROR, f"audio would be lost: {seconds:.1f} s have waited {self._seconds:g} s to be recognised"
            )


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)

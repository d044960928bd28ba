"""The two bounded queues of a call: audio on its way to the recogniser, transcripts on their way to the caller.

Both hand over everything they hold at once: a consumer that fell behind catches up in one step, and the price per frame
falls as the load rises.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable

from providers.errors import CallRefused
from providers.transcriber.wire import INTERNAL_ERROR


class AudioQueue:
    """PCM in order, bounded in bytes; never drops silently.

    Parameters
    ----------
    limit
        Bytes that may wait.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._blocks: list[bytes] = []
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None

    @property
    def size(self) -> int:
        """Bytes waiting."""
        return self._size

    def put(self, pcm: bytes) -> None:
        """Add a block.

        Raises
        ------
        CallRefused
            The recogniser fell so far behind that audio would be lost.
        """
        self._size += len(pcm)
        if self._size > self._limit:
            raise CallRefused(INTERNAL_ERROR, f"audio would be lost: {self._size} bytes wait for the recogniser")
        self._blocks.append(pcm)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def take(self) -> bytes:
        """Everything that waits, at least one block."""
        while not self._blocks:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        blocks, self._blocks = self._blocks, []
        self._size = 0
        return blocks[0] if len(blocks) == 1 else b"".join(blocks)


class Outbox:
    """Messages to the caller, in order; under pressure partials give way, finals never.

    A partial replaces an unsent partial of the same speaker, and a final takes it away.

    Parameters
    ----------
    limit
        Finals that may wait for a caller who does not read.
    """

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._finals: deque[str] = deque()
        self._partials: dict[Hashable, str] = {}
        self._waiter: asyncio.Future[None] | None = None

    def put_partial(self, speaker: Hashable, message: str) -> None:
        """Offer a partial; it may never be sent if a newer one comes first."""
        self._partials[speaker] = message
        self._wake()

    def put_final(self, speaker: Hashable, message: str) -> None:
        """Add a final.

        Raises
        ------
        CallRefused
            The caller has not read for so long that a final would be lost.
        """
        if len(self._finals) >= self._limit:
            raise CallRefused(INTERNAL_ERROR, f"finals would be lost: {len(self._finals)} wait for the caller to read")
        self._partials.pop(speaker, None)
        self._finals.append(message)
        self._wake()

    async def take(self) -> list[str]:
        """Everything that waits, finals first, at least one message."""
        while not self._finals and not self._partials:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        messages = [*self._finals, *self._partials.values()]
        self._finals.clear()
        self._partials.clear()
        return messages

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

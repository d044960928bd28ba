"""Bounded hand-over between one producer and one consumer on the same loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["BoundedQueue"]

T = TypeVar("T")


class BoundedQueue(Generic[T]):
    """Items in order, bounded by the sum of their sizes, with an end and an error to hand over.

    `put` waits while the queue is full, so that the producer's own source is slowed down. One item may exceed the
    bound, because it is only known once it is there. `get` and `get_all` wait while the queue is empty.

    Parameters
    ----------
    limit
        Sum of sizes from which on the queue is full.
    size_of
        Size of one item; without it every item counts as one.
    """

    def __init__(self, limit: int, *, size_of: Callable[[T], int] = lambda item: 1) -> None:
        if limit < 1:
            raise ValueError(f"limit: expected at least 1, found {limit}")
        self._limit = limit
        self._size_of = size_of
        self._items: deque[T] = deque()
        self._size = 0
        self._ended = False
        self._error: Exception | None = None
        self._consumer: asyncio.Future[None] | None = None
        self._producer: asyncio.Future[None] | None = None

    @property
    def size(self) -> int:
        """Sum of the sizes of what waits."""
        return self._size

    @property
    def full(self) -> bool:
        """Whether `put` would wait."""
        return self._size >= self._limit and not self._ended

    def put_now(self, item: T) -> None:
        """Add an item at once, above the bound too: for a producer that cannot wait or has looked at `full`."""
        self._items.append(item)
        self._size += self._size_of(item)
        _wake(self._consumer)

    async def put(self, item: T) -> None:
        """Add an item, once there is room."""
        while self.full:
            self._producer = asyncio.get_running_loop().create_future()
            await self._producer
        self.put_now(item)

    def discard(self, stale: Callable[[T], bool]) -> int:
        """Take out every waiting item that ``stale`` names; returns how many."""
        kept = deque(item for item in self._items if not stale(item))
        removed = len(self._items) - len(kept)
        if removed:
            self._items = kept
            self._size = sum(map(self._size_of, kept))
            self._made_room()
        return removed

    def end(self, error: Exception | None = None) -> None:
        """Say that no more items come; ``error`` is raised to the consumer, once, behind the last item."""
        if not self._ended:
            self._ended, self._error = True, error
        _wake(self._consumer)
        _wake(self._producer)

    def close(self) -> None:
        """Drop what waits: the consumer is gone. A producer that still puts does not wait."""
        self._items.clear()
        self._size = 0
        self._ended, self._error = True, None
        _wake(self._producer)

    async def get(self) -> T | None:
        """Take the next item; None after the last.

        Raises
        ------
        Exception
            What the producer handed over with `end`.
        """
        await self._filled()
        if not self._items:
            return None
        item = self._items.popleft()
        self._size -= self._size_of(item)
        self._made_room()
        return item

    async def get_all(self) -> list[T]:
        """Take everything that waits, at least one item; empty after the last: a consumer that fell behind catches up.

        Raises
        ------
        Exception
            What the producer handed over with `end`.
        """
        await self._filled()
        items = list(self._items)
        self._items.clear()
        self._size = 0
        self._made_room()
        return items

    async def _filled(self) -> None:
        while not self._items:
            if self._ended:
                error, self._error = self._error, None
                if error is None:
                    return
                try:
                    raise error
                finally:
                    del error  # its traceback holds this frame
            self._consumer = asyncio.get_running_loop().create_future()
            await self._consumer

    def _made_room(self) -> None:
        if not self.full:
            _wake(self._producer)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)

"""Limit on what runs at once, with a bounded queue in front: calls, voice requests, recognitions, sentences.

A place is held until it is released, not until its task ends: work that goes on in a thread after the caller has hung
up keeps its place for as long as it really runs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType


class CapacityLimiter:
    """Counter with a ceiling, for one event loop.

    Parameters
    ----------
    limit
        Places; None is no limit.
    error
        Makes the exception that is raised when no place is free. It is given the limit.
    queue
        Callers that may wait in `wait`, first come, first served; the next one is refused at once.
    patience
        Seconds that a caller waits in `wait` before it is refused; None waits without an end.
    """

    def __init__(
        self,
        limit: int | None,
        *,
        error: Callable[[int], Exception],
        queue: int = 0,
        patience: float | None = None,
    ) -> None:
        self.limit = limit
        self._error = error
        self._queue = queue
        self._patience = patience
        self._active = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def active(self) -> int:
        """Places that are held."""
        return self._active

    @property
    def waiting(self) -> int:
        """Callers in the queue."""
        return len(self._waiting)

    def take(self) -> Place:
        """A place at once; raises the limiter's error when none is free.

        The place is a context manager. `Place.release` gives it back at another time.
        """
        if self._full:
            raise self._refusal()
        self._active += 1
        return Place(self)

    async def wait(self) -> Place:
        """A place, now or after a wait; raises the limiter's error when the queue is full or patience ends."""
        if not self._full:
            return self.take()
        if len(self._waiting) >= self._queue:
            raise self._refusal()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except BaseException as error:
            self._leave(turn)
            if isinstance(error, TimeoutError):
                raise self._refusal() from None
            raise
        return Place(self)

    @property
    def _full(self) -> bool:
        return self.limit is not None and (self._active >= self.limit or bool(self._waiting))

    def _refusal(self) -> Exception:
        assert self.limit is not None
        return self._error(self.limit)

    def _leave(self, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self._release()  # the place came in the same moment: it goes to the next one
        elif turn in self._waiting:
            self._waiting.remove(turn)

    def _release(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)  # the place changes hands, the count stays
                return
        self._active -= 1


class Place:
    """One place of a limiter; releasing it twice does nothing."""

    def __init__(self, limiter: CapacityLimiter) -> None:
        self._limiter: CapacityLimiter | None = limiter

    def release(self) -> None:
        """Give the place back, to the first in the queue when there is one."""
        limiter, self._limiter = self._limiter, None
        if limiter is not None:
            limiter._release()

    def __enter__(self) -> Place:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()

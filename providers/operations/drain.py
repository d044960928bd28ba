"""Drain: the end of a server that takes no new calls and lets its own end by themselves.

::

    SERVING ──begin()──► DRAINING ──notice over, no call and no answer left──► DRAINED
                            │                                                     ▲
                            └──deadline, or hurry()──► ENDING ────────────────────┘

While DRAINING new calls are refused, and voice and endpointing requests are served: their calls are alive. On ENDING
every recognition is finished, its last finals are sent, and the call is closed with 1012; open answers have
`ANSWER_SECONDS`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Protocol

import structlog

from providers.errors import Draining

__all__ = ["ANSWER_SECONDS", "Drain", "LiveCall", "Phase"]

log = structlog.get_logger()

ANSWER_SECONDS = 5.0
"""How long answers that are open at the deadline may go on."""
LAST_WORDS_SECONDS = 5.0
"""How long the recognitions of one call may take to finish."""

Abort = Callable[[], None]


class Phase(Enum):
    """State of a server's end."""

    SERVING = "serving"
    DRAINING = "draining"
    ENDING = "ending"
    DRAINED = "drained"


class LiveCall(Protocol):
    """Call that can be told to end."""

    def finish(self, *, within: float) -> None:
        """Take no more audio, send the last finals, and close; give up on them after so many seconds."""


class Drain:
    """The drain of one server.

    Parameters
    ----------
    notice
        Seconds for load balancers to see that the server takes no calls.
    limit
        Seconds that calls have after that.
    """

    def __init__(self, *, notice: float = 5.0, limit: float = 3600.0) -> None:
        self.phase = Phase.SERVING
        self.on_request: Callable[[str], None] = self.begin
        """What a request to drain does; a worker hands it to its supervisor."""
        self.on_begin: list[Callable[[], None]] = []
        self.on_change: list[Callable[[], None]] = []
        """Called when a call or an answer has begun or ended."""
        self.on_drained: Callable[[], None] = lambda: None
        """Called when nothing is left; it ends the server."""
        self._notice = notice
        self._limit = limit
        self._because = ""
        self._handed_over = False
        self._calls: set[LiveCall] = set()
        self._answers: set[Abort] = set()
        self._changed = asyncio.Event()

    @property
    def draining(self) -> bool:
        """Whether the server is on its way to its end."""
        return self.phase is not Phase.SERVING

    @property
    def calls(self) -> int:
        """Calls that are alive."""
        return len(self._calls)

    @property
    def answers(self) -> int:
        """Voice requests that are being answered."""
        return len(self._answers)

    @property
    def idle(self) -> bool:
        """Whether no call is alive and no answer is open."""
        return not self._calls and not self._answers

    def admit(self) -> None:
        """Let a new call in.

        Raises
        ------
        Draining
            The server takes no new calls.
        """
        if self.draining and not self._handed_over:
            raise Draining

    @contextmanager
    def call(self, call: LiveCall) -> Iterator[None]:
        """Count a call for as long as it is alive."""
        self._calls.add(call)
        self._note_change()
        if self.phase is Phase.ENDING:
            call.finish(within=LAST_WORDS_SECONDS)
        try:
            yield
        finally:
            self._calls.discard(call)
            self._note_change()

    @contextmanager
    def answer(self, abort: Abort) -> Iterator[None]:
        """Count a voice request; ``abort`` cuts its connection."""
        self._answers.add(abort)
        self._note_change()
        try:
            yield
        finally:
            self._answers.discard(abort)
            self._note_change()

    def begin(self, because: str, *, notice: bool = True, handed_over: bool = False) -> None:
        """Start to drain; a server that drains already only learns that it need not wait for load balancers.

        Parameters
        ----------
        because
            What asked for it, for the log.
        notice
            Whether to wait for load balancers.
        handed_over
            Whether another process serves the listening socket. Calls on connections that this process had accepted
            are still taken: nothing else could take them.
        """
        if not notice:
            self._notice = 0.0
            self._changed.set()
        if self.draining:
            return
        self.phase, self._because, self._handed_over = Phase.DRAINING, because, handed_over
        for told in self.on_begin:
            told()
        self._changed.set()

    def hurry(self) -> None:
        """End the calls now, with their last finals."""
        if self.phase in (Phase.SERVING, Phase.DRAINING):
            self.phase = Phase.ENDING
            self._changed.set()

    async def run(self) -> None:
        """Wait for the drain to begin, then take it to its end."""
        await self._until(lambda: self.draining)
        begun, left = asyncio.get_running_loop().time(), self.calls
        log.info("draining", because=self._because, calls=left, answers=len(self._answers), limit_s=self._limit)
        await self._until(lambda: self.phase is Phase.ENDING or not self._notice, within=self._notice)
        await self._until(lambda: self.idle or self.phase is Phase.ENDING, within=self._limit)
        closed, aborted = (0, 0) if self.idle else await self._end()
        self.phase = Phase.DRAINED
        seconds = round(asyncio.get_running_loop().time() - begun, 2)
        log.info("drained", because=self._because, calls_closed=closed, answers_aborted=aborted, seconds=seconds)
        self.on_drained()

    def _note_change(self) -> None:
        self._changed.set()
        for told in self.on_change:
            told()

    async def _end(self) -> tuple[int, int]:
        """Close what is left; returns the numbers of calls closed and of answers aborted."""
        self.phase = Phase.ENDING
        closed = self.calls
        for call in list(self._calls):
            call.finish(within=LAST_WORDS_SECONDS)
        await self._until(lambda: self.idle, within=min(ANSWER_SECONDS, self._limit))
        aborted = list(self._answers)
        for abort in aborted:
            abort()
        await self._until(lambda: self.idle, within=LAST_WORDS_SECONDS)
        return closed, len(aborted)

    async def _until(self, condition: Callable[[], bool], *, within: float | None = None) -> bool:
        """Wait until something holds; False when it does not within so many seconds."""
        try:
            async with asyncio.timeout(within):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

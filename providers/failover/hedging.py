"""Hedged requests: a second engine starts when the first one is later than it usually is.

It costs a second synthesis for one utterance in twenty and shortens the longest waits. It is off by default. The method
is that of "The Tail at Scale" (Dean and Barroso, 2013).
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from providers.failover.started_stream import StartedStream

__all__ = ["HedgeOptions", "UsualDelay", "hedged_start"]

Attempt: TypeAlias = Coroutine[Any, Any, StartedStream | None]
"""Returns None when its engine failed; the failure has been recorded by then."""


@dataclass(frozen=True, slots=True)
class HedgeOptions:
    """Conditions under which the first engine counts as late."""

    quantile: float = 0.95
    """Quantile of the first engine's recent first-audio delays; a slower answer is late."""
    window: int = 200
    """Answers that count as recent."""
    least: int = 20
    """Answers before a request is hedged: fewer do not give a usual delay."""
    earliest: float = 0.1
    """Seconds. An engine that is faster than this is never late."""


class UsualDelay:
    """Recent first-audio delays of one engine, s."""

    def __init__(self, options: HedgeOptions) -> None:
        self._options = options
        self._delays: deque[float] = deque(maxlen=options.window)

    def add(self, delay: float) -> None:
        """Count one answer."""
        self._delays.append(delay)

    @property
    def patience(self) -> float | None:
        """Seconds after which the engine is late; None until enough answers are counted."""
        if len(self._delays) < self._options.least:
            return None
        rank = math.ceil(self._options.quantile * len(self._delays))
        return max(sorted(self._delays)[rank - 1], self._options.earliest)


async def hedged_start(
    first: Attempt, second: Callable[[], Attempt], *, patience: float | None
) -> tuple[int, StartedStream | None]:
    """Run ``first``, and ``second`` concurrently once ``first`` is late; the slower one is cancelled.

    Parameters
    ----------
    patience
        Seconds after which ``first`` is late; None never starts ``second``.

    Returns
    -------
    int
        The attempt that started first: 0 or 1; 0 also when none did.
    StartedStream or None
        Its stream; None when every attempt failed.
    """
    attempts = [asyncio.create_task(first)]
    winner: asyncio.Task[StartedStream | None] | None = None
    try:
        if not (await asyncio.wait(attempts, timeout=patience))[0]:
            attempts.append(asyncio.create_task(second()))
        winner = await _first_stream(attempts)
        return (0, None) if winner is None else (attempts.index(winner), winner.result())
    finally:
        await _cancel_all([attempt for attempt in attempts if attempt is not winner])


async def _first_stream(
    attempts: Sequence[asyncio.Task[StartedStream | None]],
) -> asyncio.Task[StartedStream | None] | None:
    """The first attempt that has a stream, the earlier one of a tie; None when all failed."""
    waiting = list(attempts)
    while waiting:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for attempt in attempts:
            if attempt.done() and attempt.result() is not None:
                return attempt
        waiting = [attempt for attempt in waiting if not attempt.done()]
    return None


async def _cancel_all(attempts: Sequence[asyncio.Task[StartedStream | None]]) -> None:
    for attempt in attempts:
        attempt.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, StartedStream):
            await outcome.remainder.aclose()
        elif isinstance(outcome, Exception):
            raise outcome

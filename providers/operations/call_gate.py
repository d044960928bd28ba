"""Gate for new calls: it closes before those on the line feel the load.

Four things close it: as many calls as the limit says; the loop's lag; recognisers that are behind; and calls that were
admitted a moment ago, whose load does not show yet. Calls on the line, and their voice requests, are never refused for
lag: another second of waiting hurts them less.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median_low

from providers.capacity import CapacityLimiter, Place
from providers.errors import AtCapacity
from providers.operations.instruments import ServerMetrics
from providers.operations.labels import Refusal
from providers.operations.loop_watch import WINDOW, LoopLoad

__all__ = ["CallGate", "GateLimits"]

_SETTLED = 5
"""Calls on the line from which the work of one can be measured."""
_MOST_BEGINNING = 0.25
"""Part of the calls that may be beginning while it is measured."""
_NEWS = 0.02
"""Weight of the last measurement of a call's work."""
_BACKLOG_PERIOD = 0.25
"""Seconds between two looks at the calls' backlogs."""


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Load at which the gate closes; 0 never closes it."""

    loop_lag: float = 0.05
    """Seconds that the loop is late, 95th percentile over two seconds."""
    backlog: float = 1.0
    """Seconds of audio that wait for their recogniser, median of the calls."""
    loop_share: float = 0.9
    """Part of one processor that the calls on the line and those that begin are expected to use."""


class CallGate:
    """Admission of calls.

    Parameters
    ----------
    places
        The limit on calls at once.
    load
        What is known of the loop; `look` is to be called after each look at it.
    """

    def __init__(
        self,
        places: CapacityLimiter,
        load: LoopLoad,
        limits: GateLimits,
        metrics: ServerMetrics,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.places = places
        self.load = load
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self.on_look: Callable[[], None] = lambda: None
        """Called after each look, for who follows the gate from another process."""
        self._beginning: deque[float] = deque()
        """Times of admission within the last two seconds."""
        self._work = 0.0
        """Part of a processor that a call takes, as far as is known."""
        self._backlogs: dict[object, Callable[[], float]] = {}
        self._backlog, self._backlog_at = 0.0, 0.0

    def admit(self) -> Place:
        """A place for a call.

        Raises
        ------
        AtCapacity
            The gate is closed; its reason says by what.
        """
        if (closed := self._closed()) is not None:
            raise closed
        place = self.places.take()
        self._beginning.append(self._clock())
        return place

    @property
    def refusal(self) -> Refusal | None:
        """Why a call that came now would be refused."""
        if self.places.limit is not None and self.places.active >= self.places.limit:
            return "full"
        closed = self._closed()
        return None if closed is None else closed.reason

    def follow(self, call: object, backlog: Callable[[], float]) -> None:
        """Follow the backlog of a call, in seconds, until `forget`."""
        self._backlogs[call] = backlog

    def forget(self, call: object) -> None:
        """Follow a call no longer."""
        self._backlogs.pop(call, None)

    def look(self, late: float) -> None:
        """Take in a look at the loop, and learn what a call costs."""
        now = self._clock()
        self._metrics.loop_stalls.observe(late)
        self._metrics.loop_lag.set(self.load.lag)
        calls = self.places.active
        if calls >= _SETTLED and self._beginning_now(now) <= _MOST_BEGINNING * calls and self.load.share:
            measured = self.load.share / calls
            self._work = measured if not self._work else (1 - _NEWS) * self._work + _NEWS * measured
        if now >= self._backlog_at + _BACKLOG_PERIOD:
            self._backlog_at = now
            self._backlog = median_low(map(_call, self._backlogs.values())) if self._backlogs else 0.0
            self._metrics.backlog.set(self._backlog)
        self.on_look()

    def _closed(self) -> AtCapacity | None:
        """What closes the gate apart from the number of calls."""
        limits = self._limits
        if limits.loop_lag and (lag := self.load.lag) > limits.loop_lag:
            text = f"loop lag: expected at most {limits.loop_lag * 1000:g} ms, found {lag * 1000:.0f} ms"
            return AtCapacity(f"{text} (--max-loop-lag-seconds)", reason="loop-lag", retry_after=WINDOW)
        if limits.backlog and self._backlog > limits.backlog:
            text = f"recognisers: expected to be at most {limits.backlog:g} s behind, found {self._backlog:.1f} s"
            return AtCapacity(f"{text} (--max-backlog-seconds)", reason="backlog", retry_after=WINDOW)
        now = self._clock()
        beginning = self._beginning_now(now)
        if limits.loop_share and beginning and self._expected(now) > limits.loop_share:
            text = f"calls that begin: expected as many as the processor can take, found {beginning} within 2 s"
            return AtCapacity(f"{text} (--max-loop-share)", reason="burst", retry_after=WINDOW)
        return None

    def _expected(self, now: float) -> float:
        """Part of a processor that is used once all admitted calls and one more show in the loop's share."""
        unseen = sum(1 - (now - begun) / WINDOW for begun in self._beginning)
        return self.load.share + (unseen + 1) * self._work

    def _beginning_now(self, now: float) -> int:
        while self._beginning and self._beginning[0] < now - WINDOW:
            self._beginning.popleft()
        return len(self._beginning)


def _call(backlog: Callable[[], float]) -> float:
    return backlog()

"""Real-time factor of a recogniser, measured while it works, and how many callers keep up by it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["RealTimeFactor", "WorkMeter"]

_SPEECH = 0.4
"""Part of a call in which its caller speaks."""

_FILLED = 0.8
"""Part of the threads' time that may be taken: beyond it the wait for a free one grows without a bound."""

_OLD = 0.9
"""Weight of what was measured before, at each utterance: about the last ten count."""


class RealTimeFactor:
    """Seconds of work per second of speech. Threads may report at the same time.

    Parameters
    ----------
    threads
        Utterances that are worked on at the same time.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._work = self._speech = 0.0
        self._lock = threading.Lock()

    def add(self, work: float, speech: float) -> None:
        """Count one utterance: seconds that all its decodes took, and its own length in seconds."""
        if speech <= 0:
            return
        with self._lock:
            self._work = _OLD * self._work + work
            self._speech = _OLD * self._speech + speech

    @property
    def value(self) -> float | None:
        """The factor; None before the first utterance."""
        with self._lock:
            return self._work / self._speech if self._speech else None

    def callers(self) -> int:
        """Callers that keep up at once; one at least, and two per thread as long as nothing is measured."""
        factor = self.value
        if factor is None:
            return 2 * self._threads
        return max(1, int(_FILLED * self._threads / max(_SPEECH * factor, 0.001)))


class WorkMeter:
    """Work of one caller's open utterance.

    Parameters
    ----------
    clock
        Seconds.
    factor
        Is told each utterance that has ended.
    """

    def __init__(self, clock: Callable[[], float], factor: RealTimeFactor) -> None:
        self._clock = clock
        self._factor = factor
        self.seconds = 0.0
        """That its decodes took so far."""

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count the time that is spent inside."""
        began = self._clock()
        yield
        self.seconds += self._clock() - began

    def ended(self, speech: float) -> None:
        """End the utterance, which was so many seconds long."""
        self._factor.add(self.seconds, speech)
        self.seconds = 0.0

"""Choice of the engine for the next connection, and of the moment to open it. Pure: the time is an argument."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from providers.engines.base import SpeechToText
from providers.errors import EngineBusy, EngineError
from providers.reconnect.options import ReconnectOptions

__all__ = ["Choice", "EngineSelector", "EngineUnresponsive", "Lost", "RetrySame"]

_STEADY = 0.5
"""Seconds a connection must have lasted for the next one to be opened at once."""
_PROVEN = 2.0
"""Seconds after which a connection that said nothing counts as a success all the same: the vendor can be reached."""
_UNANSWERED = 8
"""Connections in a row that may be lost with speech unanswered: a vendor that only ever hangs up is not reached."""


class EngineUnresponsive(EngineError):
    """An engine that takes too long to open or to answer. It may be dead, or there are no words in the noise."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The end of a connection, or the suspicion against it."""

    error: EngineError
    lasted: float = 0.0
    """Seconds it was open; 0 when it never was."""
    answered: bool = False
    """It gave a transcript."""
    owing: bool = False
    """Speech was left unanswered."""
    alone: bool = True
    """No other connection is left."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine, and the moment to open it."""

    engine: SpeechToText
    at: float
    """Seconds, on the clock that was passed in."""


class EngineSelector(Protocol):
    """Decides which engine a recognition uses; one object per recognition."""

    def choose(self, lost: Lost | None, now: float) -> Choice:
        """The engine to connect to, for the first time or after a loss.

        Raises
        ------
        EngineError
            There is no engine to try any more.
        """
        ...

    def served(self, engine: SpeechToText) -> None:
        """Note that a connection of the engine has answered."""


class RetrySame:
    """The same engine again, after a wait that grows until something succeeds.

    Patience counts from the last success: an answer, or a connection that lasted. It only matters while no other
    connection is left; an engine that is open and says nothing never uses it up, so that noise never ends a call.
    """

    def __init__(
        self, engine: SpeechToText, options: ReconnectOptions, *, chance: Callable[[], float] = random.random
    ) -> None:
        self._engine = engine
        self._options = options
        self._chance = chance
        self._success = math.inf
        self._attempts = 0
        self._unanswered = 0
        self._ever_open = False

    def choose(self, lost: Lost | None, now: float) -> Choice:
        """The engine, at once or after a wait; see `EngineSelector`."""
        self._success = min(self._success, now)
        if lost is None:
            return Choice(self._engine, now)
        self._note(lost, now)
        wait = self._wait(lost)
        if not lost.error.retryable or self._is_hopeless(lost, now + wait):
            raise lost.error
        return Choice(self._engine, now + wait)

    def served(self, engine: SpeechToText) -> None:
        """Note an answer; when it matters, the loss says the same."""

    def _note(self, lost: Lost, now: float) -> None:
        self._ever_open = self._ever_open or lost.lasted > 0
        if lost.answered or lost.lasted >= _PROVEN:
            self._success, self._attempts = now, 0
        if lost.answered:
            self._unanswered = 0
        elif lost.owing and not isinstance(lost.error, EngineUnresponsive):
            self._unanswered += 1

    def _wait(self, lost: Lost) -> float:
        # An engine that was waited for in vain is tried again at once: the wait is over.
        if lost.lasted >= _STEADY or isinstance(lost.error, EngineUnresponsive):
            return 0.0
        options = self._options
        wait = min(options.base * 2.0 ** min(self._attempts, 30), options.ceiling) * (1 - self._chance() / 2)
        self._attempts += 1
        if isinstance(lost.error, EngineBusy):
            return max(wait, min(lost.error.retry_after, options.ceiling))
        return wait

    def _is_hopeless(self, lost: Lost, retry_at: float) -> bool:
        if not lost.alone or (isinstance(lost.error, EngineUnresponsive) and lost.lasted > 0):
            return False
        full = isinstance(lost.error, EngineBusy) and not self._ever_open
        patience = min(self._options.full, self._options.patience) if full else self._options.patience
        return retry_at - self._success > patience or self._unanswered >= _UNANSWERED

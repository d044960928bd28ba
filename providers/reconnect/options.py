"""Options of the reconnecting recognition: bounds and time-outs, all in seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

from providers.errors import SettingsError

__all__ = ["ReconnectOptions"]


@dataclass(frozen=True, slots=True)
class ReconnectOptions:
    """Bounds and time-outs of one recognition, in seconds; each is more than 0 and finite."""

    replay: float = 30.0
    """Audio kept for a replay: the longest utterance plus the longest outage."""
    open: float = 3.0
    """Time an engine has to open."""
    suspect: float = 2.0
    """Time a vendor may leave speech unanswered before a second connection is opened beside it."""
    first_result: float = 5.0
    """Time an engine that runs here has for its first transcript of a connection; beyond it the engine is replaced."""
    next_result: float = 8.0
    """The same for every later transcript."""
    result_ceiling: float = 60.0
    """Longest of these waits: they grow while no connection answers at all."""
    push: float = 5.0
    """Time a vendor may refuse to take more audio; an engine that runs here makes the caller wait instead."""
    flush: float = 7.0
    """Time from the end of the audio to the end of the transcripts."""
    base: float = 0.2
    """Wait before a reconnect, unless the last connection was steady; doubles from one to the next."""
    ceiling: float = 2.0
    """Longest wait between two reconnects, a vendor's Retry-After included."""
    patience: float = 8.0
    """Time since the last success after which an engine is given up."""
    full: float = 4.0
    """The same while an engine that was never open says that it is full."""

    def __post_init__(self) -> None:
        """Refuse what would spin, deadlock or never end.

        Raises
        ------
        SettingsError
            A value is not a positive, finite number of seconds.
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        faults = [
            f"reconnect {name}: expected more than 0 seconds, found {value}"
            for name, value in values.items()
            if not 0 < value < math.inf
        ]
        if faults:
            raise SettingsError(faults)

    def patient(self, seconds: float, *, at_end: bool = False) -> ReconnectOptions:
        """The same with at least so many seconds for each result, or only for those after the end of the audio."""
        changed = ("flush",) if at_end else ("flush", "first_result", "next_result", "result_ceiling", "push")
        return replace(self, **{name: max(getattr(self, name), seconds) for name in changed})

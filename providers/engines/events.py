"""Events of the wrappers around engines, as values for metrics and logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["EngineEvent", "EventKind", "Observe", "unobserved"]

EventKind: TypeAlias = Literal[
    "failed",  # an engine failed and cools down now
    "returned",  # an engine that cooled down passed its probe
    "took-over",  # this engine serves because an earlier one of the list failed
    "hedged",  # the second engine was started because the first is late
    "hedge-won",  # the second engine was first
    "hedge-lost",  # the second engine was cancelled, because the first came earlier
    "hit",  # a cached utterance was played
    "miss",  # an utterance had to be synthesised
    "joined",  # a request shares the synthesis of another one
    "store-failed",  # the cache's store did not answer; the call went on without it
    "lost",  # a recognition closed, raised, hung or became silent
    "suspected",  # a recognition does not answer speech: a second connection is opened
    "cleared",  # the suspected recognition answered: the second connection is closed
    "reconnected",  # a recognition is open again; ``value`` is seconds since it was lost or suspected
    "compared",  # a shadow heard what was sent; ``detail`` has the counts, ``value`` the seconds of its lag
    "gap",  # audio was lost because the ring buffer was too short; ``value`` is its seconds
]


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Event that an operator may want to count. It never has text, audio or a secret."""

    kind: EventKind
    engine: str
    detail: str = ""
    """Message of the failure, which by the rules of `providers.errors` has no secret."""
    value: float = 0.0
    """Seconds, where the kind says so."""


Observe: TypeAlias = Callable[[EngineEvent], None]
"""Called on the loop, once per event; must return at once and never raise."""


def unobserved(event: EngineEvent, /) -> None:
    """Ignore the event."""

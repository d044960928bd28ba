"""Events of the wrappers around engines, for metrics and logs: values, so that engines need neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["EngineEvent", "EventKind", "Observe", "unobserved"]

EventKind: TypeAlias = Literal[
    "failed",  # an engine failed and cools down now
    "returned",  # an engine that cooled down passed its probe
    "took-over",  # this engine serves what an earlier one of the list could not
    "hedged",  # the second engine was started because the first is late
    "hedge-won",  # and it was first
    "hedge-lost",  # or it was cancelled, because the first came after all
    "hit",  # a cached utterance was played
    "miss",  # an utterance had to be synthesised
    "joined",  # a request shares the synthesis of another one
    "store-failed",  # the cache's store did not answer; the call went on without it
    "lost",  # a recognition dropped, erred, hung or fell silent
    "suspected",  # a recognition leaves speech unanswered: a second connection is opened beside it
    "cleared",  # and it answered after all: the second connection is closed
    "reconnected",  # a recognition is open again; ``value`` is seconds since it was lost or suspected
    "gap",  # audio went unheard because the ring was too short; ``value`` is its seconds
]


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Something an operator may want to count. Never holds text, audio or a secret."""

    kind: EventKind
    engine: str
    detail: str = ""
    """The failure's own words, which by the rules of `providers.errors` hold no secret."""
    value: float = 0.0
    """Seconds, where the kind says so."""


Observe: TypeAlias = Callable[[EngineEvent], None]
"""Called on the loop, once per event; must return at once and never raise."""


def unobserved(event: EngineEvent, /) -> None:
    """Ignore the event."""

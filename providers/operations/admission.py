"""Admission: how many calls and voice requests are served at once, and what one more is told.

What is accepted keeps its latency. What is not learns it at once, with the number and where it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass

from providers.capacity import CapacityLimiter
from providers.errors import AtCapacity

__all__ = ["Capacity", "call_limiter", "voice_limiter"]


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much at once, and why."""

    limit: int
    reason: str
    """For people: the engine or the setting that the limit comes from."""


def call_limiter(capacity: Capacity) -> CapacityLimiter:
    """Places for calls. One more is refused at once: a caller on the line cannot wait."""

    def full(limit: int) -> AtCapacity:
        return AtCapacity(f"calls: expected at most {limit} at once, found one more ({capacity.reason})")

    return CapacityLimiter(capacity.limit, error=full)


def voice_limiter(limit: int, *, patience: float) -> CapacityLimiter:
    """Places for voice requests, with a queue as long as there are places.

    Parameters
    ----------
    patience
        Seconds that a request waits in the queue.
    """

    def full(limit: int) -> AtCapacity:
        return AtCapacity(f"voice requests: expected at most {limit} at once, found one more (--max-voices)")

    return CapacityLimiter(limit, error=full, queue=limit, patience=patience)

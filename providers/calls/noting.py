"""The call in which a task works, so that engines' events are noted where they happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from providers.calls.notes import CallNotes
from providers.engines.events import EngineEvent, Observe

__all__ = ["also_noted", "noting"]

_noting: ContextVar[CallNotes | None] = ContextVar("noting", default=None)


@contextmanager
def noting(notes: CallNotes) -> Iterator[None]:
    """Let engines' events of this task, and of the tasks it starts, be noted in a call."""
    token = _noting.set(notes)
    try:
        yield
    finally:
        _noting.reset(token)


def also_noted(observe: Observe) -> Observe:
    """An observer of engines that also notes each event in the call that it happens in."""

    def observed(event: EngineEvent) -> None:
        observe(event)
        notes = _noting.get()
        if notes is not None:
            notes.engine(event)

    return observed

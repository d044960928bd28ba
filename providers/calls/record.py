"""Record of one call: its ids, its events, and who follows them live."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from providers.calls.events import CallEvent, Way
from providers.calls.sound import Envelope

__all__ = ["CallRecord"]

_LONGEST_TEXT = 2000
"""Characters of an event's text."""

_MADE = 4
"""Voice requests whose sound is kept for a join."""

Listener = Callable[[CallEvent], None]
"""Is told each new event, on the loop; must return at once and never raise."""


class EventLog:
    """Events in order of time, at most ``limit`` of them.

    Beyond the limit partials that a final has replaced go first, then the oldest events.
    """

    def __init__(self, limit: int) -> None:
        self.events: list[CallEvent] = []
        self.dropped = 0
        """Events that were left out for the limit."""
        self._limit = limit

    def append(self, event: CallEvent) -> None:
        """Add the newest event."""
        self.events.append(event)
        self._keep_to_the_limit()

    def absorb(self, other: EventLog) -> None:
        """Take over another log's events, which has none afterwards."""
        self.dropped += other.dropped
        self.events = sorted([*self.events, *other.events], key=lambda event: event.at)
        other.events = []
        self._keep_to_the_limit()

    def _keep_to_the_limit(self) -> None:
        """Bring a list that is too long to nine tenths of its limit."""
        before = len(self.events)
        if before <= self._limit:
            return
        self.events = list(_without_replaced(self.events))
        beyond = len(self.events) - self._limit * 9 // 10
        if beyond > 0:
            del self.events[1 : beyond + 1]  # the first one tells when the call began
        self.dropped += before - len(self.events)


class CallRecord:
    """One call as far as it is known. Events are appended and never changed.

    Parameters
    ----------
    name
        Our own id of the call.
    limit
        Events that are kept, see `EventLog`.
    """

    def __init__(self, name: str, *, limit: int) -> None:
        self.name = name
        self.call_id = ""
        """The platform's; empty until it is known."""
        self.key = ""
        self.way: Way | None = None
        """How socket and call id were joined; None while they are not."""
        self.has_socket = False
        """Whether a socket of it is open."""
        self.audio_clock: Callable[[], float] | None = None
        """Seconds of the newest socket's audio."""
        self.made: deque[Envelope] = deque(maxlen=_MADE)
        """What was spoken for it, while no socket is known."""
        self.merged_into: CallRecord | None = None
        self.listeners: list[Listener] = []
        self.aliases: list[str] = []
        """Names, ids and keys of the records that became one with it."""
        self.compared = float("-inf")
        """When its sound was last compared."""
        self._log = EventLog(limit)

    @property
    def events(self) -> list[CallEvent]:
        """The events that are kept."""
        return self._log.events

    @property
    def dropped(self) -> int:
        """Events that were left out for the limit."""
        return self._log.dropped

    @property
    def current(self) -> CallRecord:
        """The record that this one's events belong to now."""
        record = self
        while record.merged_into is not None:
            record = record.merged_into
        return record

    @property
    def begun(self) -> float:
        """Time of the first event."""
        return self.events[0].at if self.events else 0.0

    @property
    def latest(self) -> float:
        """Time of the last event."""
        return self.events[-1].at if self.events else 0.0

    def note(self, event: CallEvent) -> None:
        """Append an event."""
        if len(event.text) > _LONGEST_TEXT:
            event = msgspec.structs.replace(event, text=event.text[:_LONGEST_TEXT])
        self._log.append(event)
        for listener in self.listeners:
            listener(event)

    def absorb(self, other: CallRecord) -> None:
        """Take over another record's events, in order of time; what is noted there comes here from now on."""
        other.merged_into = self
        self.call_id = self.call_id or other.call_id
        self.key = self.key or other.key
        self._log.absorb(other._log)
        self.listeners += other.listeners
        self.aliases += [other.name, other.call_id, other.key, *other.aliases]
        other.listeners = []
        other.made.clear()


def _without_replaced(events: Iterable[CallEvent]) -> Iterable[CallEvent]:
    """The events without the partials that a final has replaced."""
    waiting: list[CallEvent] = []
    """Events since the first partial after a final."""
    for event in events:
        if event.kind == "final":
            yield from (held for held in waiting if held.kind != "partial")
            waiting.clear()
            yield event
        elif event.kind == "partial" or waiting:
            waiting.append(event)
        else:
            yield event
    yield from waiting

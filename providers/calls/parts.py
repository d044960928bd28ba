"""Parts of calls that several workers of one server know, put together.

The workers are processes of one machine: the times of their events are of one clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from providers.calls.events import CallEvent, Way
from providers.calls.export import CallSummary
from providers.calls.record import CallRecord

__all__ = ["PeerPart", "part_of", "together", "whole_call"]


class PeerPart(msgspec.Struct):
    """What a worker knows of one call."""

    name: str
    call_id: str
    key: str
    way: Way | None
    live: bool
    has_socket: bool
    events: list[CallEvent]

    def record(self) -> CallRecord:
        """The part as a record."""
        record = CallRecord(self.name, limit=len(self.events) + 1)
        record.call_id, record.key, record.way, record.has_socket = self.call_id, self.key, self.way, self.has_socket
        for event in self.events:
            record.note(event)
        return record


def part_of(record: CallRecord, *, live: bool) -> PeerPart:
    """What this worker knows of a call."""
    return PeerPart(record.name, record.call_id, record.key, record.way, live, record.has_socket, list(record.events))


def together(calls: Sequence[CallSummary]) -> list[CallSummary]:
    """Calls of several workers in one list, each call once: its parts are those with one id of the platform's."""
    found: dict[str, CallSummary] = {}
    for call in calls:
        name = call.call_id or call.id
        found[name] = _both(found[name], call) if name in found else call
    return sorted(sorted(found.values(), key=lambda call: call.started, reverse=True), key=lambda call: not call.live)


def _both(one: CallSummary, other: CallSummary) -> CallSummary:
    """Two parts of a call as one; the name is that of the part with the socket, if one is joined."""
    first, second = sorted((one, other), key=lambda part: (part.joined is None, part.started))
    begun = [datetime.fromisoformat(part.started) for part in (first, second)]
    ends = [start + timedelta(seconds=part.seconds) for start, part in zip(begun, (first, second), strict=True)]
    return msgspec.structs.replace(
        first,
        live=first.live or second.live,
        started=min(first.started, second.started),
        seconds=round((max(ends) - min(begun)).total_seconds(), 3),
        turns=max(first.turns, second.turns),
        longest_wait=max((wait for wait in (first.longest_wait, second.longest_wait) if wait), default=None),
        ended=first.ended or second.ended,
    )


def whole_call(record: CallRecord | None, parts: Sequence[PeerPart]) -> CallRecord:
    """A call put together from its parts: the events in order of time; the name of the part with the socket."""
    if record is not None and not parts:
        return record
    known = [part.record() for part in parts]
    if record is not None:
        known.append(part_of(record, live=True).record())
    known.sort(key=lambda part: (not part.has_socket, part.way is None, part.begun))
    whole = CallRecord(known[0].name, limit=sum(len(part.events) for part in known) + 1)
    for part in known:
        whole.way = whole.way or part.way
        whole.absorb(part)
    return whole

"""Table of calls: live and finished ones by name, call id and key, bounded in number."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator

from providers.calls.record import CallRecord

__all__ = ["CallTable"]

_MOST_LIVE = 4096
"""Live calls; beyond it the one without a socket that was silent longest is finished."""

_IDLE = 120.0
"""Seconds without an event after which a call without a socket is finished."""

_SWEEP = 5.0
"""Seconds between two looks for idle calls."""


class CallTable:
    """Records of calls.

    Parameters
    ----------
    finished
        Finished calls that are kept.
    events
        Events that are kept of each call.
    clock
        Seconds, monotonic.
    """

    def __init__(self, *, finished: int, events: int, clock: Callable[[], float]) -> None:
        self.changed = clock()
        """When a call last came or went."""
        self.on_finished: list[Callable[[CallRecord], None]] = []
        """Are told each call that has finished."""
        self._limits = (finished, events)
        self._clock = clock
        self._live: OrderedDict[str, CallRecord] = OrderedDict()
        self._finished: OrderedDict[str, CallRecord] = OrderedDict()
        self._names: dict[str, CallRecord] = {}
        self._swept = clock()

    def __len__(self) -> int:
        return len(self._live)

    def get(self, name: str) -> CallRecord | None:
        """The call with this name, call id or key."""
        record = self._names.get(name) if name else None
        return None if record is None else record.current

    def live(self) -> Iterator[CallRecord]:
        """Calls that go on, newest first."""
        return reversed(list(self._live.values()))

    def finished(self) -> Iterator[CallRecord]:
        """Calls that have ended, newest first."""
        return reversed(list(self._finished.values()))

    def is_live(self, record: CallRecord) -> bool:
        """Whether a call goes on."""
        return record.current.name in self._live

    def stranger(self) -> CallRecord:
        """A record of a request that names no call; it is in no list."""
        return CallRecord("", limit=self._limits[1])

    def new(self, *, call_id: str = "", key: str = "") -> CallRecord:
        """A new live call."""
        record = CallRecord(uuid.uuid4().hex[:12], limit=self._limits[1])
        record.call_id, record.key = call_id, key
        for name in (record.name, call_id, key):
            if name:
                self._names[name] = record
        self._live[record.name] = record
        self.changed = self._clock()
        if len(self._live) > _MOST_LIVE:
            without = [one for one in self._live.values() if not one.has_socket and one is not record]
            if without:
                self.finish(min(without, key=lambda one: one.latest))
        return record

    def identify(self, record: CallRecord, call_id: str, key: str) -> CallRecord:
        """Give a record its call id and its key; another record with that key becomes one with it."""
        record.call_id = call_id
        self._names[call_id] = record
        other = self.get(key)
        if other is not None and other is not record and not other.call_id:
            first, second = (other, record) if other.has_socket else (record, other)
            self.merge(first, second)
            record = first
        if key:
            record.key = record.key or key
            self._names.setdefault(key, record)
        return record

    def merge(self, record: CallRecord, other: CallRecord) -> None:
        """Make two records one."""
        self._live.pop(other.name, None)
        self._finished.pop(other.name, None)
        record.absorb(other)
        for name in (other.name, other.call_id, other.key):
            if name:
                self._names[name] = record

    def revive(self, record: CallRecord) -> None:
        """Let a finished call go on: the platform has connected again."""
        self.changed = self._clock()
        if self._finished.pop(record.name, None) is not None:
            self._live[record.name] = record

    def finish(self, record: CallRecord) -> None:
        """Move a call to the finished ones; the oldest of them may be forgotten."""
        if self._live.pop(record.name, None) is None:
            return
        self.changed = self._clock()
        record.made.clear()
        self._finished[record.name] = record
        for told in self.on_finished:
            told(record)
        while len(self._finished) > self._limits[0]:
            _, oldest = self._finished.popitem(last=False)
            for name in (oldest.name, oldest.call_id, oldest.key, *oldest.aliases):
                if self.get(name) is oldest:
                    del self._names[name]

    def sweep(self) -> None:
        """Finish the calls without a socket that nothing has come for in a while."""
        now = self._clock()
        if now - self._swept < _SWEEP:
            return
        self._swept = now
        for record in [one for one in self._live.values() if not one.has_socket and now - one.latest > _IDLE]:
            self.finish(record)

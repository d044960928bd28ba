"""Join of sockets and call ids.

Ways of joining, in their order:

========  =====================================================================  ==================
key       ``?call=<key>`` in all our URLs                                        exact
template  ``?call={{call.id}}``, where the platform renders it                   exact
text      an endpointing request ends with what one socket has just sent         near exact
sound     the assistant's channel of one socket is what was spoken for an id     breaks ties
only one  one socket and one call id for a while                                 for development
========  =====================================================================  ==================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import structlog

from providers.calls.events import Way
from providers.calls.notes import SocketNotes
from providers.calls.record import CallRecord
from providers.calls.sound import best_match
from providers.calls.table import CallTable
from providers.calls.texts import JoinByText, normalised

__all__ = ["Joiner"]

log = structlog.get_logger()

_SOUND_PAUSE = 1.0
"""Seconds between two comparisons of sound for one call id."""

_ALONE = 5.0
"""Seconds that one socket and one call id have been the only ones before they are joined for that."""

_CONTRADICTIONS = 2
"""Requests in a row that fit another socket before a join that is not exact is taken back."""


class Joiner:
    """Open sockets, and what is known of where they belong.

    Parameters
    ----------
    on_join
        Is told each join's way, and ``released``.
    all_sockets
        Whether every socket of the server is in this process. Where another process may have the right one, a text, a
        sound or being alone tells nothing.
    """

    def __init__(
        self, table: CallTable, clock: Callable[[], float], on_join: Callable[[str], None], *, all_sockets: bool = True
    ) -> None:
        self._table = table
        self._clock = clock
        self._on_join = on_join
        self._all_sockets = all_sockets
        self._sockets: dict[CallRecord, SocketNotes] = {}
        """The newest open socket of each call."""
        self._texts: JoinByText[SocketNotes] = JoinByText()

    def socket_of(self, record: CallRecord) -> SocketNotes | None:
        """The open socket of a call."""
        return self._sockets.get(record.current)

    def opened(self, socket: SocketNotes) -> None:
        """Take in a socket."""
        record = socket.record
        self._sockets[record] = socket
        record.has_socket = True
        self.by_key(record)

    def closed(self, socket: SocketNotes) -> bool:
        """Drop a socket that closed; True when its call has no other."""
        self._texts.forget_socket(socket)
        record = socket.record
        if self._sockets.get(record) is not socket:
            return False
        del self._sockets[record]
        record.has_socket, record.audio_clock = False, None
        return True

    def forget(self, record: CallRecord) -> None:
        """Drop what is known of a finished call's id."""
        self._texts.forget(record.call_id)

    def by_key(self, record: CallRecord) -> None:
        """Take note that a record with a key may have both its socket and its call id now."""
        if record.has_socket and record.call_id and record.key and record.way is None:
            self._joined(record, "template" if record.key == record.call_id else "key")

    def merged(self, record: CallRecord) -> None:
        """Take note that a record took over others, and their sockets."""
        for other, socket in list(self._sockets.items()):
            if other.current is record and other is not record:
                del self._sockets[other]
                self._sockets.setdefault(record, socket)
                record.has_socket = True

    def by_evidence(self, record: CallRecord, words: str = "") -> CallRecord:
        """Join a call id by text, by sound, or because there is only one; returns the record it belongs to then."""
        if record.way in ("key", "template") or not self._all_sockets:
            return record.current
        if words:
            self._by_text(record, normalised(words))
        if not record.current.has_socket:
            self._by_sound(record)
        if not record.current.has_socket:
            self._only_one(record)
        return record.current

    def _unjoined(self) -> Iterator[SocketNotes]:
        return (socket for record, socket in self._sockets.items() if not record.call_id)

    def _by_text(self, record: CallRecord, words: str) -> None:
        now, bound = self._clock(), self._sockets.get(record)
        if not words:
            return
        if bound is not None:
            self._verify(record, bound, words, now)
            return
        fitting = [socket for socket in self._unjoined() if socket.said.fits(words, now)]
        socket = self._texts.asked(record.call_id, words, fitting, now)
        if socket is not None:
            self._bind(record, socket, "text")

    def _by_sound(self, record: CallRecord) -> None:
        """Compare what was spoken for a call id with what the sockets that are possible have played."""
        now = self._clock()
        if not record.made or now - record.compared < _SOUND_PAUSE:
            return
        record.compared = now
        possible = self._texts.candidates(record.call_id) or set(self._unjoined())
        played = {
            socket: heard
            for socket in possible
            if not socket.record.call_id and (heard := socket.assistant_envelope()) is not None
        }
        for made in reversed(record.made):
            socket = best_match(made.values, played)
            if socket is not None:
                self._bind(record, socket, "sound")
                return

    def _only_one(self, record: CallRecord) -> None:
        if len(self._table) != 2 or len(self._sockets) != 1 or self._clock() - self._table.changed < _ALONE:
            return
        (socket,) = self._sockets.values()
        if not socket.record.call_id:
            self._bind(record, socket, "only one")

    def _bind(self, record: CallRecord, socket: SocketNotes, way: Way) -> None:
        own = socket.record
        self._table.merge(own, record)
        self._joined(own, way)

    def _joined(self, record: CallRecord, way: Way) -> None:
        socket = self._sockets[record]
        self._texts.forget(record.call_id)
        self._texts.forget_socket(socket)
        socket.joined()
        record.way = way
        socket.note("joined", detail=way)
        self._on_join(way)
        log.info("call joined", call_id=record.call_id, way=way)

    def _verify(self, record: CallRecord, socket: SocketNotes, words: str, now: float) -> None:
        """Look whether a join that is not exact still holds; one that another socket fits better is taken back."""
        if socket.said.fits(words, now) or not any(one.said.fits(words, now) for one in self._unjoined()):
            socket.mismatches = 0
            return
        socket.mismatches += 1
        if socket.mismatches < _CONTRADICTIONS:
            return
        socket.note("released", detail=record.way or "")
        self._on_join("released")
        log.warning("call join released", call_id=record.call_id, way=record.way)
        call_id, record.call_id, record.way, socket.mismatches = record.call_id, "", None, 0
        self._table.new(call_id=call_id)

"""Registry of calls: what each endpoint tells of its part, put together by call."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator

import msgspec
import structlog

from providers.calls.events import CallEvent
from providers.calls.export import detail_of
from providers.calls.joining import Joiner
from providers.calls.keys import call_key
from providers.calls.notes import CallNotes, KnownCall, SocketNotes, VoiceNotes
from providers.calls.record import CallRecord
from providers.calls.recording import Recorder
from providers.calls.shared import SharedHearing
from providers.calls.table import CallTable
from providers.turns.state import Hearing

__all__ = ["Calls"]

log = structlog.get_logger()

_RECONNECT = 30.0
"""Seconds after the end of a call within which a socket with the same key is the same call's."""

_OBSERVED, _FEW = 100, 5
"""First audios without the cache that are remembered, and from which on there is a usual one."""

_MOST_AMBIGUOUS = 1000
"""Keys of several calls that are remembered."""


class Calls:
    """Calls of one server process.

    Parameters
    ----------
    finished
        Finished calls that are kept.
    events
        Events that are kept of each call.
    on_join
        Is told each join's way.
    recorder
        Keeps audio and JSON of calls; None keeps nothing.
    shared
        Tells other processes what is heard, and asks them.
    all_sockets
        Whether this process has every socket of the server: only then calls are joined without a key.
    clock, wall
        Seconds: monotonic, and since the epoch.
    """

    def __init__(
        self,
        *,
        finished: int = 256,
        events: int = 2000,
        on_join: Callable[[str], None] = lambda way: None,
        recorder: Recorder | None = None,
        shared: SharedHearing | None = None,
        all_sockets: bool = True,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.clock = clock
        self.epoch = wall() - clock()
        """Seconds since the epoch at the clock's zero."""
        self.table = CallTable(finished=finished, events=events, clock=clock)
        self._joiner = Joiner(self.table, clock, on_join, all_sockets=all_sockets)
        self._recorder = recorder
        self._shared = shared
        self.elsewhere: Callable[[KnownCall], Awaitable[Hearing | None]] | None = None
        """Asks the other workers of this server what they hear of a call."""
        self._first_audios: deque[float] = deque(maxlen=_OBSERVED)
        self._told_unrendered = False
        self._tells_keyless = not all_sockets
        self._ambiguous: set[str] = set()
        """Keys that came with more than one call id, and so tell nothing."""

    def open_socket(self, query_string: bytes, *, customer: int = 0) -> SocketNotes:
        """Take note of a transcriber socket that was accepted; ``customer`` is its channel."""
        self.table.sweep()
        key = self._key(query_string)
        record = self.table.get(key)
        if record is None or (not self.table.is_live(record) and self.clock() - record.latest > _RECONNECT):
            record = self.table.new(key=key)
        self.table.revive(record)
        notes = SocketNotes(record, self.clock, customer=customer, recorder=self._recorder)
        if self._shared is not None:
            self._shared.follow(notes)
        notes.note("opened")
        self._joiner.opened(notes)
        return notes

    def close_socket(self, notes: SocketNotes, *, code: int, by: str) -> None:
        """Take note of a socket that closed."""
        notes.closed(code, by)
        if self._joiner.closed(notes):
            self._finish(notes.record)

    def voice(self, call_id: str, query_string: bytes, text: str, rate: int) -> VoiceNotes:
        """Take note of a voice request: what to say, at which rate (Hz)."""
        record = self._record_of(call_id, query_string)
        if record.call_id:
            record = self._joiner.by_evidence(record)
        notes = VoiceNotes(record, self.clock, rate=rate, on_miss=self._first_audios.append)
        notes.note("voice-asked", text)
        return notes

    def endpointing(self, call_id: str, query_string: bytes, words: str) -> KnownCall:
        """What is known of the call of an endpointing request that ends with the caller's words."""
        record = self._record_of(call_id, query_string)
        if record.call_id:
            record = self._joiner.by_evidence(record, words)
            self._tell_keyless(record)
        return self.known(record)

    def known(self, record: CallRecord) -> KnownCall:
        """What is known of a call here."""
        return KnownCall(record, self.clock, self._joiner.socket_of(record))

    async def hearing(self, known: KnownCall) -> Hearing | None:
        """What is heard of a call now, here or in the process of its socket; None when nothing is known."""
        heard = known.hearing()
        if heard is None and self.elsewhere is not None:
            heard = await self.elsewhere(known)
        if heard is None and self._shared is not None:
            heard = await self._shared.hearing(known)
        return heard

    def server_event(self, call_id: str, query_string: bytes, kind: str, text: str = "") -> CallNotes:
        """Take note of a Server URL message of this type."""
        notes = CallNotes(self._record_of(call_id, query_string), self.clock)
        notes.note("server", text, detail=kind)
        return notes

    def expect(self, call_id: str, key: str) -> None:
        """Let a key stand for a call id: the socket that brings the key is that call's."""
        self._identified(self.table.get(call_id) or self.table.new(), call_id, key)

    def end(self, notes: CallNotes, reason: str) -> None:
        """Take note that the platform has ended a call; its socket, if one is open, closes by itself."""
        notes.note("ended", detail=reason)
        if not notes.record.has_socket:
            self._finish(notes.record)
            self._describe(notes.record)  # also when it had finished already: now the platform has said why

    def stall(self, seconds: float) -> None:
        """Note in every live call that the server's loop was held."""
        now = self.clock()
        for record in self.table.live():
            audio = record.audio_clock() if record.audio_clock is not None else None
            record.note(CallEvent(now, "stall", audio, seconds=seconds))

    def usual_first_audio(self) -> float | None:
        """Seconds that the voice usually takes for what is not cached, median; None before there were a few."""
        return statistics.median(self._first_audios) if len(self._first_audios) >= _FEW else None

    def catch_up(self, record: CallRecord) -> None:
        """Look at the audio of a call that has come since the last look."""
        socket = self._joiner.socket_of(record)
        if socket is not None:
            socket.silence()

    def live(self) -> Iterator[CallRecord]:
        """Calls that go on, newest first."""
        self.table.sweep()
        return self.table.live()

    def _finish(self, record: CallRecord) -> None:
        self._joiner.forget(record)
        self.table.finish(record)
        self._describe(record)

    def _describe(self, record: CallRecord) -> None:
        """Write the call's JSON beside its recording."""
        if self._recorder is not None and any(event.kind == "opened" for event in record.events):
            usual = self.usual_first_audio()
            detail = detail_of(record, live=False, epoch=self.epoch, usual_first_audio=usual)
            self._recorder.describe(record.name, msgspec.json.encode(detail))

    async def aclose(self) -> None:
        """Wait until the recordings are written, and leave the other processes."""
        if self._recorder is not None:
            await self._recorder.aclose()
        if self._shared is not None:
            await self._shared.aclose()

    def _tell_keyless(self, record: CallRecord) -> None:
        """Say once that several workers need a key to know a call's sound."""
        if self._tells_keyless and not record.key:
            self._tells_keyless = False
            log.warning("call not joined", because="several workers", expected="?call=<key> in the call's URLs")

    def _key(self, query_string: bytes) -> str:
        key = call_key(query_string)
        if key.unrendered and not self._told_unrendered:
            self._told_unrendered = True
            log.info("call key", found="a template that the platform did not render", treated_as="absent")
        return "" if key.value in self._ambiguous else key.value

    def _record_of(self, call_id: str, query_string: bytes) -> CallRecord:
        """The record of a request that may bring a call id, a key or both; one in no list when it brings neither."""
        self.table.sweep()
        key = self._key(query_string)
        keyed = self.table.get(key)
        if not call_id:
            return (keyed or self.table.new(key=key)) if key else self.table.stranger()
        if keyed is not None and keyed.call_id not in ("", call_id):
            self._ambiguous_key(key)
            keyed, key = None, ""
        return self._identified(self.table.get(call_id) or keyed or self.table.new(), call_id, key)

    def _ambiguous_key(self, key: str) -> None:
        if len(self._ambiguous) < _MOST_AMBIGUOUS:
            self._ambiguous.add(key)
        log.warning("call key", found="one key in the URLs of several calls", treated_as="absent")

    def _identified(self, record: CallRecord, call_id: str, key: str) -> CallRecord:
        if record.call_id == call_id and key in ("", record.key):
            return record  # as nearly always
        record = self.table.identify(record, call_id, key)
        self._joiner.merged(record)
        self._joiner.by_key(record)
        return record

"""A call with every kind of event, put into a server's registry."""

from __future__ import annotations

from providers.calls.events import CallEvent, CallEventKind
from providers.calls.record import CallRecord
from providers.calls.registry import Calls

Row = tuple[float, CallEventKind, str, float | None, str]
"""Seconds since the begin, kind, text, seconds, detail."""

GREETING: list[Row] = [
    (0.0, "opened", "", None, ""),
    (0.02, "started", "", None, "16000 Hz, 2 channels"),
    (0.05, "first-frame", "", None, ""),
    (0.30, "voice-asked", "Thank you for calling the Blue Door. How can I help?", None, ""),
    (0.42, "joined", "", None, "key"),
    (0.61, "first-audio", "", 0.31, ""),
    (0.80, "speech-started", "", None, "assistant"),
    (3.40, "voice-ended", "", 2.9, "spoken"),
    (3.70, "speech-stopped", "", None, "assistant"),
]
FIRST: list[Row] = [
    (4.60, "speech-started", "", None, "customer"),
    (5.00, "partial", "i would", None, "customer"),
    (5.60, "partial", "i would like to book", None, "customer"),
    (6.30, "partial", "i would like to book a table for two", None, "customer"),
    (6.55, "speech-stopped", "", None, "customer"),
    (7.15, "final", "I would like to book a table for two", 6.5, "customer"),
    (7.20, "endpointing", "", 1.5, "no punctuation"),
    (9.50, "voice-asked", "Of course. On which day would you like to come?", None, ""),
    (9.80, "first-audio", "", 0.30, ""),
    (10.05, "speech-started", "", None, "assistant"),
    (11.80, "voice-ended", "", 2.4, "spoken"),
    (11.60, "speech-started", "", None, "customer"),
    (11.95, "partial", "tomorrow", None, "customer"),
    (12.05, "interrupted", "", None, "user-interrupted"),
    (12.20, "speech-stopped", "", None, "assistant"),
]
SECOND: list[Row] = [
    (12.90, "partial", "tomorrow evening at seven", None, "customer"),
    (13.10, "speech-stopped", "", None, "customer"),
    (13.20, "engine", "", None, "took-over espeak"),
    (13.62, "final", "Tomorrow evening at seven.", 13.0, "customer"),
    (13.66, "endpointing", "", 0.1, "punctuation"),
    (14.40, "stall", "", 0.3, ""),
    (14.75, "voice-asked", "A table for two, tomorrow at seven. See you then!", None, ""),
    (15.02, "first-audio", "", 0.27, ""),
    (15.30, "speech-started", "", None, "assistant"),
    (17.60, "voice-ended", "", 2.6, "spoken"),
    (18.00, "speech-stopped", "", None, "assistant"),
]
ENDING: list[Row] = [
    (18.60, "server", "", None, "end-of-call-report"),
    (18.70, "closed", "", None, "1000 by client"),
]
CALL_ID = "7420f27a-30fd-4f49-a995-5549ae7cc00d"


def note(record: CallRecord, begun: float, rows: list[Row]) -> None:
    """Append events to a record."""
    for at, kind, text, seconds, detail in rows:
        record.note(CallEvent(begun + at, kind, at, text, seconds, detail))


def begin(calls: Calls, rows: list[Row]) -> tuple[CallRecord, float]:
    """A live call of these events; returns it and when it began."""
    record = calls.table.identify(calls.table.new(), CALL_ID, "")
    record.has_socket = True
    begun = calls.clock() - 20.0
    note(record, begun, rows)
    return record, begun


def finished(calls: Calls) -> CallRecord:
    """A whole call that is over."""
    record, _ = begin(calls, GREETING + FIRST + SECOND + ENDING)
    record.has_socket = False
    calls.table.finish(record)
    return record

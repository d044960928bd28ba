"""Calls as JSON: what ``/api/calls`` answers with, and what is kept beside a recording."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from providers.calls.causes import Cause, PartName, explain
from providers.calls.events import CallEvent, CallEventKind, Way
from providers.calls.latency import TurnTimes, turns
from providers.calls.record import CallRecord
from providers.engines.base import Word

__all__ = ["CallDetail", "CallList", "CallSummary", "EventView", "detail_of", "event_view", "summary_of"]


class EventView(msgspec.Struct, omit_defaults=True):
    """One event of a call."""

    at: Annotated[float, Meta(description="Seconds since the call's first event.")]
    kind: CallEventKind
    audio: Annotated[float | None, Meta(description="Seconds of the call's audio.")] = None
    text: str = ""
    seconds: Annotated[float | None, Meta(description="A length of time; the kind says of what.")] = None
    detail: str = ""
    words: Annotated[
        tuple[Word, ...], Meta(description="Words of an answer, with their seconds from its first sample.")
    ] = ()


class SpokenLine(msgspec.Struct):
    """One line of a call's transcript."""

    at: Annotated[float, Meta(description="Seconds since the call's first event.")]
    speaker: Annotated[str, Meta(description="customer or assistant")]
    text: str


class TurnLatency(msgspec.Struct):
    """Where the time went between the caller's last sound and the assistant's first, in seconds."""

    at: Annotated[float, Meta(description="When the caller stopped: seconds since the call's first event.")]
    total: float
    transcriber: float
    endpointing: float
    model: float
    voice: float
    cause: Cause
    part: PartName | None
    explanation: Annotated[str, Meta(description="One sentence: why the caller waited.")]


class CallSummary(msgspec.Struct):
    """One call in a list."""

    id: Annotated[str, Meta(description="This server's own name of the call.")]
    call_id: Annotated[str, Meta(description="The platform's id; empty while it is not known.")]
    joined: Annotated[Way | None, Meta(description="How socket and call id were joined.")]
    live: bool
    started: Annotated[str, Meta(description="ISO 8601, UTC.")]
    seconds: Annotated[float, Meta(description="From the first event to the last.")]
    turns: int
    longest_wait: Annotated[float | None, Meta(description="Seconds of the slowest turn.")]
    ended: Annotated[str, Meta(description="How it ended; empty while it goes on.")]


class CallList(msgspec.Struct):
    """Calls of the server, live ones first, newest first."""

    calls: list[CallSummary]
    workers: Annotated[int, Meta(description="Processes of the server whose calls are listed.")] = 1
    silent_workers: Annotated[int, Meta(description="Processes that did not answer in time.")] = 0


class CallDetail(CallSummary):
    """Everything that is known of one call."""

    key: str
    transcript: list[SpokenLine]
    latencies: list[TurnLatency]
    events: list[EventView]
    dropped_events: Annotated[int, Meta(description="Events that were left out for --calls-events.")]


def summary_of(record: CallRecord, *, live: bool, epoch: float) -> CallSummary:
    """A call in short; ``epoch`` is the Unix time of the clock's zero."""
    found = turns(record.events)
    return CallSummary(**_summary(record, found, live=live, epoch=epoch))


def detail_of(record: CallRecord, *, live: bool, epoch: float, usual_first_audio: float | None = None) -> CallDetail:
    """A call with its events, transcript and the explanation of each turn's delay."""
    found = turns(record.events)
    return CallDetail(
        **_summary(record, found, live=live, epoch=epoch),
        key=record.key,
        transcript=_transcript(record),
        latencies=[_latency(turn, record.begun, usual_first_audio) for turn in found],
        events=[event_view(event, record.begun) for event in sorted(record.events, key=lambda event: event.at)],
        dropped_events=record.dropped,
    )


def event_view(event: CallEvent, begun: float) -> EventView:
    """An event with times that mean something outside this process."""
    return EventView(
        at=_rounded(event.at - begun),
        kind=event.kind,
        audio=None if event.audio is None else _rounded(event.audio),
        text=event.text,
        seconds=None if event.seconds is None else _rounded(event.seconds),
        detail=event.detail,
        words=tuple(Word(word.text, _rounded(word.start), _rounded(word.end)) for word in event.words),
    )


def _summary(record: CallRecord, found: list[TurnTimes], *, live: bool, epoch: float) -> dict[str, Any]:
    ends = [f"{event.kind} {event.detail}".strip() for event in record.events if event.kind in ("closed", "ended")]
    started = datetime.fromtimestamp(epoch + record.begun, UTC)
    return {
        "id": record.name,
        "call_id": record.call_id,
        "joined": record.way,
        "live": live,
        "started": started.isoformat(timespec="milliseconds"),
        "seconds": _rounded(record.latest - record.begun),
        "turns": len(found),
        "longest_wait": max((_rounded(turn.parts.total) for turn in found), default=None),
        "ended": "" if live or not ends else ends[-1],
    }


def _transcript(record: CallRecord) -> list[SpokenLine]:
    lines = []
    for event in sorted(record.events, key=lambda event: event.at):
        if event.kind == "final":
            lines.append(SpokenLine(_rounded(event.at - record.begun), event.detail or "customer", event.text))
        elif event.kind == "voice-asked":
            lines.append(SpokenLine(_rounded(event.at - record.begun), "assistant", event.text))
    return lines


def _latency(turn: TurnTimes, begun: float, usual: float | None) -> TurnLatency:
    why, parts = explain(turn, usual), turn.parts
    return TurnLatency(
        at=_rounded(turn.stopped - begun),
        total=_rounded(parts.total),
        transcriber=_rounded(parts.transcriber),
        endpointing=_rounded(parts.endpointing),
        model=_rounded(parts.model),
        voice=_rounded(parts.voice),
        cause=why.cause,
        part=why.part,
        explanation=why.sentence,
    )


def _rounded(seconds: float) -> float:
    return round(seconds, 3)

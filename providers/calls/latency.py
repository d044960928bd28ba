"""Latency of each turn, in the platform's four parts: transcriber, endpointing, model, voice. Pure: from events alone.

::

    caller stops ─transcriber─▶ final ─endpointing─▶ turn over ─model─▶ voice request ─voice─▶ assistant is heard

The caller's stop and the assistant's start are taken from the call's own audio where there is a socket, so that network
and playback are in the figure; otherwise from the transcript's times and from the first audio that was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from providers.calls.events import CallEvent

__all__ = ["Parts", "TurnTimes", "turns"]

RULE_PUNCTUATED, RULE_NUMBER, RULE_OTHER = 0.1, 0.5, 1.5
"""Seconds of the platform's own rules, for turns without an endpointing request."""

_MARKS = ".?!。？！؟।…"


@dataclass(frozen=True, slots=True)
class Parts:
    """Where a turn's time went, in seconds."""

    transcriber: float
    endpointing: float
    model: float
    voice: float

    @property
    def total(self) -> float:
        """From the caller's last sound to the assistant's first."""
        return self.transcriber + self.endpointing + self.model + self.voice


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """One turn of the caller and the beginning of the reply to it."""

    events: tuple[CallEvent, ...]
    """Events from the previous reply to this one's end."""
    spoken_before: str
    """What the assistant said before."""
    stopped: float
    """When the caller stopped speaking."""
    final: CallEvent
    """The last transcript before the reply, a final where there is one."""
    asked: CallEvent | None
    """The last endpointing request before the reply."""
    voice: CallEvent
    """The first voice request of the reply."""
    first_audio: CallEvent | None
    heard: float
    """When the assistant was heard, or its first audio was sent."""
    parts: Parts

    @property
    def words(self) -> str:
        """The caller's finals of this turn, or the last partial."""
        finals = [event.text for event in self.events if event.kind == "final" and event.at <= self.voice.at]
        return " ".join(finals) or self.final.text

    def between(self, begin: float, end: float, *kinds: str) -> list[CallEvent]:
        """The events of some kinds within a stretch of time."""
        return [event for event in self.events if event.kind in kinds and begin <= event.at <= end]


def turns(events: Sequence[CallEvent]) -> list[TurnTimes]:
    """The turns of a call that were replied to, in order."""
    ordered = sorted(events, key=lambda event: event.at)
    found: list[TurnTimes] = []
    begin, spoken = 0, ""
    for index, event in enumerate(ordered):
        if event.kind != "voice-asked" or index < begin:
            continue
        words = [one for one in ordered[begin:index] if _is_customers(one)]
        if not words:
            spoken = f"{spoken} {event.text}".strip()  # one more part of the same reply
            continue
        end = _end_of_reply(ordered, index)
        found.append(_turn(ordered[begin : end + 1], spoken, words, event))
        begin, spoken = end + 1, event.text
    return found


def closing(text: str) -> str:
    """How a text ends, as the platform's rules see it: number, mark or nothing."""
    words = text.rstrip()
    bare = words.rstrip(_MARKS + "\"' ")
    if bare and bare[-1].isdigit():
        return "number"
    return "mark" if words and words[-1] in _MARKS else "nothing"


def _is_customers(event: CallEvent) -> bool:
    return event.kind in ("partial", "final") and event.detail != "assistant"


def _end_of_reply(events: Sequence[CallEvent], index: int) -> int:
    """Index of the last event before the caller's next transcript or the reply's next part.

    A voice request that comes before any audio is another try at the first part: that one was refused or failed.
    """
    last, begun = index, False
    for at in range(index + 1, len(events)):
        event = events[at]
        if _is_customers(event) or (event.kind == "voice-asked" and begun):
            break
        begun = begun or event.kind == "first-audio"
        last = at
    return last


def _turn(events: Sequence[CallEvent], spoken: str, words: Sequence[CallEvent], voice: CallEvent) -> TurnTimes:
    final = next((event for event in reversed(words) if event.kind == "final"), words[-1])
    stopped = min(_stopped(events, final, voice), final.at)
    asked = next((event for event in reversed(events) if event.kind == "endpointing" and event.at <= voice.at), None)
    first_audio = next((event for event in events if event.kind == "first-audio" and event.at >= voice.at), None)
    heard = _heard(events, voice, first_audio)
    over = min(_turn_over(asked, final), voice.at)
    parts = Parts(
        transcriber=max(0.0, final.at - stopped),
        endpointing=max(0.0, over - final.at),
        model=max(0.0, voice.at - max(over, final.at)),
        voice=max(0.0, heard - voice.at),
    )
    return TurnTimes(tuple(events), spoken, stopped, final, asked, voice, first_audio, heard, parts)


def _stopped(events: Sequence[CallEvent], final: CallEvent, voice: CallEvent) -> float:
    """When the caller stopped: the last end of speech before the final, else before the reply, else by the words."""
    ends = [event.at for event in events if event.kind == "speech-stopped" and event.detail == "customer"]
    for limit in (final.at, voice.at):
        if before := [at for at in ends if at <= limit]:
            return before[-1]
    if final.seconds is not None and final.audio is not None:
        return final.at - max(0.0, final.audio - final.seconds)
    return final.at


def _turn_over(asked: CallEvent | None, final: CallEvent) -> float:
    """When the platform may go on: after the last endpointing answer, or by its own rules."""
    if asked is not None and asked.seconds is not None:
        return max(asked.at, final.at) + asked.seconds if asked.at <= final.at else asked.at + asked.seconds
    rule = {"mark": RULE_PUNCTUATED, "number": RULE_NUMBER, "nothing": RULE_OTHER}[closing(final.text)]
    return final.at + rule


def _heard(events: Sequence[CallEvent], voice: CallEvent, first_audio: CallEvent | None) -> float:
    """When the reply was heard: on the assistant's channel, by the platform's word, or when it was sent."""
    begun = first_audio.at if first_audio is not None else voice.at
    for event in events:
        if event.at >= begun and event.kind == "speech-started" and event.detail == "assistant":
            return event.at
    for event in events:
        if event.at >= begun and event.kind == "server" and event.detail == "assistant.speechStarted":
            return event.at
    return begun

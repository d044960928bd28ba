"""The play-out clock: which sound of which voice request is heard when, computed from what arrived.

Sounds are heard one after the other. A sound begins when it is the first of the queue, some of it is there, and its
earliest moment and the block after an interruption are over; it stops where nothing more is there and goes on with what
arrives.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from providers.emulator.conversation.commands import PlayedSpan

_SAME = 1e-9
"""Seconds below which two moments are one."""


@dataclass(frozen=True, slots=True)
class PlayoutEvent:
    """A change in what is heard."""

    at: float
    request: int
    kind: Literal["started", "finished", "underrun"]


@dataclass(slots=True)
class Sound:
    """The sound of one voice request."""

    request: int
    wait: float
    """Seconds between the first of it and the earliest moment to play it."""
    not_before: float
    received: float = 0.0
    """Seconds."""
    played: float = 0.0
    complete: bool = False
    started: bool = False
    starved: float | None = None
    """When its sound ran out; None while there is some."""


class Playout:
    """The queue of sounds; times are seconds since the call began and never go back."""

    def __init__(self) -> None:
        self._queue: deque[Sound] = deque()
        self._spans: list[PlayedSpan] = []
        self._blocked_until = 0.0
        self._now = 0.0

    def expect(self, request: int, *, wait: float = 0.0, not_before: float = 0.0, first: bool = False) -> None:
        """Queue a sound whose first bytes are still to come; ``first`` puts it before the others."""
        sound = Sound(request, wait, not_before)
        if first:
            self._queue.appendleft(sound)
        else:
            self._queue.append(sound)

    def replace(self, request: int, other: int) -> None:
        """Put a request in the place of one of which nothing was heard."""
        for sound in self._queue:
            if sound.request == request:
                sound.request, sound.received, sound.complete = other, 0.0, False

    def receive(self, request: int, seconds: float) -> float:
        """Take sound in, now; returns the seconds of silence that it ends where the sound had run out."""
        silence = 0.0
        for sound in self._queue:
            if sound.request == request:
                if not sound.received:
                    sound.not_before = max(sound.not_before, self._now + sound.wait)
                sound.received += seconds
                if sound.starved is not None:
                    silence, sound.starved = self._now - sound.starved, None
        return silence

    def complete(self, request: int) -> None:
        """Note that no more of a sound will come."""
        for sound in self._queue:
            if sound.request == request:
                sound.complete = True

    def drop(self, request: int) -> None:
        """Forget what is left of a sound."""
        self._queue = deque(sound for sound in self._queue if sound.request != request)

    def block(self, until: float) -> None:
        """Let nothing begin before ``until``."""
        self._blocked_until = max(self._blocked_until, until)

    def clear(self) -> None:
        """Drop all sound that was not heard."""
        self._queue.clear()

    def next_change(self) -> float | None:
        """The next moment at which something begins, ends or runs out, as far as is known."""
        if not self._queue:
            return None
        head = self._queue[0]
        left = head.received - head.played
        if not head.started:
            if head.received:
                return max(self._now, head.not_before, self._blocked_until)
            return self._now if head.complete else None
        if left <= _SAME:
            return self._now if head.complete or head.starved is None else None
        return self._now + left

    def advance(self, to: float) -> list[PlayoutEvent]:
        """Play up to a moment; events at exactly that moment are included."""
        events: list[PlayoutEvent] = []
        while self._queue:
            change = self.next_change()
            if change is not None and change <= to + _SAME:
                self._play(min(change, to))
                events += self._change(self._queue[0])
                continue
            break
        self._play(to)
        return events

    def spans(self) -> list[PlayedSpan]:
        """What was heard since the last call."""
        found, self._spans = self._spans, []
        return found

    def _change(self, head: Sound) -> list[PlayoutEvent]:
        """What happens to the first sound now."""
        if not head.started:
            if not head.received:
                self._queue.popleft()
                return []
            head.started = True
            return [PlayoutEvent(self._now, head.request, "started")]
        if head.complete:
            self._queue.popleft()
            return [PlayoutEvent(self._now, head.request, "finished")]
        head.starved = self._now
        return [PlayoutEvent(self._now, head.request, "underrun")]

    def _play(self, to: float) -> None:
        if self._queue and self._queue[0].started:
            head = self._queue[0]
            seconds = min(max(0.0, to - self._now), head.received - head.played)
            if seconds > 0:
                self._heard(PlayedSpan(self._now, head.request, head.played, seconds))
                head.played += seconds
                if head.received - head.played <= _SAME:
                    head.played = head.received
        self._now = max(self._now, to)

    def _heard(self, span: PlayedSpan) -> None:
        last = self._spans[-1] if self._spans else None
        if last is not None and last.request == span.request and abs(last.at + last.seconds - span.at) < _SAME:
            self._spans[-1] = PlayedSpan(last.at, last.request, last.offset, last.seconds + span.seconds)
        else:
            self._spans.append(span)

    def played(self, request: int) -> float:
        """Seconds of a queued sound that were heard."""
        return next((sound.played for sound in self._queue if sound.request == request), 0.0)

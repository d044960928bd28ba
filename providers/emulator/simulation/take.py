"""One run of a scenario: what happened, and the latencies in the platform's names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from dsp import Samples
from providers.emulator.conversation.commands import ConversationEvent, PlayedSpan
from providers.emulator.simulation.scenario import Scenario


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """A line of the caller's, as it was said."""

    text: str
    start: float
    """Seconds since the call began."""
    end: float


@dataclass(frozen=True, slots=True)
class TurnLatency:
    """Where the wait after one turn of the caller's went, in seconds; None where a step did not happen."""

    turn: float
    """From the end of the caller's words to the assistant's first sound."""
    transcriber: float | None
    """… to the last final."""
    endpointing: float | None
    """From there to the end of turn."""
    model: float | None
    """From the question to the model's first word."""
    voice: float | None
    """From the first voice request to its first sound."""


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """One run."""

    scenario: Scenario
    number: int
    """Counted from 1."""
    parts: tuple[tuple[int, SpokenLine], ...]
    """What the caller said between pauses, each with the number of its line."""
    events: tuple[ConversationEvent, ...]
    played: tuple[PlayedSpan, ...]
    """What the caller heard."""
    messages: tuple[dict[str, object], ...]
    """The conversation as it was remembered."""
    ended: str | None
    """None: it went on until the scenario's longest time."""
    seconds: float
    sound: Samples | None = field(default=None)
    """Caller left, assistant right, shape (n, 2); None in virtual time."""

    @property
    def lines(self) -> list[SpokenLine]:
        """The caller's lines, pauses included."""
        found: dict[int, SpokenLine] = {}
        for number, part in self.parts:
            begun = found.get(number)
            text = f"{begun.text} … {part.text}" if begun else part.text
            found[number] = SpokenLine(text, begun.start if begun else part.start, part.end)
        return list(found.values())

    def answered(self) -> list[ConversationEvent]:
        """The ends of the caller's turns that were not taken back."""
        found: list[ConversationEvent] = []
        for event in self.of_kind("turn-ended", "answer-cancelled"):
            if event.kind == "turn-ended":
                found.append(event)
            elif found:
                found.pop()
        return found

    def of_kind(self, *kinds: str) -> list[ConversationEvent]:
        """The events of some kinds, in order."""
        return [event for event in self.events if event.kind in kinds]

    def speeches(self) -> list[tuple[float, float, str]]:
        """When the assistant spoke, and what was heard of it."""
        found: list[tuple[float, float, str]] = []
        start: float | None = None
        for event in self.of_kind("speech-started", "speech-stopped"):
            if event.kind == "speech-started":
                start = event.at
            elif start is not None:
                found.append((start, event.at, str(event.detail.get("text", ""))))
                start = None
        return found if start is None else [*found, (start, self.seconds, "")]

    def latencies(self) -> list[TurnLatency]:
        """One for each turn of the caller's that was answered."""
        return list(_latencies(self))


def _latencies(take: Take) -> Iterator[TurnLatency]:
    ends = take.answered()
    for index, ended in enumerate(ends):
        until = ends[index + 1].at if index + 1 < len(ends) else take.seconds
        after = [event for event in take.events if ended.at <= event.at <= until]
        heard = _first(after, "speech-started")
        said = [part.end for _, part in take.parts if part.end <= ended.at + 0.05]
        if heard is None or not said:
            continue
        finals = [e.at for e in take.of_kind("transcript") if e.detail.get("final") and e.at <= ended.at]
        last = finals[-1] if finals else None
        yield TurnLatency(
            turn=heard - said[-1],
            transcriber=None if last is None else max(last - said[-1], 0.0),
            endpointing=None if last is None else ended.at - max(last, said[-1]),
            model=_between(after, "model-asked", "model-first-word"),
            voice=_between(after, "voice-asked", "first-audio"),
        )


def _first(events: Sequence[ConversationEvent], kind: str) -> float | None:
    return next((event.at for event in events if event.kind == kind), None)


def _between(events: Sequence[ConversationEvent], asked: str, answered: str) -> float | None:
    question, answer = _first(events, asked), _first(events, answered)
    return None if question is None or answer is None else answer - question


NAMES = ("turn", "transcriber", "endpointing", "model", "voice")


def summary(takes: Sequence[Take]) -> dict[str, float | int]:
    """The platform's averages, in milliseconds, and percentiles beside them."""
    turns = [latency for take in takes for latency in take.latencies()]
    found: dict[str, float | int] = {"turnCount": len(turns)}
    for name in NAMES:
        values = [value for turn in turns if (value := getattr(turn, name)) is not None]
        if values:
            title = name.capitalize()
            found[f"avg{title}"] = round(1000 * float(np.mean(values)))
            found[f"p50{title}"], found[f"p95{title}"] = (
                round(1000 * float(np.percentile(values, p))) for p in (50, 95)
            )
    return found

"""The scripted caller: what is said next, and the moment at which it begins, by what the assistant does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.simulation.scenario import Line, Scenario

AFTER = 0.6
"""Seconds after the assistant has finished, where a line does not say when it begins."""
PAUSE = 0.8
"""Seconds of a pause inside a line, where it does not say how long."""
_PAUSE_MARK = re.compile(r"\s*(?:…|\.\.\.)\s*")

Moment: TypeAlias = Literal["call", "reply", "into-reply", "own"]
"""What a step waits for: the call's begin, the assistant's stop, the assistant's start, the step before."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something the caller does without a break: speak, stay silent, or hang up."""

    kind: Literal["speak", "silence", "hangup"]
    moment: Moment
    delay: float
    """Seconds after that moment."""
    text: str = ""
    line: int = 0
    """Which line of the scenario it belongs to."""
    part: int = 0
    """Which part of that line: pauses divide it."""
    seconds: float = 0.0
    """How long it lasts."""


@dataclass(slots=True)
class ScriptedCaller:
    """Steps in their order; each begins when what it waits for has happened.

    ``follow`` is told every event of the conversation, ``next`` gives the steps that can be timed by now.
    """

    steps: Sequence[Step]
    _at: int = 0
    _own_end: float = 0.0
    _stopped: float | None = None
    _started: float | None = None

    def follow(self, event: ConversationEvent) -> None:
        """Take note of an event."""
        if event.kind == "speech-started":
            self._started, self._stopped = event.at, None
        elif event.kind == "speech-stopped" and not event.detail.get("interrupted"):
            self._started, self._stopped = None, event.at
        elif event.kind == "speech-stopped":
            self._started = None

    def next(self) -> Iterator[tuple[float, Step]]:
        """Steps that were not given yet, each with the second of the call at which it begins."""
        while self._at < len(self.steps):
            step = self.steps[self._at]
            moment = self._moment(step)
            if moment is None:
                return
            begin = max(moment + step.delay, self._own_end)
            self._own_end = begin + step.seconds
            self._at += 1
            self._stopped = self._started = None
            yield begin, step

    @property
    def done(self) -> bool:
        """Whether all steps have been given."""
        return self._at == len(self.steps)

    def _moment(self, step: Step) -> float | None:
        match step.moment:
            case "call":
                return 0.0
            case "own":
                return self._own_end
            case "reply":
                return self._stopped
            case "into-reply":
                return self._started


def steps_of(scenario: Scenario, seconds: Sequence[Sequence[float]]) -> list[Step]:
    """The steps of a scenario; ``seconds`` says how long each part of each line lasts."""
    found: list[Step] = []
    speaks_first = scenario.assistant.first_message_mode != "assistant-waits-for-user"
    greeted = speaks_first and scenario.assistant.first_message != ""
    for index, line in enumerate(scenario.caller):
        quiet_before = index > 0 and scenario.caller[index - 1].silence is not None
        moment, delay = _begin(line, greeted=greeted or index > 0, quiet_before=quiet_before)
        if line.hangup or line.silence is not None:
            kind: Literal["hangup", "silence"] = "hangup" if line.hangup else "silence"
            found.append(Step(kind, moment, delay, line=index, seconds=line.silence or 0.0))
            continue
        for part, text in enumerate(parts_of(line)):
            if part:
                moment, delay = "own", line.pauses[part - 1] if part <= len(line.pauses) else PAUSE
            found.append(Step("speak", moment, delay, text, index, part, seconds[index][part]))
    return found


def parts_of(line: Line) -> list[str]:
    """The words of a line between its pauses; a recording is one part."""
    if line.say is None:
        return [line.text] if line.wav is not None else []
    return [part for part in _PAUSE_MARK.split(line.say) if part]


def _begin(line: Line, *, greeted: bool, quiet_before: bool) -> tuple[Moment, float]:
    if line.interrupt is not None:
        return "into-reply", line.interrupt
    if line.overlap is not None:
        return "own", line.overlap
    if quiet_before:
        return "own", line.after or 0.0
    delay = line.after if line.after is not None else 0.0 if line.silence is not None or line.hangup else AFTER
    return ("reply" if greeted else "call"), delay

"""The driver in virtual time: jumps from event to event, without sound, sockets or a clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from providers.emulator.conversation import commands, inputs
from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.behaviour import Behaviour
from providers.emulator.conversation.commands import ConversationEvent, PlayedSpan
from providers.emulator.conversation.conversation import Conversation
from providers.emulator.conversation.history import History
from providers.emulator.conversation.virtual_parts import (
    CallerLine,
    EarPart,
    EndpointingPart,
    EndpointingPlan,
    ModelPart,
    ScriptedModel,
    SteadyEar,
    SteadyVoice,
    ToolPart,
    VoicePart,
)

_LONGEST = 24 * 3600.0
"""Seconds; a call that does not end by itself is cut here."""


@dataclass(frozen=True, slots=True)
class VirtualWorld:
    """What surrounds a call: endpoints, model, tools."""

    voice: VoicePart = SteadyVoice()
    ear: EarPart = SteadyEar()
    model: ModelPart = field(default_factory=lambda: ScriptedModel(("All right.",)))
    endpointing: EndpointingPart = field(default=lambda messages: EndpointingPlan(0.03, 0.3))
    tools: ToolPart = field(default=lambda name, parameters: (0.2, "done"))


@dataclass(slots=True)
class VirtualRecord:
    """Everything one call showed."""

    events: list[ConversationEvent] = field(default_factory=list)
    spans: list[PlayedSpan] = field(default_factory=list)
    """What the caller heard."""
    sent: list[tuple[float, commands.Send]] = field(default_factory=list)
    """Messages of the platform's, each with its moment."""
    asked: list[tuple[float, commands.Command]] = field(default_factory=list)
    """All other commands."""
    history: History | None = None
    ended_reason: str | None = None
    """None: the call went on."""
    seconds: float = 0.0
    """Length of the call."""

    def of_kind(self, *kinds: str) -> list[ConversationEvent]:
        """The events of some kinds, in order."""
        return [event for event in self.events if event.kind in kinds]

    def messages(self, kind: str) -> list[dict[str, Any]]:
        """The platform's messages of a type."""
        return [send.message for _, send in self.sent if send.message["type"] == kind]


class VirtualCall:
    """One call in virtual time; `run` plays it.

    Parameters
    ----------
    lines : Sequence[CallerLine]
        What the caller says, in order.
    hang_up_after : float | None
        Seconds after which the caller hangs up; None: never.
    on_event : Callable[[ConversationEvent], None]
        Told every entry of the log; it may have something come in by `schedule` and `say`.
    """

    def __init__(
        self,
        assistant: Assistant,
        world: VirtualWorld | None = None,
        lines: Sequence[CallerLine] = (),
        *,
        behaviour: Behaviour | None = None,
        call_id: str = "virtual",
        hang_up_after: float | None = None,
        on_event: Callable[[ConversationEvent], None] = lambda event: None,
    ) -> None:
        self.conversation = Conversation(assistant, call_id, behaviour=behaviour, epoch=1_790_000_000.0)
        self.record = VirtualRecord(history=self.conversation.history)
        self._world = world or VirtualWorld()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._now = 0.0
        self._lines = list(lines)
        self._on_event = on_event
        self._cancelled: set[tuple[str, int]] = set()
        self.schedule(0.0, inputs.Answered())
        if hang_up_after is not None:
            self.schedule(hang_up_after, inputs.HungUp())

    def schedule(self, at: float, given: inputs.Input) -> None:
        """Have something come in at a moment."""
        self._later(at, lambda: self.conversation.receive(given, at))

    def run(self, until: float = _LONGEST) -> VirtualRecord:
        """Play the call to its end, or to ``until`` seconds."""
        self._next_line("")
        while self.conversation.ended_reason is None:
            timer = self.conversation.next_timer()
            agenda = self._agenda[0][0] if self._agenda else None
            moments = [moment for moment in (timer, agenda) if moment is not None]
            if not moments or min(moments) > until:
                break
            self._now = max(self._now, min(moments))
            if agenda is not None and agenda <= self._now and (timer is None or agenda < timer or timer > self._now):
                heapq.heappop(self._agenda)[2]()
            else:
                self.conversation.advance(self._now)
            self._work()
        if self.conversation.ended_reason is None and until < _LONGEST:
            self.conversation.advance(until)
            self._now = until
            self._work()
        self.record.ended_reason, self.record.seconds = self.conversation.ended_reason, self._now
        return self.record

    def _later(self, at: float, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (max(at, self._now), self._count, action))

    def _work(self) -> None:
        """Do what the conversation asks for, and let the caller follow what happens."""
        self.record.spans += self.conversation.heard()
        for command in self.conversation.commands():
            if isinstance(command, commands.Send):
                self.record.sent.append((self._now, command))
            else:
                self.record.asked.append((self._now, command))
                self._do(command)
        for event in self.conversation.events():
            self.record.events.append(event)
            self._on_event(event)
            if event.kind in ("speech-started", "speech-stopped"):
                self._next_line(event.kind)

    def _do(self, command: commands.Command) -> None:
        match command:
            case commands.AskVoice(request, text, voice):
                self._voice(request, text, voice)
            case commands.AskModel(request, messages):
                self._model(request, messages)
            case commands.AskEndpointing(request, messages):
                plan = self._world.endpointing(messages)
                self.schedule(self._now + plan.delay, inputs.EndpointingAnswered(request, plan.seconds))
            case commands.CancelVoice(request):
                self._cancelled.add(("voice", request))
            case commands.CancelModel(request):
                self._cancelled.add(("model", request))
            case commands.CallTool(tool_call_id, name, parameters):
                delay, result = self._world.tools(name, parameters)
                self.schedule(self._now + delay, inputs.ToolAnswered(tool_call_id, result))

    def _unless_cancelled(self, part: str, request: int, delay: float, given: inputs.Input) -> None:
        at = self._now + delay

        def arrive() -> None:
            if (part, request) not in self._cancelled:
                self.conversation.receive(given, at)

        self._later(at, arrive)

    def _voice(self, request: int, text: str, voice: int) -> None:
        plan = self._world.voice(text, voice)
        for delay, seconds in plan.sound:
            self._unless_cancelled("voice", request, delay, inputs.VoiceAudio(request, seconds))
        if plan.ends is not None:
            self._unless_cancelled("voice", request, plan.ends, inputs.VoiceDone(request, plan.error))

    def _model(self, request: int, messages: Sequence[dict[str, Any]]) -> None:
        plan = self._world.model(messages)
        for delay, piece in plan.words:
            self._unless_cancelled("model", request, delay, inputs.ModelText(request, piece))
        for index, (name, parameters) in enumerate(plan.tools):
            wish = inputs.ModelToolCall(request, f"call-{request}-{index}", name, parameters)
            self._unless_cancelled("model", request, plan.ends, wish)
        self._unless_cancelled("model", request, plan.ends, inputs.ModelDone(request, plan.error))

    def _next_line(self, kind: str) -> None:
        """Let the caller say the next line, where what it waits for has happened."""
        while self._lines:
            line = self._lines[0]
            if line.at is not None:
                begin = line.at
            elif kind == "speech-stopped" and line.after_reply is not None:
                begin, kind = self._now + line.after_reply, ""
            elif kind == "speech-started" and line.into_reply is not None:
                begin, kind = self._now + line.into_reply, ""
            else:
                return
            self._lines.pop(0)
            self.say(line, begin)

    def say(self, line: CallerLine, begin: float) -> None:
        """Have the caller say a line from a moment on."""
        self.schedule(begin, inputs.CallerSpeech(speaking=True))
        self.schedule(begin + line.lasts, inputs.CallerSpeech(speaking=False))
        heard = line.heard if line.heard is not None else self._world.ear(line.text, line.lasts)
        for transcript in heard:
            said = inputs.TranscriptHeard(transcript.text, transcript.final)
            self.schedule(begin + transcript.delay, said)

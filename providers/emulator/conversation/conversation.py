"""The conversation core: what came in goes to the parts, what they tell each other is passed on here.

::

    created ─▶ ringing ─▶ in-progress ─▶ forwarding ─▶ ended
                               │                        ▲
                               └────────────────────────┘
"""

from __future__ import annotations

import time
from typing import Any, Literal

from providers.emulator.conversation import inputs
from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.behaviour import Behaviour
from providers.emulator.conversation.call_end import CallEnd
from providers.emulator.conversation.client_messages import ClientMessages
from providers.emulator.conversation.commands import Command, ConversationEvent, OpenTranscriber, PlayedSpan
from providers.emulator.conversation.context import (
    CallerInterrupted,
    Context,
    Happening,
    MustEnd,
    SpeechBegan,
    SpeechOver,
    ToolsAnswered,
    TurnEnded,
    VoicesFailed,
)
from providers.emulator.conversation.dialogue import Dialogue
from providers.emulator.conversation.history import History

Status = Literal["created", "ringing", "in-progress", "forwarding", "ended"]


class Conversation:
    """One call of the platform's.

    Parameters
    ----------
    assistant : Assistant
        Who answers.
    call_id : str
        Identity of the call; also the seed of everything random.
    epoch : float | None
        Seconds since 1970 at which the call begins; None is now.
    variables : dict
        Values for the assistant's texts, over its own ``variableValues``.

    Raises
    ------
    PlanError
        A plan of the assistant's cannot be used, or a package for it is missing.
    """

    def __init__(
        self,
        assistant: Assistant,
        call_id: str,
        *,
        behaviour: Behaviour | None = None,
        epoch: float | None = None,
        variables: dict[str, Any] | None = None,
    ) -> None:
        values = assistant.variable_values | {"call": {"id": call_id}} | (variables or {})
        began = time.time() if epoch is None else epoch
        self._context = Context(assistant, behaviour or Behaviour(), epoch=began, variables=values)
        self._dialogue = Dialogue(self._context, call_id=call_id)
        self._dialogue.check()
        self._end = CallEnd(self._context, self._dialogue)
        self._client = ClientMessages(self._context, self._dialogue, self._end)
        self._transcriber = 0
        self._status: Status = "created"

    # The driver's side.

    def receive(self, given: inputs.Input, at: float) -> None:
        """Take in what happened at ``at``, seconds since the call began; first all that was due until then."""
        self.advance(at)
        if not self._end.over:
            self._take(given)
            self._settle()

    def advance(self, at: float) -> None:
        """Do all that is due until ``at``; earlier moments than the last one count as that one."""
        context, playout = self._context, self._dialogue.speaker.playout
        at = max(at, context.now)
        while not self._end.over:
            due = self.next_timer()
            if due is None or due > at:
                break
            context.now = max(context.now, due)
            for event in playout.advance(context.now):
                self._dialogue.speaker.played(event)
                self._settle()
            action = context.timers.take_due(context.now)
            if action is not None:
                action()
            self._settle()
        context.now = at
        for event in playout.advance(at):
            self._dialogue.speaker.played(event)
            self._settle()

    def next_timer(self) -> float | None:
        """The moment at which `advance` has something to do; None: not before something comes in."""
        if self._end.over:
            return None
        change = self._dialogue.speaker.playout.next_change()
        timer = self._context.timers.next()
        moments = [moment for moment in (change, timer) if moment is not None]
        return max(self._context.now, min(moments)) if moments else None

    def commands(self) -> list[Command]:
        """What the driver has to do, since the last call."""
        found, self._context.commands = self._context.commands, []
        return found

    def events(self) -> list[ConversationEvent]:
        """What was written to the log, since the last call."""
        found, self._context.events = self._context.events, []
        return found

    def heard(self) -> list[PlayedSpan]:
        """Which sound the caller heard, since the last call."""
        return self._dialogue.speaker.playout.spans()

    @property
    def history(self) -> History:
        """What was said."""
        return self._context.history

    @property
    def status(self) -> Status:
        """The state of the call."""
        return "ended" if self._end.over else self._status

    @property
    def ended_reason(self) -> str | None:
        """Why the call ended; None while it goes on."""
        return self._end.reason

    @property
    def customer_muted(self) -> bool:
        """True while the transcriber is to get silence in place of the caller."""
        return self._client.customer_muted

    # What comes in.

    def _take(self, given: inputs.Input) -> None:
        match given:
            case inputs.Ringing():
                if self._status == "created":
                    self._become("ringing")
            case inputs.Answered():
                self._answered()
            case inputs.HungUp(reason):
                self._end.now(reason)
            case _ if self._status == "in-progress":
                self._take_in_progress(given)

    def _take_in_progress(self, given: inputs.Input) -> None:
        dialogue, speaker = self._dialogue, self._dialogue.speaker
        match given:
            case inputs.CallerSpeech(speaking):
                dialogue.caller_speech(speaking=speaking and not self.customer_muted)
            case inputs.TranscriptHeard(text, final):
                dialogue.transcript(text, final=final)
            case inputs.EndpointingAnswered(request, seconds):
                dialogue.turns.answered(request, seconds)
            case inputs.ModelText(request, delta):
                dialogue.thinking.text(request, delta)
            case inputs.ModelToolCall(request, tool_call_id, name, parameters):
                dialogue.thinking.tool_call(request, tool_call_id, name, parameters)
            case inputs.ModelDone(request, error):
                dialogue.thinking.done(request, error)
            case inputs.ToolAnswered(tool_call_id, result, error):
                dialogue.tools.answered(tool_call_id, result, error=error)
            case inputs.DestinationAnswered(tool_call_id, destination, message):
                dialogue.tools.destined(tool_call_id, destination, message)
            case inputs.VoiceAudio(request, seconds):
                speaker.receive(request, seconds)
            case inputs.VoiceDone(request, error):
                speaker.complete(request, error)
            case inputs.TranscriberLost():
                self._transcriber_lost(given)
            case inputs.ClientMessage(message):
                self._client.take(message)

    def _answered(self) -> None:
        if self._status == "in-progress":
            return
        self._become("in-progress")
        self._context.do(OpenTranscriber(0))
        self._context.note("transcriber-opened", transcriber=0)
        self._context.send({"type": "assistant.started", "newAssistant": {"name": self._context.assistant.name}})
        self._dialogue.begin()

    def _become(self, status: Status) -> None:
        self._status = status
        self._context.note("status", status=status)
        self._context.send({"type": "status-update", "status": status})

    def _transcriber_lost(self, lost: inputs.TranscriberLost) -> None:
        if lost.transcriber != self._transcriber:
            return
        self._context.note("transcriber-lost", transcriber=lost.transcriber, error=lost.error, code=lost.code)
        if lost.code in self._context.behaviour.normal_transcriber_codes:
            return
        if lost.transcriber >= len(self._context.assistant.transcriber.fallback_plan.transcribers):
            self._end.begin("pipeline-error-custom-transcriber-failed")
            return
        self._transcriber += 1
        self._dialogue.turns.hearing.lose()
        self._context.do(OpenTranscriber(self._transcriber))
        self._context.note("transcriber-opened", transcriber=self._transcriber)

    # What the parts tell each other.

    def _settle(self) -> None:
        while self._context.happenings and not self._end.over:
            self._pass_on(self._context.happenings.popleft())
        if self._status == "in-progress" and not self._end.over:
            self._dialogue.follow_silence(ending=self._end.ending)

    def _pass_on(self, happening: Happening) -> None:
        match happening:
            case TurnEnded(reason):
                if not self._end.ending:
                    self._dialogue.turn_ended(reason)
            case SpeechBegan():
                self._dialogue.speech_began()
            case CallerInterrupted(reason):
                self._dialogue.interrupt(reason)
            case SpeechOver(text, interrupted, end_reason):
                ending = end_reason or (None if interrupted else self._end.phrase_reason(text))
                if ending is not None or self._end.ending:
                    self._end.begin(ending or "")
                else:
                    self._dialogue.speech_over(interrupted=interrupted)
            case ToolsAnswered():
                self._dialogue.thinking.go_on()
            case VoicesFailed():
                self._end.begin("pipeline-error-custom-voice-failed", audible=False)
            case MustEnd(reason):
                self._end.begin(reason)

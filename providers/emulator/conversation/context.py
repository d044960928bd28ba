"""What the parts of one conversation share: the moment, deadlines, what is to be done, what happened."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.behaviour import Behaviour
from providers.emulator.conversation.commands import Command, ConversationEvent, Send
from providers.emulator.conversation.history import History
from providers.emulator.conversation.text.variables import render
from providers.emulator.conversation.timers import Timers

DEFAULT_SERVER_MESSAGES = frozenset(
    "conversation-update end-of-call-report function-call hang speech-update status-update tool-calls"
    " transfer-destination-request handoff-destination-request user-interrupted assistant.started".split()
)
"""The published list."""
DEFAULT_CLIENT_MESSAGES = frozenset(
    "conversation-update function-call hang model-output speech-update status-update transfer-update transcript"
    " tool-calls user-interrupted voice-input workflow.node.started assistant.started".split()
)
"""The published list."""


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The caller has finished."""

    reason: str


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """The assistant is heard."""

    source: str


@dataclass(frozen=True, slots=True)
class SpeechOver:
    """A message of the assistant's was heard to its end, or cut."""

    text: str
    interrupted: bool
    end_reason: str | None
    """Why the call ends now; None: it goes on."""


@dataclass(frozen=True, slots=True)
class CallerInterrupted:
    """The caller silenced the assistant."""

    reason: str


@dataclass(frozen=True, slots=True)
class ToolsAnswered:
    """A tool's result is there."""


@dataclass(frozen=True, slots=True)
class VoicesFailed:
    """No voice is left."""


@dataclass(frozen=True, slots=True)
class MustEnd:
    """The call has to end."""

    reason: str


Happening: TypeAlias = TurnEnded | SpeechBegan | SpeechOver | CallerInterrupted | ToolsAnswered | VoicesFailed | MustEnd


class Context:
    """One call's shared state; the parts write, the conversation reads."""

    def __init__(self, assistant: Assistant, behaviour: Behaviour, *, epoch: float, variables: dict[str, Any]) -> None:
        self.assistant = assistant
        self.behaviour = behaviour
        self.variables = variables
        self.now = 0.0
        """Seconds since the call began."""
        self.muted = False
        """True while the assistant is not to be heard."""
        self.timers = Timers()
        self.history = History(epoch)
        self.commands: list[Command] = []
        self.events: list[ConversationEvent] = []
        self.happenings: deque[Happening] = deque()
        self._turn = -1
        self._speaker = ""

    def do(self, command: Command) -> None:
        """Ask the driver for something."""
        self.commands.append(command)

    def note(self, kind: str, **detail: Any) -> None:
        """Write an entry of the log."""
        self.events.append(ConversationEvent(self.now, kind, detail))

    def happen(self, happening: Happening) -> None:
        """Tell the other parts, once this one has finished."""
        self.happenings.append(happening)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message of the platform's to those whose lists name it."""
        names = {message["type"]}
        if message["type"] == "transcript" and message["transcriptType"] == "final":
            names.add('transcript[transcriptType="final"]')
        server, client = self.assistant.server_messages, self.assistant.client_messages
        to_server = not names.isdisjoint(DEFAULT_SERVER_MESSAGES if server is None else server)
        to_client = not names.isdisjoint(DEFAULT_CLIENT_MESSAGES if client is None else client)
        if to_server or to_client:
            self.do(Send(message, to_server=to_server, to_client=to_client))

    @property
    def epoch(self) -> float:
        """Seconds since 1970 at which the call began."""
        return self.history.epoch

    def rendered(self, template: str, *, field: str = "template") -> str:
        """A text of the assistant's with its variables filled in; raises PlanError that names ``field``."""
        now = datetime.fromtimestamp(self.epoch + self.now, UTC)
        return render(template, self.variables, now, field=field)

    @property
    def turn(self) -> int:
        """The number of the running turn, from 0."""
        return max(0, self._turn)

    def turn_of(self, speaker: str) -> int:
        """The number of a speaker's turn, from 0: it grows whenever the other one speaks."""
        if speaker != self._speaker:
            self._turn += 1
            self._speaker = speaker
        return self._turn

    def conversation_update(self) -> None:
        """Send the history as it is now."""
        messages = self.history.platform()
        openai = self.history.openai()
        self.send({"type": "conversation-update", "messages": messages, "messagesOpenAIFormatted": openai})

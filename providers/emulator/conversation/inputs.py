"""What a driver tells a conversation. Times are given beside, in seconds since the call began."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Ringing:
    """The call rings."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The call was picked up: it is in progress."""


@dataclass(frozen=True, slots=True)
class CallerSpeech:
    """The platform's own voice detector changed its mind about the caller."""

    speaking: bool


@dataclass(frozen=True, slots=True)
class TranscriptHeard:
    """A transcript of the caller came over the transcriber's socket."""

    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class EndpointingAnswered:
    """An endpointing server said how long to wait; None: it failed or its answer was not valid."""

    request: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class ModelText:
    """A piece of the model's answer."""

    request: int
    delta: str


@dataclass(frozen=True, slots=True)
class ModelToolCall:
    """The model wants a tool called."""

    request: int
    tool_call_id: str
    name: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelDone:
    """The model's answer is complete; ``error`` says why it is not."""

    request: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ToolAnswered:
    """A tool's result came back."""

    tool_call_id: str
    result: str
    error: bool = False


@dataclass(frozen=True, slots=True)
class DestinationAnswered:
    """The Server URL said where a transfer goes; None: it did not."""

    tool_call_id: str
    destination: dict[str, Any] | None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class VoiceAudio:
    """Seconds of sound arrived for a voice request."""

    request: int
    seconds: float


@dataclass(frozen=True, slots=True)
class VoiceDone:
    """A voice request's body ended; ``error`` says what failed: a status, a time-out, an aborted body, no sound."""

    request: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class TranscriberLost:
    """A transcriber refused or closed its socket."""

    transcriber: int
    error: str
    code: int | None = None
    """The code of its close frame; None without one."""


@dataclass(frozen=True, slots=True)
class ClientMessage:
    """A message of the client's: say, add-message, control, end-call, hangup, transfer, send-transport-message."""

    message: dict[str, Any]


@dataclass(frozen=True, slots=True)
class HungUp:
    """The call was ended from outside."""

    reason: str = "customer-ended-call"


Input: TypeAlias = (
    Ringing
    | Answered
    | CallerSpeech
    | TranscriptHeard
    | EndpointingAnswered
    | ModelText
    | ModelToolCall
    | ModelDone
    | ToolAnswered
    | DestinationAnswered
    | VoiceAudio
    | VoiceDone
    | TranscriberLost
    | ClientMessage
    | HungUp
)

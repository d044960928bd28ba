"""What a conversation asks its driver to do, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class OpenTranscriber:
    """Open the socket of a transcriber: 0 is the assistant's own, 1 … those of its fallback plan."""

    transcriber: int


@dataclass(frozen=True, slots=True)
class AskEndpointing:
    """Ask the endpointing server; ``messages`` in the OpenAI spelling."""

    request: int
    messages: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class AskModel:
    """Ask the model for the assistant's next words."""

    request: int
    messages: tuple[dict[str, Any], ...]
    """In the OpenAI spelling."""


@dataclass(frozen=True, slots=True)
class CancelModel:
    """Drop a model's answer."""

    request: int


@dataclass(frozen=True, slots=True)
class AskVoice:
    """Send a voice request: 0 is the assistant's own voice, 1 … those of its fallback plan."""

    request: int
    text: str
    voice: int = 0


@dataclass(frozen=True, slots=True)
class CancelVoice:
    """Close the connection of a voice request; its sound is dropped."""

    request: int


@dataclass(frozen=True, slots=True)
class StopPlaying:
    """Nothing of any request's sound is heard from now on: what a client has buffered is dropped."""


@dataclass(frozen=True, slots=True)
class CallTool:
    """Have a tool called: by the Server URL, by the tool's own server, or for ``apiRequest`` by its address."""

    tool_call_id: str
    name: str
    parameters: dict[str, Any]
    tool: dict[str, Any]
    """The assistant's own description of the tool; empty when it has none of that name."""


@dataclass(frozen=True, slots=True)
class AskDestination:
    """Ask the Server URL where a transfer goes."""

    tool_call_id: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Send:
    """A message of the platform's, for the Server URL and the client as the assistant's lists say."""

    message: dict[str, Any]
    """With ``type``; without the wrapper ``message`` and without what rides along with every event."""
    to_server: bool
    """The Server URL gets it."""
    to_client: bool
    """The client gets it."""


@dataclass(frozen=True, slots=True)
class End:
    """The call is over: close everything."""

    reason: str
    """In the platform's words: ``customer-ended-call``, ``silence-timed-out``, …"""


Command: TypeAlias = (
    OpenTranscriber
    | AskEndpointing
    | AskModel
    | CancelModel
    | AskVoice
    | CancelVoice
    | StopPlaying
    | CallTool
    | AskDestination
    | Send
    | End
)


@dataclass(frozen=True, slots=True)
class PlayedSpan:
    """A stretch of a voice request's sound that was heard."""

    at: float
    """Seconds since the call began."""
    request: int
    offset: float
    """Seconds from the beginning of the request's sound."""
    seconds: float


@dataclass(frozen=True, slots=True)
class ConversationEvent:
    """One entry of a conversation's log."""

    at: float
    """Seconds since the call began."""
    kind: str
    """One of `KINDS`."""
    detail: dict[str, Any] = field(default_factory=dict)


KINDS = {
    "status": "the call's state: status, and reason once it has ended",
    "caller-speech": "the platform's voice detector: speaking",
    "transcript": "from the transcriber: text, final",
    "endpointing-asked": "a request to the endpointing server: request, text",
    "endpointing-answered": "its answer: request, seconds, late",
    "endpointing": "the end of turn is awaited: seconds, reason, text",
    "turn-ended": "the caller has finished: turn, text, reason",
    "model-asked": "request, turnId",
    "model-first-word": "request",
    "model-done": "request, error",
    "answer-cancelled": "the caller went on before the assistant was heard: turnId",
    "voice-asked": "a voice request: request, text, voice",
    "first-audio": "its first sound: request",
    "voice-done": "its sound is complete: request, seconds",
    "voice-failed": "request, error, voice, next",
    "speech-started": "the assistant is heard: turn, source, turnId",
    "chunk-started": "a voice request's sound is heard: request, turn, text",
    "underrun": "its sound goes on after it had run out: request, seconds of silence",
    "speech-stopped": "turn, text, interrupted",
    "interrupted": "the caller interrupted: reason, text, seconds",
    "acknowledged": "the caller spoke and the assistant went on: text",
    "idle-message": "text, count",
    "hook": "on, name",
    "hang": "the assistant is late",
    "tool-called": "toolCallId, name",
    "tool-answered": "toolCallId, name, error",
    "dtmf": "keypad digits of the assistant's: digits",
    "transfer": "destination",
    "transport-message": "a message of the client's for the transport",
    "transcriber-opened": "transcriber",
    "transcriber-lost": "transcriber, error, code",
    "sound-dropped": "sound that could not wait any longer: side (caller: sent too fast; transcriber: not read)",
    "control": "a control message of the client's: control",
}
"""What a log holds, with the names of each entry's details."""

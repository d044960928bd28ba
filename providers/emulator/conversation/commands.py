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
class Play:
    """Play the sound of a voice request from ``at`` on, as it arrives, after what is playing."""

    request: int
    at: float


@dataclass(frozen=True, slots=True)
class StopPlaying:
    """Nothing of any request's sound is heard from now on."""


@dataclass(frozen=True, slots=True)
class CallTool:
    """Have a tool of the customer's called: by the Server URL, or by its own address."""

    tool_call_id: str
    name: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Send:
    """A message of the platform's, for the Server URL and the client as the assistant's lists say."""

    message: dict[str, Any]
    """With ``type``; without the wrapper ``message`` and without what rides along with every event."""


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
    | Play
    | StopPlaying
    | CallTool
    | Send
    | End
)


@dataclass(frozen=True, slots=True)
class ConversationEvent:
    """One entry of a conversation's log."""

    at: float
    """Seconds since the call began."""
    kind: str
    """``transcript``, ``endpointing``, ``turn-ended``, ``model-first-word``, ``voice-asked``, ``first-audio``,
    ``speech-started``, ``speech-stopped``, ``interrupted``, ``message``, ``ended`` …"""
    detail: dict[str, Any] = field(default_factory=dict)

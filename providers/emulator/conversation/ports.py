"""What the live driver speaks through: one interface for each thing a call reaches, so that any client may stand there.

Sound is PCM, int16 little-endian, mono, at the call's rate; byte strings may end anywhere.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from providers.emulator.conversation.commands import AskDestination, CallTool

Messages: TypeAlias = Sequence[dict[str, Any]]


class PortError(Exception):
    """What was asked for did not come; the message says why, without a secret."""


class VoicePort(Protocol):
    """The assistant's voices: 0 its own, 1 … those of its fallback plan."""

    def speak(self, text: str, voice: int, /) -> AsyncGenerator[bytes, None]:
        """The sound of a text as it comes; closing the generator closes the connection.

        Raises
        ------
        PortError
            A status other than 2xx, a body that breaks off.
        """
        ...


class TranscriberSocket(Protocol):
    """One open socket of a transcriber."""

    async def send(self, frame: bytes, /) -> None:
        """Send a frame of stereo sound: channel 0 the caller, channel 1 the assistant."""
        ...

    async def close(self) -> None:
        """Say goodbye."""
        ...


OnTranscript: TypeAlias = Callable[[str, bool], None]
"""(text, final) of the caller."""
OnClosed: TypeAlias = Callable[[int], None]
"""The close code of a socket that the other side closed."""


class TranscriberPort(Protocol):
    """The assistant's transcribers: 0 its own, 1 … those of its fallback plan."""

    async def open(self, transcriber: int, /, *, on_transcript: OnTranscript, on_closed: OnClosed) -> TranscriberSocket:
        """Open a socket and start it.

        Raises
        ------
        PortError
            It was refused.
        """
        ...


class EndpointingPort(Protocol):
    """The assistant's endpointing server."""

    async def seconds(self, messages: Messages, /) -> float | None:
        """How long to wait; None where no valid answer came."""
        ...


@dataclass(frozen=True, slots=True)
class ToolWish:
    """The model wants a tool called."""

    tool_call_id: str
    name: str
    parameters: dict[str, Any] = field(default_factory=dict)


class ModelPort(Protocol):
    """The assistant's model."""

    def answer(self, messages: Messages, /) -> AsyncGenerator[str | ToolWish, None]:
        """Pieces of text and wishes for tools, as they come; messages in the OpenAI spelling.

        Raises
        ------
        PortError
            The model failed.
        """
        ...


class ToolPort(Protocol):
    """The customer's tools."""

    async def call(self, wanted: CallTool, /) -> str:
        """The result of a tool.

        Raises
        ------
        PortError
            It failed; the message is the result that the model gets.
        """
        ...

    async def destination(self, wanted: AskDestination, /) -> tuple[dict[str, Any] | None, str | None]:
        """Where a transfer goes, and what to say before; None where no answer names one."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a call reaches."""

    voice: VoicePort
    transcriber: TranscriberPort
    model: ModelPort
    endpointing: EndpointingPort | None = None
    """None: requests to it fail at once, and the transcription plan decides."""
    tools: ToolPort | None = None
    """None: tools of the customer's fail."""

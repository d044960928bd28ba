"""Messages to the Server URL: one struct for each type, and a bare one for types that are not known yet."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from providers.server_url.tools import Tool, ToolCall, ToolWithCall

__all__ = ["ANSWERED", "TYPES", "ServerMessage"]


class ServerMessage(msgspec.Struct, kw_only=True, rename="camel"):
    """A message to the Server URL. One of a type that is not known yet is this and no more."""

    kind: ClassVar[str] = ""
    answered: ClassVar[bool] = False
    """Whether the platform waits for an answer."""

    type: str = ""
    call_id: Annotated[str, Meta(description="Id of the call; empty where the message is of none.")] = msgspec.field(
        default="", name="__call_id"
    )
    body: Annotated[bytes, Meta(description="The request's whole body.")] = msgspec.field(default=b"", name="__body")

    def told(self) -> str:
        """What a call's events say of it beside its type: few words, nothing that is secret."""
        return ""


class AssistantRequest(ServerMessage):
    """Question which assistant takes an inbound call."""

    kind = "assistant-request"
    answered = True


class ToolCalls(ServerMessage):
    """Calls of tools by the model."""

    kind = "tool-calls"
    answered = True

    tool_call_list: list[Tool] = []
    tool_with_tool_call_list: list[ToolWithCall] = []

    @property
    def calls(self) -> list[ToolCall]:
        """Every call of a tool."""
        if self.tool_call_list:
            return [tool.as_call() for tool in self.tool_call_list]
        found = []
        for entry in self.tool_with_tool_call_list:
            call = (entry.tool_call or Tool()).as_call()
            found.append(msgspec.structs.replace(call, name=call.name or entry.name))
        return found

    def told(self) -> str:
        """The tools' names."""
        return ", ".join(call.name for call in self.calls)


class TransferDestinationRequest(ServerMessage):
    """Question where a call is transferred to."""

    kind = "transfer-destination-request"
    answered = True


class HandoffDestinationRequest(ServerMessage):
    """Question which assistant takes a call over."""

    kind = "handoff-destination-request"
    answered = True

    parameters: dict[str, Any] = {}


class ConversationMessage(msgspec.Struct):
    """One message of the conversation, in either of its two forms."""

    role: str = ""
    content: Any = None
    message: str | None = None


class KnowledgeBaseRequest(ServerMessage):
    """Question what is known about the caller's words."""

    kind = "knowledge-base-request"
    answered = True

    messages: list[ConversationMessage] | None = None
    messages_openai_formatted: list[ConversationMessage] | None = msgspec.field(
        default=None, name="messagesOpenAIFormatted"
    )


class CampaignPredial(ServerMessage):
    """Question whether a contact of a campaign may be called."""

    kind = "campaign.predial"
    answered = True

    campaign_id: str = ""
    contact: dict[str, Any] = {}


class StatusUpdate(ServerMessage):
    """Change of a call's state."""

    kind = "status-update"

    status: str = ""
    ended_reason: str = ""

    def told(self) -> str:
        """The state, and why it ended."""
        return f"{self.status} {self.ended_reason}".strip()


class EndOfCallReport(ServerMessage):
    """Report of a call that is over."""

    kind = "end-of-call-report"

    ended_reason: str = ""

    def told(self) -> str:
        """Why it ended."""
        return self.ended_reason


class Hang(ServerMessage):
    """Notice that the assistant does not answer: model or voice are too slow."""

    kind = "hang"


class ConversationUpdate(ServerMessage):
    """Conversation with its newest message."""

    kind = "conversation-update"


class TranscriptMessage(ServerMessage):
    """Transcript of the platform's transcriber."""

    kind = "transcript"

    role: str = ""
    transcript_type: str = ""
    transcript: str = ""

    def told(self) -> str:
        """Who said what."""
        return f"{self.transcript_type} {self.role}: {self.transcript}"


class SpeechUpdate(ServerMessage):
    """Start or end of somebody's speech."""

    kind = "speech-update"

    status: str = ""
    role: str = ""
    turn: int | float | None = None

    def told(self) -> str:
        """Who did what."""
        return f"{self.role} {self.status}"


class AssistantStarted(ServerMessage):
    """Start of an assistant in a call."""

    kind = "assistant.started"


class AssistantSpeechStarted(ServerMessage):
    """Start of the playback of a segment of speech."""

    kind = "assistant.speechStarted"

    text: str = ""
    turn: int | float | None = None
    source: str = ""
    timing: dict[str, Any] | None = None

    def told(self) -> str:
        """The turn's text so far."""
        return self.text


class ModelOutput(ServerMessage):
    """Token or call of a tool by the model."""

    kind = "model-output"

    turn_id: str = ""


class UserInterrupted(ServerMessage):
    """Interruption of the assistant by the caller."""

    kind = "user-interrupted"

    turn_id: str = ""


class TransferUpdate(ServerMessage):
    """Transfer of a call."""

    kind = "transfer-update"


class LanguageChangeDetected(ServerMessage):
    """Change of the caller's language."""

    kind = "language-change-detected"

    language: str = ""

    def told(self) -> str:
        """The language."""
        return self.language


class PhoneCallControl(ServerMessage):
    """Order to the user's own code to hang up or to forward."""

    kind = "phone-call-control"

    request: str = ""

    def told(self) -> str:
        """What to do."""
        return self.request


class VoiceInput(ServerMessage):
    """Text on its way to the voice."""

    kind = "voice-input"

    input: str = ""

    def told(self) -> str:
        """The text."""
        return self.input


class ArtifactUpload(ServerMessage):
    """Storing of a call's artifacts."""

    kind = "call.artifact.upload"


def _named(kind: str) -> type[ServerMessage]:
    """A type of message without fields of its own: ``call.delete.failed`` is CallDeleteFailed."""
    name = kind.title().replace(".", "")
    return type(name, (ServerMessage,), {"kind": kind, "__doc__": f"A message of the type {kind}."})


_SESSIONS = ("chat.created", "chat.deleted", "session.created", "session.updated", "session.deleted")
_DELETIONS = ("call.deleted", "call.delete.failed")

_SHAPES: tuple[type[ServerMessage], ...] = (
    AssistantRequest,
    ToolCalls,
    TransferDestinationRequest,
    HandoffDestinationRequest,
    KnowledgeBaseRequest,
    CampaignPredial,
    StatusUpdate,
    EndOfCallReport,
    Hang,
    ConversationUpdate,
    TranscriptMessage,
    SpeechUpdate,
    AssistantStarted,
    AssistantSpeechStarted,
    ModelOutput,
    UserInterrupted,
    TransferUpdate,
    LanguageChangeDetected,
    PhoneCallControl,
    VoiceInput,
    ArtifactUpload,
    *map(_named, (*_SESSIONS, *_DELETIONS)),
)

TYPES: dict[str, type[ServerMessage]] = {shape.kind: shape for shape in _SHAPES}
"""Every type that is known, by the platform's name of it."""

ANSWERED = tuple(kind for kind, shape in TYPES.items() if shape.answered)
"""Types whose answer the platform reads."""

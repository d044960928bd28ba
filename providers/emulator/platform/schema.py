"""What ``POST /call`` takes: the fields of the published schema that a call over a socket has."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

CALL_FIELDS = frozenset(
    "assistantVersion squadVersion transport customers name schedulePlan assistantId assistant assistantOverrides "
    "squadId squad squadOverrides workflowId workflow workflowOverrides phoneNumberId phoneNumber customerId customer "
    "metadata".split()
)
"""Names that the API knows at the top of a call; ``metadata`` is older than the schema and still sent by clients."""

ASSISTANT_FIELDS = frozenset(
    "transcriber model voice firstMessage firstMessageInterruptionsEnabled firstMessageMode voicemailDetection "
    "clientMessages serverMessages maxDurationSeconds backgroundSound modelOutputInMessagesEnabled "
    "transportConfigurations observabilityPlan credentials hooks name voicemailMessage endCallMessage endCallPhrases "
    "compliancePlan metadata backgroundSpeechDenoisingPlan analysisPlan artifactPlan startSpeakingPlan "
    "stopSpeakingPlan monitorPlan credentialIds server keypadInputPlan "
    "silenceTimeoutSeconds messagePlan serverUrl serverUrlSecret variableValues tools:append "
    "backgroundDenoisingEnabled backchannelingEnabled".split()
)
"""Names that the API knows in an assistant and in overrides, older ones included."""

TELEPHONE_RATE = 8000
DEFAULT_RATE = 16000
LOWEST_RATE = 4000
"""Hz. Below it no resampler of ours works."""


class AudioFormat(msgspec.Struct, rename="camel", frozen=True):
    """The audio of the socket, both ways."""

    format: Literal["pcm_s16le", "mulaw"] = "pcm_s16le"
    container: Literal["raw"] = "raw"
    sample_rate: Annotated[float, msgspec.Meta(ge=LOWEST_RATE, le=192_000)] | None = None

    @property
    def rate(self) -> int:
        """Hz."""
        if self.sample_rate is not None:
            return round(self.sample_rate)
        return TELEPHONE_RATE if self.format == "mulaw" else DEFAULT_RATE

    @property
    def public(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"format": self.format, "container": self.container, "sampleRate": self.rate}


class Transport(msgspec.Struct, rename="camel", frozen=True):
    """How the caller's audio comes; this platform has sockets alone."""

    provider: Literal["vapi.websocket"]
    audio_format: AudioFormat = AudioFormat()
    conversation_type: Literal["voice"] = "voice"


class Customer(msgspec.Struct, rename="camel", frozen=True):
    """The caller."""

    number: str | None = None
    name: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    sip_uri: str | None = None
    extension: str | None = None
    external_id: str | None = None
    email: str | None = None


class NewCall(msgspec.Struct, rename="camel", frozen=True):
    """A call as a client asks for it."""

    transport: Transport | None = None
    assistant_id: str | None = None
    assistant: dict[str, Any] | None = None
    assistant_overrides: dict[str, Any] | None = None
    name: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    customer: Customer | None = None
    metadata: dict[str, Any] | None = None
    phone_number_id: str | None = None
    phone_number: dict[str, Any] | None = None


class NameChange(msgspec.Struct, frozen=True):
    """What ``PATCH /call/{id}`` takes."""

    name: Annotated[str, msgspec.Meta(max_length=40)] | None = None

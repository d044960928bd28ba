"""Settings of streaming vendors that listen."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from providers.settings.group import Group, secret_from


class StreamingSettings(Group, frozen=True):
    """What every streaming vendor has."""

    heading: ClassVar[str] = "Streaming recognisers"

    url: Annotated[str, Meta(description="Base URL of another server with this wire, ws or wss.")] = ""
    model: Annotated[str, Meta(description="Model; ?model= on the socket wins. Unset: the usual one.")] = ""
    language: Annotated[str | None, Meta(description="Language to hear; ?language= on the socket wins.")] = None
    keyterms: Annotated[str, Meta(description="Terms to listen for, comma-separated.")] = ""


class FluxSettings(StreamingSettings, frozen=True):
    """Deepgram Flux, with Deepgram's key."""

    prefix: ClassVar[str] = "flux_"


class AssemblyAISettings(StreamingSettings, frozen=True):
    """AssemblyAI."""

    prefix: ClassVar[str] = "assemblyai_"

    api_key: Annotated[
        str | None, Meta(description="The key; also ASSEMBLYAI_API_KEY.", extra=secret_from("ASSEMBLYAI_API_KEY"))
    ] = None


class SonioxSettings(StreamingSettings, frozen=True):
    """Soniox."""

    prefix: ClassVar[str] = "soniox_"

    api_key: Annotated[
        str | None, Meta(description="The key; also SONIOX_API_KEY.", extra=secret_from("SONIOX_API_KEY"))
    ] = None


class ElevenLabsSettings(StreamingSettings, frozen=True):
    """ElevenLabs Scribe realtime."""

    prefix: ClassVar[str] = "elevenlabs_"

    api_key: Annotated[
        str | None, Meta(description="The key; also ELEVENLABS_API_KEY.", extra=secret_from("ELEVENLABS_API_KEY"))
    ] = None


class OpenAIRealtimeSettings(StreamingSettings, frozen=True):
    """OpenAI realtime transcription, with OpenAI's key."""

    prefix: ClassVar[str] = "openai_realtime_"

"""Settings of streaming vendors, those that listen and those that speak."""

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


class ElevenLabsVoiceSettings(Group, frozen=True):
    """ElevenLabs' speaking side, with the key and the URL of the account."""

    heading: ClassVar[str] = "Streaming voices"
    prefix: ClassVar[str] = "elevenlabs_"

    voice: Annotated[str, Meta(description="elevenlabs: default voice, an id. Unset: one that every account has.")] = ""
    voice_model: Annotated[str, Meta(description="elevenlabs: speaking model. Unset: eleven_flash_v2_5.")] = ""
    voice_language: Annotated[
        str | None, Meta(description="elevenlabs: language to speak; guessed from the text when unset.")
    ] = None


class CartesiaSettings(Group, frozen=True):
    """Cartesia's voices."""

    heading: ClassVar[str] = "Streaming voices"
    prefix: ClassVar[str] = "cartesia_"

    api_key: Annotated[
        str | None, Meta(description="The key; also CARTESIA_API_KEY.", extra=secret_from("CARTESIA_API_KEY"))
    ] = None
    url: Annotated[str, Meta(description="Base URL of another server with this wire, ws or wss.")] = ""
    model: Annotated[str, Meta(description="cartesia: model. Unset: sonic-3.")] = ""
    voice: Annotated[str, Meta(description="cartesia: default voice, an id. Unset: one that every account has.")] = ""
    language: Annotated[
        str | None, Meta(description="cartesia: language to speak; the model's default when unset.")
    ] = None

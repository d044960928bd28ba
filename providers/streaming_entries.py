"""Entries of the streaming vendors, those that listen and those that speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from providers.engine_entry import EngineEntry
from providers.engines.base import SpeechToText, TextToSpeech
from providers.settings import names
from providers.settings.engines import DeepgramSettings, OpenAISettings
from providers.settings.streaming import (
    AssemblyAISettings,
    CartesiaSettings,
    ElevenLabsSettings,
    ElevenLabsVoiceSettings,
    FluxSettings,
    OpenAIRealtimeSettings,
    SonioxSettings,
    StreamingSettings,
)

if TYPE_CHECKING:
    from providers.engines.streaming.wire import VendorOptions

__all__ = ["STREAMING", "STREAMING_VOICES"]


def _flux(options: FluxSettings, account: DeepgramSettings) -> SpeechToText:
    from providers.engines.streaming.flux import Flux
    from providers.engines.streaming.listener import StreamingListener

    return StreamingListener(Flux(_options(options, account.api_key)))


def _assemblyai(options: AssemblyAISettings) -> SpeechToText:
    from providers.engines.streaming.assemblyai import AssemblyAI
    from providers.engines.streaming.listener import StreamingListener

    return StreamingListener(AssemblyAI(_options(options, options.api_key)))


def _soniox(options: SonioxSettings) -> SpeechToText:
    from providers.engines.streaming.listener import StreamingListener
    from providers.engines.streaming.soniox import Soniox

    return StreamingListener(Soniox(_options(options, options.api_key)))


def _elevenlabs(options: ElevenLabsSettings) -> SpeechToText:
    from providers.engines.streaming.listener import StreamingListener
    from providers.engines.streaming.scribe import Scribe

    return StreamingListener(Scribe(_options(options, options.api_key)))


def _openai(options: OpenAIRealtimeSettings, account: OpenAISettings) -> SpeechToText:
    from providers.engines.streaming.listener import StreamingListener
    from providers.engines.streaming.openai_realtime import OpenAIRealtime

    return StreamingListener(OpenAIRealtime(_options(options, account.api_key)))


def _cartesia(options: CartesiaSettings) -> TextToSpeech:
    from providers.engines.streaming_voices.cartesia import Cartesia
    from providers.engines.streaming_voices.speaker import StreamingSpeaker
    from providers.engines.streaming_voices.wire import VoiceOptions

    return StreamingSpeaker(
        Cartesia(
            VoiceOptions(
                api_key=options.api_key or "",
                url=options.url,
                model=options.model,
                voice=options.voice,
                language=options.language,
            )
        )
    )


def _elevenlabs_voice(options: ElevenLabsVoiceSettings, account: ElevenLabsSettings) -> TextToSpeech:
    from providers.engines.streaming_voices.elevenlabs import ElevenLabs
    from providers.engines.streaming_voices.speaker import StreamingSpeaker
    from providers.engines.streaming_voices.wire import VoiceOptions

    return StreamingSpeaker(
        ElevenLabs(
            VoiceOptions(
                api_key=account.api_key or "",
                url=account.url,
                model=options.voice_model,
                voice=options.voice,
                language=options.voice_language,
            )
        )
    )


def _options(chosen: StreamingSettings, api_key: str | None) -> VendorOptions:
    from providers.engines.streaming.wire import VendorOptions

    return VendorOptions(
        api_key=api_key or "",
        url=chosen.url,
        model=chosen.model,
        language=chosen.language,
        keyterms=names(chosen.keyterms),
    )


STREAMING: Mapping[str, EngineEntry[SpeechToText]] = {
    "flux": EngineEntry(_flux, (FluxSettings, DeepgramSettings), setting="deepgram_api_key", unless="flux_url"),
    "assemblyai": EngineEntry(
        _assemblyai, (AssemblyAISettings,), setting="assemblyai_api_key", unless="assemblyai_url"
    ),
    "soniox": EngineEntry(_soniox, (SonioxSettings,), setting="soniox_api_key", unless="soniox_url"),
    "elevenlabs": EngineEntry(
        _elevenlabs, (ElevenLabsSettings,), setting="elevenlabs_api_key", unless="elevenlabs_url"
    ),
    "openai": EngineEntry(
        _openai, (OpenAIRealtimeSettings, OpenAISettings), setting="openai_api_key", unless="openai_realtime_url"
    ),
}
STREAMING_VOICES: Mapping[str, EngineEntry[TextToSpeech]] = {
    "cartesia": EngineEntry(_cartesia, (CartesiaSettings,), setting="cartesia_api_key", unless="cartesia_url"),
    "elevenlabs": EngineEntry(
        _elevenlabs_voice,
        (ElevenLabsVoiceSettings, ElevenLabsSettings),
        setting="elevenlabs_api_key",
        unless="elevenlabs_url",
    ),
}

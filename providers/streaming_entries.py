"""Entries of the streaming vendors that listen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from providers.engine_entry import EngineEntry
from providers.engines.base import SpeechToText
from providers.settings import names
from providers.settings.engines import DeepgramSettings, OpenAISettings
from providers.settings.streaming import (
    AssemblyAISettings,
    ElevenLabsSettings,
    FluxSettings,
    OpenAIRealtimeSettings,
    SonioxSettings,
    StreamingSettings,
)

if TYPE_CHECKING:
    from providers.engines.streaming.wire import VendorOptions

__all__ = ["STREAMING"]


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

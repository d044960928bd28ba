"""Registry of engines by name, plugins included.

The only module that knows concrete engines; each is imported when it is made and not before. Engines of other packages
come in through the entry-point groups ``vapi_providers.voices`` and ``vapi_providers.transcribers``: an entry point is
a callable that takes the `Settings` and returns a `TextToSpeech` or a `SpeechToText`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from providers import settings as chosen
from providers.engine_entry import EngineEntry, PluginEntry, plugin_entry
from providers.engines.base import SpeechToText, TextToSpeech
from providers.errors import SettingsError
from providers.installing import install_command
from providers.models.store import ModelStore
from providers.settings import Settings, engines
from providers.settings.models import Models
from providers.settings.plugins import TRANSCRIBERS_GROUP, VOICES_GROUP
from providers.streaming_entries import STREAMING, STREAMING_VOICES

_Engine = TypeVar("_Engine", TextToSpeech, SpeechToText)


_PULLED = {"transcriber": ("whisper",)}
"""Engines that are preferred to the embedded one once they are ready."""


def voices() -> dict[str, EngineEntry[TextToSpeech]]:
    """Every speaking engine by name, plugins included; a plugin cannot take a built-in's name."""
    return {**VOICES, **_plugins(VOICES_GROUP, VOICES)}


def transcribers() -> dict[str, EngineEntry[SpeechToText]]:
    """Every listening engine by name, plugins included."""
    return {**TRANSCRIBERS, **_plugins(TRANSCRIBERS_GROUP, TRANSCRIBERS)}


def wanted_voices(settings: Settings) -> dict[str, EngineEntry[TextToSpeech]]:
    """The speaking engines that the settings name, or the best one that is installed.

    Raises
    ------
    SettingsError
        An unknown name, or none is named and none is installed.
    """
    return _wanted(settings, "voice", voices(), embedded="espeak")


def wanted_transcribers(settings: Settings) -> dict[str, EngineEntry[SpeechToText]]:
    """The listening engines that the settings name, or the best one that is installed.

    Raises
    ------
    SettingsError
        An unknown name, or none is named and none is installed.
    """
    return _wanted(settings, "transcriber", transcribers(), embedded="pocketsphinx")


def _wanted(
    settings: Settings, kind: str, entries: Mapping[str, EngineEntry[_Engine]], *, embedded: str
) -> dict[str, EngineEntry[_Engine]]:
    """Those listed, else the best that is ready: Deepgram with a key, a pulled recogniser, the embedded one."""
    listed = chosen.names(getattr(settings.engines, kind))
    if not listed:
        if settings.deepgram.api_key:
            return {"deepgram": entries["deepgram"]}
        for name in (*_PULLED.get(kind, ()), embedded):
            if not entries[name].missing(settings):
                return {name: entries[name]}
        hint = f"{install_command('local')}, or set DEEPGRAM_API_KEY, or name one of"
        raise SettingsError([f"--{kind}: expected an engine, found none installed: {hint} {', '.join(entries)}"])
    unknown = [name for name in listed if name not in entries]
    if unknown:
        raise SettingsError([f"--{kind}: expected engines of {', '.join(entries)}, found {unknown[0]!r}"])
    return {name: entries[name] for name in listed}


def _plugins(group: str, built_in: Mapping[str, Any]) -> dict[str, PluginEntry[Any]]:
    points = sorted(entry_points(group=group), key=lambda point: point.name)
    return {point.name: plugin_entry(point) for point in points if point.name not in built_in}


def _path(setting: str | None) -> Path | None:
    return Path(setting) if setting else None


def _espeak(options: engines.EspeakSettings) -> TextToSpeech:
    from providers.engines.espeak.engine import Espeak, EspeakOptions

    return Espeak(EspeakOptions(voice=options.voice, words_per_minute=options.wpm))


def _tone() -> TextToSpeech:
    from providers.engines.tone import Tone

    return Tone()


def _deepgram_voice(account: engines.DeepgramSettings, options: engines.DeepgramVoiceSettings) -> TextToSpeech:
    from providers.engines.deepgram.speak import DeepgramSpeaker, DeepgramSpeaking

    return DeepgramSpeaker(DeepgramSpeaking(api_key=account.api_key or "", url=account.url, voice=options.voice))


def _openai(options: engines.OpenAISettings) -> TextToSpeech:
    from providers.engines.http.openai_speech import OpenAISpeaker, OpenAISpeaking

    try:
        extra = msgspec.json.decode(options.extra or "{}", type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise SettingsError([f"--openai-extra: expected a JSON object, found something else: {error}"]) from None
    return OpenAISpeaker(
        OpenAISpeaking(
            api_key=options.api_key or "",
            url=options.url,
            model=options.model,
            voice=options.voice,
            native_rate=options.native_rate,
            speed=options.speed,
            instructions=options.instructions,
            extra=extra,
        )
    )


def _sherpa_voice(options: engines.SherpaVoiceSettings, shared: engines.LocalVoices) -> TextToSpeech:
    from providers.engines.local.sherpa_speak import SherpaVoice, SherpaVoiceOptions

    return SherpaVoice(SherpaVoiceOptions(folder=_path(options.voice_folder), speed=shared.speed))


def _piper(options: engines.PiperSettings, shared: engines.LocalVoices, models: Models) -> TextToSpeech:
    from providers.engines.local.piper import Piper, PiperOptions

    model = _path(options.model) or ModelStore.at(models.folder).find("piper")
    return Piper(PiperOptions(model=model, speed=shared.speed))


def _kokoro(options: engines.KokoroSettings, shared: engines.LocalVoices) -> TextToSpeech:
    from providers.engines.local.kokoro import Kokoro, KokoroOptions

    return Kokoro(
        KokoroOptions(model=_path(options.model), voices=_path(options.voices), voice=options.voice, speed=shared.speed)
    )


def _null() -> SpeechToText:
    from providers.engines.null import Null

    return Null()


def _pocketsphinx(options: engines.PocketsphinxSettings) -> SpeechToText:
    from providers.engines.pocketsphinx.engine import Sphinx, SphinxOptions
    from providers.engines.pocketsphinx.recogniser import RecogniserOptions

    recogniser = RecogniserOptions(silence=options.silence_seconds, profanity=options.profanity)
    made = SphinxOptions(recogniser=recogniser)
    return Sphinx(replace(made, capacity=options.capacity) if options.capacity else made)


def _deepgram_listener(account: engines.DeepgramSettings, options: engines.DeepgramListenerSettings) -> SpeechToText:
    from providers.engines.deepgram.listen import DeepgramListener, DeepgramListening

    return DeepgramListener(
        DeepgramListening(
            api_key=account.api_key or "",
            url=account.url,
            model=options.model,
            language=options.language,
            endpointing_ms=options.endpointing_ms,
            utterance_end_ms=options.utterance_end_ms,
            block_ms=options.block_ms,
            smart_format=options.smart_format,
            keyterms=chosen.names(options.keyterms),
        )
    )


def _sherpa_listener(options: engines.SherpaListenerSettings, shared: engines.LocalListeners) -> SpeechToText:
    from providers.engines.local.sherpa_listen import SherpaListener, SherpaListenerOptions

    return SherpaListener(SherpaListenerOptions(folder=_path(options.listen_folder), capacity=shared.capacity or None))


def _whisper(options: engines.WhisperSettings, shared: engines.LocalListeners, models: Models) -> SpeechToText:
    from providers.engines.local.whisper import Whisper, WhisperOptions

    folder = _path(options.folder) or ModelStore.at(models.folder).find("whisper")
    made = WhisperOptions(folder=folder, language=options.language)
    return Whisper(replace(made, capacity=shared.capacity) if shared.capacity else made)


def _vosk(options: engines.VoskSettings, shared: engines.LocalListeners) -> SpeechToText:
    from providers.engines.local.vosk import Vosk, VoskOptions

    return Vosk(VoskOptions(folder=_path(options.folder), capacity=shared.capacity or None))


VOICES: Mapping[str, EngineEntry[TextToSpeech]] = {
    "espeak": EngineEntry(_espeak, (engines.EspeakSettings,), package="espeakng_loader", extra="local"),
    "deepgram": EngineEntry(
        _deepgram_voice,
        (engines.DeepgramSettings, engines.DeepgramVoiceSettings),
        setting="deepgram_api_key",
        unless="deepgram_url",
    ),
    "openai": EngineEntry(_openai, (engines.OpenAISettings,), setting="openai_api_key", unless="openai_url"),
    **STREAMING_VOICES,
    "sherpa": EngineEntry(
        _sherpa_voice,
        (engines.SherpaVoiceSettings, engines.LocalVoices),
        package="sherpa_onnx",
        extra="sherpa",
        setting="sherpa_voice_folder",
    ),
    "piper": EngineEntry(
        _piper,
        (engines.PiperSettings, engines.LocalVoices, Models),
        package="piper",
        extra="piper",
        setting="piper_model",
        model="piper",
    ),
    "kokoro": EngineEntry(
        _kokoro,
        (engines.KokoroSettings, engines.LocalVoices),
        package="kokoro_onnx",
        extra="kokoro",
        setting="kokoro_model",
    ),
    "tone": EngineEntry(_tone, bare=True),
}
TRANSCRIBERS: Mapping[str, EngineEntry[SpeechToText]] = {
    "pocketsphinx": EngineEntry(_pocketsphinx, (engines.PocketsphinxSettings,), package="pocketsphinx", extra="local"),
    "deepgram": EngineEntry(
        _deepgram_listener,
        (engines.DeepgramSettings, engines.DeepgramListenerSettings),
        setting="deepgram_api_key",
        unless="deepgram_url",
    ),
    **STREAMING,
    "sherpa": EngineEntry(
        _sherpa_listener,
        (engines.SherpaListenerSettings, engines.LocalListeners),
        package="sherpa_onnx",
        extra="sherpa",
        setting="sherpa_listen_folder",
    ),
    "whisper": EngineEntry(
        _whisper,
        (engines.WhisperSettings, engines.LocalListeners, Models),
        package="faster_whisper",
        extra="whisper",
        setting="whisper_folder",
        model="whisper",
    ),
    "vosk": EngineEntry(
        _vosk, (engines.VoskSettings, engines.LocalListeners), package="vosk", extra="vosk", setting="vosk_folder"
    ),
    "null": EngineEntry(_null, bare=True),
}

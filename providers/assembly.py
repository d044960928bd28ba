"""Names to engines: the only module that knows concrete ones; each is imported when it is asked for and not before.

Third-party engines come in through the entry-point groups ``vapi_providers.voices`` and
``vapi_providers.transcribers``: an entry point is a callable that takes the `Settings` and returns a `TextToSpeech` or
a `SpeechToText`.

What the doors get is a tower: several engines become one that falls back, every recogniser is replayed when it is lost,
and finished utterances are cached::

    Cached( FallbackSpeaking[ first, second, third … ] )
    FallbackListening[ Replay(first), Replay(second) … ]
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from providers.cache.stores import Store
from providers.engines.base import SpeechToText, TextToSpeech
from providers.engines.events import Observe, unobserved
from providers.errors import SettingsError
from providers.failover.per_call import Tunable, Tuned
from providers.reconnect.session import RelayOptions
from providers.settings import Settings, names

VOICES_GROUP = "vapi_providers.voices"
TRANSCRIBERS_GROUP = "vapi_providers.transcribers"

_Engine = TypeVar("_Engine")
Factory = Callable[[Settings], _Engine]

_PREWARMED_RATES = (24000, 8000)
"""Hz the platform asks for on web calls and, as far as is known, on telephone calls; for engines with several rates."""

_BARE = {"tone", "null"}
"""Engines for tests and load: nothing to cache, nothing to lose."""


def _path(setting: str | None) -> Path | None:
    return Path(setting) if setting else None


def _espeak(settings: Settings) -> TextToSpeech:
    from providers.engines.espeak.engine import Espeak

    return Espeak(voice=settings.espeak_voice, words_per_minute=settings.espeak_wpm)


def _tone(settings: Settings) -> TextToSpeech:
    from providers.engines.tone import Tone

    return Tone()


def _deepgram_voice(settings: Settings) -> TextToSpeech:
    from providers.engines.deepgram.speak import DeepgramSpeaker, DeepgramSpeaking

    return DeepgramSpeaker(
        DeepgramSpeaking(
            api_key=settings.deepgram_api_key or "", url=settings.deepgram_url, voice=settings.deepgram_voice
        )
    )


def _openai(settings: Settings) -> TextToSpeech:
    from providers.engines.http.openai_speech import OpenAISpeaker, OpenAISpeaking

    try:
        extra = msgspec.json.decode(settings.openai_extra or "{}", type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise SettingsError([f"--openai-extra: expected a JSON object, found something else: {error}"]) from None
    return OpenAISpeaker(
        OpenAISpeaking(
            api_key=settings.openai_api_key or "",
            url=settings.openai_url,
            model=settings.openai_model,
            voice=settings.openai_voice,
            native_rate=settings.openai_native_rate,
            speed=settings.openai_speed,
            instructions=settings.openai_instructions,
            extra=extra,
        )
    )


def _sherpa_voice(settings: Settings) -> TextToSpeech:
    from providers.engines.local.sherpa_speak import SherpaVoice, SherpaVoiceOptions

    return SherpaVoice(SherpaVoiceOptions(folder=_path(settings.sherpa_voice_folder), speed=settings.local_speed))


def _piper(settings: Settings) -> TextToSpeech:
    from providers.engines.local.piper import Piper, PiperOptions

    return Piper(PiperOptions(model=_path(settings.piper_model), speed=settings.local_speed))


def _kokoro(settings: Settings) -> TextToSpeech:
    from providers.engines.local.kokoro import Kokoro, KokoroOptions

    return Kokoro(
        KokoroOptions(
            model=_path(settings.kokoro_model),
            voices=_path(settings.kokoro_voices),
            voice=settings.kokoro_voice,
            speed=settings.local_speed,
        )
    )


def _null(settings: Settings) -> SpeechToText:
    from providers.engines.null import Null

    return Null()


def _pocketsphinx(settings: Settings) -> SpeechToText:
    from providers.engines.pocketsphinx.engine import Sphinx, SphinxOptions
    from providers.engines.pocketsphinx.hearing import HearingOptions

    hearing = HearingOptions(silence=settings.pocketsphinx_silence_seconds, profanity=settings.pocketsphinx_profanity)
    options = SphinxOptions(hearing=hearing)
    if settings.pocketsphinx_capacity:
        options = replace(options, capacity=settings.pocketsphinx_capacity)
    return Sphinx(options)


def _deepgram_listener(settings: Settings) -> SpeechToText:
    from providers.engines.deepgram.listen import DeepgramListener, DeepgramListening

    return DeepgramListener(
        DeepgramListening(
            api_key=settings.deepgram_api_key or "",
            url=settings.deepgram_url,
            model=settings.deepgram_model,
            language=settings.deepgram_language,
            endpointing_ms=settings.deepgram_endpointing_ms,
            utterance_end_ms=settings.deepgram_utterance_end_ms,
            smart_format=settings.deepgram_smart_format,
            keyterms=names(settings.deepgram_keyterms),
        )
    )


def _sherpa_listener(settings: Settings) -> SpeechToText:
    from providers.engines.local.sherpa_listen import SherpaListener, SherpaListenerOptions

    folder = _path(settings.sherpa_listen_folder)
    return SherpaListener(SherpaListenerOptions(folder=folder, capacity=settings.local_capacity or None))


def _whisper(settings: Settings) -> SpeechToText:
    from providers.engines.local.whisper import Whisper, WhisperOptions

    return Whisper(
        WhisperOptions(
            folder=_path(settings.whisper_folder),
            language=settings.whisper_language,
            capacity=settings.local_capacity or None,
        )
    )


def _vosk(settings: Settings) -> SpeechToText:
    from providers.engines.local.vosk import Vosk, VoskOptions

    return Vosk(VoskOptions(folder=_path(settings.vosk_folder), capacity=settings.local_capacity or None))


VOICES: Mapping[str, Factory[TextToSpeech]] = {
    "espeak": _espeak,
    "deepgram": _deepgram_voice,
    "openai": _openai,
    "sherpa": _sherpa_voice,
    "piper": _piper,
    "kokoro": _kokoro,
    "tone": _tone,
}
TRANSCRIBERS: Mapping[str, Factory[SpeechToText]] = {
    "pocketsphinx": _pocketsphinx,
    "deepgram": _deepgram_listener,
    "sherpa": _sherpa_listener,
    "whisper": _whisper,
    "vosk": _vosk,
    "null": _null,
}


@dataclass(frozen=True, slots=True)
class Need:
    """What an engine cannot do without."""

    package: str = ""
    """Import name."""
    extra: str = ""
    """Extra of this distribution that brings the package."""
    setting: str = ""
    """A setting that has to have a value."""
    unless: str = ""
    """A setting whose changed value makes up for that: a server of one's own needs no key."""


NEEDS: Mapping[tuple[str, str], Need] = {
    ("voice", "espeak"): Need("espeakng_loader", "local"),
    ("voice", "deepgram"): Need(setting="deepgram_api_key", unless="deepgram_url"),
    ("voice", "openai"): Need(setting="openai_api_key", unless="openai_url"),
    ("voice", "sherpa"): Need("sherpa_onnx", "sherpa", "sherpa_voice_folder"),
    ("voice", "piper"): Need("piper", "piper", "piper_model"),
    ("voice", "kokoro"): Need("kokoro_onnx", "kokoro", "kokoro_model"),
    ("transcriber", "pocketsphinx"): Need("pocketsphinx", "local"),
    ("transcriber", "deepgram"): Need(setting="deepgram_api_key", unless="deepgram_url"),
    ("transcriber", "sherpa"): Need("sherpa_onnx", "sherpa", "sherpa_listen_folder"),
    ("transcriber", "whisper"): Need("faster_whisper", "whisper", "whisper_folder"),
    ("transcriber", "vosk"): Need("vosk", "vosk", "vosk_folder"),
}


def missing(kind: str, name: str, settings: Settings) -> str:
    """What to install or set before this engine can start; empty when nothing is missing."""
    need = NEEDS.get((kind, name), Need())
    steps = []
    if need.package and find_spec(need.package) is None:
        steps.append(f"pip install 'vapi-providers[{need.extra}]'")
    made_up_for = need.unless and getattr(settings, need.unless) != getattr(Settings(), need.unless)
    if need.setting and not getattr(settings, need.setting) and not made_up_for:
        steps.append(f"set --{need.setting.replace('_', '-')}")
    return ", ".join(steps)


def voice_factories() -> dict[str, Factory[TextToSpeech]]:
    """Every speaking engine by name, plugins included; a plugin cannot take a built-in's name."""
    return {**VOICES, **_plugins(VOICES_GROUP, VOICES)}


def transcriber_factories() -> dict[str, Factory[SpeechToText]]:
    """Every listening engine by name, plugins included."""
    return {**TRANSCRIBERS, **_plugins(TRANSCRIBERS_GROUP, TRANSCRIBERS)}


def make_voice(settings: Settings, *, observe: Observe = unobserved) -> TextToSpeech:
    """The tower of speaking engines that the settings name, or of the best that is there.

    Raises
    ------
    SettingsError
        An unknown name, or none is named and none is installed.
    EngineUnavailable
        What an engine or the cache needs is not installed.
    """
    factories = voice_factories()
    wanted = _wanted(settings, settings.voice, "--voice", factories, ("espeak", "espeakng_loader"))
    engines = [factories[name](settings) for name in wanted]
    voice = _speaking_as_one(engines, settings, observe)
    if not settings.cache_bytes or set(wanted) <= _BARE:
        return voice
    from providers.cache.cached import Cached

    return Cached(voice, _store(settings), settings=_sound(settings), observe=observe)


def prewarming(settings: Settings, voice: TextToSpeech) -> Callable[[], Coroutine[Any, Any, None]] | None:
    """What speaks the phrases of ``--prewarm`` into the cache once the server is up; None when nothing is asked for.

    Raises
    ------
    SettingsError
        The file cannot be read, or there is no cache.
    """
    if settings.prewarm is None:
        return None
    from providers.cache.cached import Cached

    if not isinstance(voice, Cached):
        raise SettingsError(["--prewarm: expected a cache to speak into, found none: see --cache-bytes and --voice"])
    try:
        lines = [line.strip() for line in Path(settings.prewarm).read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError([f"--prewarm: cannot read {settings.prewarm!r}: {reason}"]) from None

    async def prewarm() -> None:
        for rate in _PREWARMED_RATES:
            await voice.prewarm(filter(None, lines), rate=rate)

    return prewarm


def make_transcriber(settings: Settings, *, observe: Observe = unobserved) -> SpeechToText:
    """The tower of listening engines that the settings name, or of the best that is there.

    Raises
    ------
    SettingsError
        An unknown name, or none is named and none is installed.
    EngineUnavailable
        What an engine needs is not installed.
    """
    factories = transcriber_factories()
    wanted = _wanted(settings, settings.transcriber, "--transcriber", factories, ("pocketsphinx", "pocketsphinx"))
    engines = {name: factories[name](settings) for name in wanted}
    tower = partial(_listening_as_one, settings=settings, observe=observe)
    if not any(isinstance(engine, Tunable) for engine in engines.values()):
        return tower(engines)
    return Tuned(engines, tower)


def _wanted(
    settings: Settings, listed: str, flag: str, factories: Mapping[str, Any], embedded: tuple[str, str]
) -> tuple[str, ...]:
    """The engines' names: those listed, else Deepgram when it has a key, else the embedded one when it is installed."""
    name, package = embedded
    if not listed:
        if settings.deepgram_api_key:
            return ("deepgram",)
        if find_spec(package):
            return (name,)
        hint = "pip install 'vapi-providers[local]', or set DEEPGRAM_API_KEY, or name one of"
        raise SettingsError([f"{flag}: expected an engine, found none installed: {hint} {', '.join(factories)}"])
    unknown = [wanted for wanted in names(listed) if wanted not in factories]
    if unknown:
        raise SettingsError([f"{flag}: expected engines of {', '.join(factories)}, found {unknown[0]!r}"])
    return tuple(dict.fromkeys(names(listed)))


def _speaking_as_one(engines: list[TextToSpeech], settings: Settings, observe: Observe) -> TextToSpeech:
    if len(engines) == 1:
        return engines[0]
    from providers.failover.health import RestOptions
    from providers.failover.hedging import HedgeOptions
    from providers.failover.speaking import FallbackSpeaking, FallbackSpeakingOptions

    options = FallbackSpeakingOptions(
        change_mid_text=settings.fallback_mid_text,
        first_audio=settings.fallback_first_audio_seconds,
        last_first_audio=settings.first_audio_seconds,
        idle=settings.next_audio_seconds,
        hedge=HedgeOptions() if settings.hedge else None,
        rest=RestOptions(base=settings.fallback_rest_seconds),
    )
    return FallbackSpeaking(engines, options=options, observe=observe)


def _listening_as_one(engines: Mapping[str, SpeechToText], settings: Settings, observe: Observe) -> SpeechToText:
    from providers.reconnect.replay import Replay, ReplayOptions

    options = ReplayOptions(
        relay=_relay_options(settings),
        base=settings.reconnect_base_seconds,
        ceiling=settings.reconnect_ceiling_seconds,
        patience=settings.reconnect_patience_seconds,
    )
    kept = [
        engine if name in _BARE else Replay(engine, options=options, observe=observe)
        for name, engine in engines.items()
    ]
    if len(kept) == 1:
        return kept[0]
    from providers.failover.health import RestOptions
    from providers.failover.listening import FallbackListening, FallbackListeningOptions

    outer = FallbackListeningOptions(rest=RestOptions(base=settings.fallback_rest_seconds))
    # The replay inside goes first: another engine is tried when it has run out of patience, and hears the same audio.
    opening = settings.reconnect_patience_seconds + settings.recogniser_open_seconds + 1.0
    relay = replace(outer.relay, ring=settings.replay_seconds, open=opening)
    return FallbackListening(kept, options=replace(outer, relay=relay), observe=observe)


def _relay_options(settings: Settings) -> RelayOptions:
    return RelayOptions(
        ring=settings.replay_seconds,
        open=settings.recogniser_open_seconds,
        first_result=settings.recogniser_first_result_seconds,
        next_result=settings.recogniser_next_result_seconds,
        flush=settings.recogniser_flush_seconds,
    )


def _store(settings: Settings) -> Store:
    from providers.cache.stores import FileStore, MemoryStore, RedisStore

    if settings.cache_redis_url:
        return RedisStore(settings.cache_redis_url)
    if settings.cache_folder:
        return FileStore(Path(settings.cache_folder), settings.cache_bytes)
    return MemoryStore(settings.cache_bytes)


def _sound(settings: Settings) -> str:
    """A digest of every setting that may change how a voice sounds: part of each recording's key in a shared cache."""
    heard = (
        "voice",
        "espeak_",
        "deepgram_voice",
        "deepgram_url",
        "openai_",
        "sherpa_",
        "piper_",
        "kokoro_",
        "local_speed",
    )
    fields = msgspec.structs.asdict(settings)
    told = {name: value for name, value in fields.items() if name.startswith(heard) and "key" not in name}
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def _plugins(group: str, built_in: Mapping[str, Any]) -> dict[str, Any]:
    points = sorted(entry_points(group=group), key=lambda point: point.name)
    return {point.name: partial(_plugged_in, point) for point in points if point.name not in built_in}


def _plugged_in(point: Any, settings: Settings) -> Any:
    return point.load()(settings)

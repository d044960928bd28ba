"""Names to engines: the only module that knows concrete ones; each is imported when it is asked for and not before.

Third-party engines come in through the entry-point groups ``vapi_providers.voices`` and
``vapi_providers.transcribers``: an entry point is a callable that takes the `Settings` and returns a `TextToSpeech` or
a `SpeechToText`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, TypeVar

from providers.engines.base import SpeechToText, TextToSpeech
from providers.errors import SettingsError
from providers.settings import Settings, names

VOICES_GROUP = "vapi_providers.voices"
TRANSCRIBERS_GROUP = "vapi_providers.transcribers"

_Engine = TypeVar("_Engine")
Factory = Callable[[Settings], _Engine]


def _espeak(settings: Settings) -> TextToSpeech:
    from providers.engines.espeak import Espeak

    return Espeak(voice=settings.espeak_voice, words_per_minute=settings.espeak_wpm)


def _tone(settings: Settings) -> TextToSpeech:
    from providers.engines.tone import Tone

    return Tone()


def _null(settings: Settings) -> SpeechToText:
    from providers.engines.null import Null

    return Null()


VOICES: Mapping[str, Factory[TextToSpeech]] = {"espeak": _espeak, "tone": _tone}
TRANSCRIBERS: Mapping[str, Factory[SpeechToText]] = {"null": _null}


def voice_factories() -> dict[str, Factory[TextToSpeech]]:
    """Every speaking engine by name, plugins included; a plugin cannot take a built-in's name."""
    return {**_plugins(VOICES_GROUP), **VOICES}


def transcriber_factories() -> dict[str, Factory[SpeechToText]]:
    """Every listening engine by name, plugins included."""
    return {**_plugins(TRANSCRIBERS_GROUP), **TRANSCRIBERS}


def make_voice(settings: Settings) -> TextToSpeech:
    """The speaking engine that the settings name, or the best that is there.

    Raises
    ------
    SettingsError
        An unknown name, or none is named and none is installed.
    """
    return _make(settings, settings.voice or _default_voice(), voice_factories(), "--voice")


def make_transcriber(settings: Settings) -> SpeechToText:
    """The listening engine that the settings name, or the best that is there.

    Raises
    ------
    SettingsError
        An unknown name, or none is named and none is installed.
    """
    return _make(settings, settings.transcriber or _default_transcriber(), transcriber_factories(), "--transcriber")


def _make(settings: Settings, wanted: str, factories: Mapping[str, Factory[_Engine]], flag: str) -> _Engine:
    if not wanted:
        hint = "pip install 'vapi-providers[local]', set DEEPGRAM_API_KEY, or name one"
        raise SettingsError(
            [f"{flag}: expected an engine, found none installed: {hint} of {', '.join(sorted(factories))}"]
        )
    unknown = [name for name in names(wanted) if name not in factories]
    if unknown:
        raise SettingsError([f"{flag}: expected one of {', '.join(sorted(factories))}, found {unknown[0]!r}"])
    engines = [factories[name](settings) for name in names(wanted)]
    return engines[0]


def _default_voice() -> str:
    if os.environ.get("DEEPGRAM_API_KEY"):
        return "deepgram"
    return "espeak" if find_spec("espeakng_loader") else ""


def _default_transcriber() -> str:
    if os.environ.get("DEEPGRAM_API_KEY"):
        return "deepgram"
    return "pocketsphinx" if find_spec("pocketsphinx") else ""


def _plugins(group: str) -> dict[str, Any]:
    return {point.name: _lazily(point.load) for point in entry_points(group=group)}


def _lazily(load: Callable[[], Factory[_Engine]]) -> Factory[_Engine]:
    return lambda settings: load()(settings)

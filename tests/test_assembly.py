"""Names to engines, and engines to towers."""

from __future__ import annotations

from typing import Any

import pytest

from providers import assembly, registry
from providers.cache.cached import Cached
from providers.engines.base import SpeechToText, TextToSpeech
from providers.engines.espeak.engine import Espeak
from providers.engines.null import Null
from providers.engines.tone import Tone
from providers.errors import SettingsError
from providers.failover.listening import FallbackListening
from providers.failover.speaking import FallbackSpeaking
from providers.reconnect.reconnecting import Reconnecting
from providers.settings import Settings


def voice(**changes: Any) -> TextToSpeech:
    return assembly.make_voice(Settings.of(**changes))


def transcriber(**changes: Any) -> SpeechToText:
    return assembly.make_transcriber(Settings.of(**changes))


def test_the_embedded_engines_are_the_default() -> None:
    assert voice().name == "espeak"
    assert transcriber().name == "pocketsphinx"


def test_deepgram_is_the_default_whenever_it_has_a_key() -> None:
    assert voice(deepgram_api_key="k").name == "deepgram"
    assert transcriber(deepgram_api_key="k").name == "deepgram"


def test_a_name_beats_the_key() -> None:
    assert voice(deepgram_api_key="k", voice="espeak").name == "espeak"


@pytest.mark.parametrize("name", registry.VOICES)
def test_every_voice_can_be_named(name: str) -> None:
    assert registry.VOICES[name].make(Settings.of(deepgram_api_key="k", openai_api_key="k")).name == name


@pytest.mark.parametrize("name", registry.TRANSCRIBERS)
def test_every_transcriber_can_be_named(name: str) -> None:
    assert registry.TRANSCRIBERS[name].make(Settings.of(deepgram_api_key="k")).name == name


@pytest.mark.parametrize("flag", ["voice", "transcriber"])
def test_an_unknown_engine_is_a_fault_that_names_the_known_ones(flag: str) -> None:
    make = voice if flag == "voice" else transcriber
    with pytest.raises(SettingsError, match=rf"--{flag}: expected engines of .*deepgram.*, found 'nobody'"):
        make(**{flag: "deepgram,nobody", "deepgram_api_key": "k"})


def test_engines_for_load_stand_bare() -> None:
    assert isinstance(voice(voice="tone"), Tone)
    assert isinstance(transcriber(transcriber="null"), Null)


def test_finished_utterances_are_cached_unless_that_is_off() -> None:
    assert isinstance(voice(voice="espeak"), Cached)
    assert isinstance(voice(voice="espeak", cache_bytes=0), Espeak)


def test_several_voices_fall_back_and_may_be_hedged() -> None:
    assert isinstance(voice(voice="espeak,tone", cache_bytes=0), FallbackSpeaking)
    assert isinstance(voice(voice="espeak,tone", cache_bytes=0, hedge=True), FallbackSpeaking)
    assert voice(voice="espeak,tone").name == "espeak,tone"


def test_every_recogniser_is_reconnected_and_several_fall_back() -> None:
    assert isinstance(transcriber(transcriber="pocketsphinx"), Reconnecting)
    both = transcriber(transcriber="deepgram,pocketsphinx", deepgram_api_key="k")
    assert isinstance(both, FallbackListening)
    assert both.name == "deepgram,pocketsphinx"


def test_the_reconnect_settings_reach_the_recogniser() -> None:
    options = assembly._reconnect_options(Settings.of(recogniser_suspect_seconds=1.5, replay_seconds=20.0).reconnect)
    assert (options.suspect, options.replay) == (1.5, 20.0)


def test_openai_extra_has_to_be_a_json_object() -> None:
    with pytest.raises(SettingsError, match="--openai-extra: expected a JSON object"):
        voice(voice="openai", openai_api_key="k", openai_extra="[1]")


def test_the_cache_tells_sounds_apart_by_the_engines_own_settings_and_never_holds_a_key() -> None:
    def sound(**changes: Any) -> str:
        return assembly._sound(Settings.of(**{"voice": "openai", **changes}))

    plain = sound()
    assert sound(openai_speed=1.5) != plain
    assert sound(voice="openai,espeak") != plain
    assert sound(openai_api_key="hunter2", secret="hunter2") == plain
    assert sound(espeak_wpm=200) == plain
    assert sound(voice="openai,espeak") != sound(voice="openai,espeak", espeak_wpm=200)
    assert sound(voice="deepgram") == sound(voice="deepgram", deepgram_keyterms="Vapi"), "that changes the ear alone"


def test_settings_of_an_unknown_name_are_a_programming_error() -> None:
    with pytest.raises(TypeError, match="'max_cals'"):
        Settings.of(max_cals=1)

"""The espeak library itself, rendering in this process: voices, words, parameters, its data path."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from providers.engines.espeak.library import EspeakLibrary
from providers.errors import UnknownVoice
from tests.espeak_speech import espeak


@pytest.fixture(scope="module")
def library() -> EspeakLibrary:
    return espeak()


def loudest(pcm: bytes) -> int:
    return int(np.abs(np.frombuffer(pcm, "<i2").astype(int)).max(initial=0))


@pytest.mark.parametrize("voice", ["en-us", "en-gb", "de-AT", "en-IN", "pt-br", "fr", "en-us+f5", "en-us+klatt4"])
def test_voices_are_languages_with_region_and_variant(library: EspeakLibrary, voice: str) -> None:
    assert loudest(library.render("Hello.", voice).pcm) > 1000


HOSTILE_VOICES = [
    "nobody", "no-such-voice", "xx-YY", "", "\ud800", "de-", "../../etc", "f5", ".", "..", "!v/f5", "gmw/en-US",
    "/etc/passwd", "en-us\0", "\0", "en-us+", "en-us++f5", "en-us+f5+f5", "en-us+.", "en-us+../lang/gmw/en-US",
    "en-us+" + "x" * 31, "en-us+" + "x" * 37, "en-us+" + "x" * 1000, "x" * 100_000, "mb/mb-de1", "default", "variant",
    "en-us%s%n", " en-us", "en-us ", "en-us\n",
]  # fmt: skip


@pytest.mark.parametrize("voice", HOSTILE_VOICES, ids=lambda voice: ascii(voice[:30]))
def test_a_name_that_is_not_in_the_librarys_list_never_reaches_it(library: EspeakLibrary, voice: str) -> None:
    with pytest.raises(UnknownVoice, match="for example en-us"):
        library.render("Hello.", voice)
    assert loudest(library.render("Hello.").pcm) > 1000


def test_every_voice_of_the_list_can_be_selected(library: EspeakLibrary) -> None:
    assert len(library.names.tags) > 140
    for tag in library.names.tags:
        assert not library.render("one 12", tag).silent


@pytest.mark.parametrize("voice", ["fo", "kaa", "xex"])
def test_a_language_without_a_dictionary_is_no_voice(library: EspeakLibrary, voice: str) -> None:
    with pytest.raises(UnknownVoice):
        library.render("Hello.", voice)


@pytest.mark.parametrize("digits", ["٣٤٥", "३४५", "៣៤៥", "３４５"])
def test_digits_of_every_script_are_spoken(library: EspeakLibrary, digits: str) -> None:
    rendered = library.render(digits)
    assert len(rendered.pcm) == pytest.approx(len(library.render("345").pcm), rel=0.05)
    assert [word.text for word in rendered.words] == [digits]


def test_every_variant_of_the_list_can_be_selected(library: EspeakLibrary) -> None:
    variants = library.names.variants
    assert len(variants) > 100
    for variant in variants:
        assert library.render("1", f"en-us+{variant}", cancelled=lambda: True).rate == 22050


def test_words_follow_each_other_and_cover_the_text(library: EspeakLibrary) -> None:
    text = "Your table in the corner costs $12.50, thanks Ångström! 👍 Bye."
    rendered = library.render(text)
    assert [word.text for word in rendered.words][:2] == ["Your", "table"]
    assert " ".join(word.text for word in rendered.words) == text
    ends = [word.end for word in rendered.words]
    assert all(before.end == after.start for before, after in zip(rendered.words, rendered.words[1:], strict=False))
    assert ends == sorted(ends)
    assert ends[-1] == len(rendered.pcm) / 2 / rendered.rate


def test_a_higher_rate_of_speech_is_shorter(library: EspeakLibrary) -> None:
    slow, fast = (library.render("One two three four five.", words_per_minute=wpm) for wpm in (100, 300))
    assert len(fast.pcm) < 0.6 * len(slow.pcm)


@pytest.mark.parametrize("command", ["\x0120S", "\x01300S", "\x010A", "\x0199P", "\x0199R", "\x0199F", "\x0190T"])
def test_a_command_in_a_text_changes_nothing_for_the_next_one(library: EspeakLibrary, command: str) -> None:
    sentence = "One two three four five."
    before = library.render(sentence)
    library.render(f"{command} {sentence}")
    after = library.render(sentence)
    assert len(after.pcm) == pytest.approx(len(before.pcm), rel=0.03)
    assert loudest(after.pcm) == pytest.approx(loudest(before.pcm), rel=0.2)


@pytest.mark.parametrize("text", ["★", "①", "<", "", "   ", "…"])
def test_a_text_without_a_sound_is_silent(library: EspeakLibrary, text: str) -> None:
    assert library.render(text).silent


@pytest.mark.parametrize("text", ["1", "a", "🙂", "%"])
def test_a_text_with_a_sound_is_not(library: EspeakLibrary, text: str) -> None:
    assert not library.render(text).silent


def test_a_long_data_path_is_no_obstacle(tmp_path: Path) -> None:
    """The library copies its data path into a short buffer; a deep virtual environment overflows it."""
    import espeakng_loader

    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    (deep / "data").symlink_to(espeakng_loader.get_data_path())
    script = (
        "import espeakng_loader, sys; espeakng_loader.get_data_path = lambda: sys.argv[1]\n"
        "from providers.engines.espeak.library import EspeakLibrary\n"
        "print(len(EspeakLibrary().render('Hello.', 'de').pcm))"
    )
    command = [sys.executable, "-c", script, str(deep / "data")]
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environ = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=True)
    assert int(done.stdout) > 10_000
    assert list(temporary.iterdir()) == []


def test_the_module_renders_a_wav_for_other_programs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "providers.engines.espeak", "Hello.", "--voice", "en-us+f5", "--wpm", "150"]
    done = subprocess.run(command, capture_output=True, timeout=30, check=True)
    (tmp_path / "x.wav").write_bytes(done.stdout)
    with wave.open(str(tmp_path / "x.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (22050, 1)
        assert file.getnframes() > 5000

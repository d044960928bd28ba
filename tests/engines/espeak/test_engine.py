"""The embedded voice: voices, words, its data path, and many who speak at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import wave
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from providers.engines.base import Utterance
from providers.engines.espeak.engine import Espeak, library
from providers.errors import UnknownVoice


def loudest(pcm: bytes) -> int:
    return int(np.abs(np.frombuffer(pcm, "<i2").astype(int)).max(initial=0))


@pytest.mark.parametrize("voice", ["en-us", "en-gb", "de-AT", "en-IN", "pt-br", "fr", "en-us+f5", "en-us+klatt4"])
def test_voices_are_languages_with_region_and_variant(voice: str) -> None:
    assert loudest(library.render("Hello.", voice).pcm) > 1000


@pytest.mark.parametrize("voice", ["nobody", "no-such-voice", "xx-YY", "", "\ud800", "de-", "../../etc"])
def test_an_unknown_voice_is_refused_and_harms_no_later_one(voice: str) -> None:
    with pytest.raises(UnknownVoice, match="for example en-us"):
        library.render("Hello.", voice)
    assert loudest(library.render("Hello.").pcm) > 1000


def test_words_follow_each_other_and_cover_the_text() -> None:
    text = "Your table in the corner costs $12.50, thanks Ångström! 👍 Bye."
    rendered = library.render(text)
    assert [word.text for word in rendered.words][:2] == ["Your", "table"]
    assert " ".join(word.text for word in rendered.words) == text
    ends = [word.end for word in rendered.words]
    assert all(before.end == after.start for before, after in zip(rendered.words, rendered.words[1:], strict=False))
    assert ends == sorted(ends)
    assert ends[-1] == len(rendered.pcm) / 2 / rendered.rate


def test_a_higher_rate_of_speech_is_shorter() -> None:
    slow, fast = (library.render("One two three four five.", words_per_minute=wpm) for wpm in (100, 300))
    assert len(fast.pcm) < 0.6 * len(slow.pcm)


def test_a_long_data_path_is_no_obstacle(tmp_path: Path) -> None:
    """The library copies its data path into a short buffer; a deep virtual environment overflows it."""
    import espeakng_loader

    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    (deep / "data").symlink_to(espeakng_loader.get_data_path())
    script = (
        "import espeakng_loader, sys; espeakng_loader.get_data_path = lambda: sys.argv[1]\n"
        "from providers.engines.espeak.engine import library; print(len(library.render('Hello.', 'de').pcm))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(deep / "data")], capture_output=True, text=True, timeout=30, check=True
    )
    assert int(done.stdout) > 10_000


def test_threads_take_turns() -> None:
    texts = {"en-us": "The quick brown fox.", "de": "Der schnelle braune Fuchs.", "fr": "Le renard brun rapide."}
    wrong: list[str] = []

    def speak(voice: str) -> None:
        for _ in range(20):
            if loudest(library.render(texts[voice], voice).pcm) < 1000:
                wrong.append(voice)

    threads = [threading.Thread(target=speak, args=(voice,)) for voice in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_caller_who_hangs_up_does_not_hold_up_the_next() -> None:
    async def scenario() -> float:
        engine = Espeak()
        await engine.start()
        chunks = engine.synthesize(Utterance("word " * 50_000, 22050))
        waiting = asyncio.ensure_future(anext(chunks))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await chunks.aclose()
        begun = asyncio.get_running_loop().time()
        async with aclosing(engine.synthesize(Utterance("Hello.", 22050))) as next_chunks:
            await anext(next_chunks)
        took = asyncio.get_running_loop().time() - begun
        await engine.aclose()
        return took

    # The whole text would take more than ten seconds.
    assert asyncio.run(scenario()) < 3


def test_the_module_renders_a_wav_for_other_programs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "providers.engines.espeak", "Hello.", "--voice", "en-us+f5", "--wpm", "150"]
    done = subprocess.run(command, capture_output=True, timeout=30, check=True)
    (tmp_path / "x.wav").write_bytes(done.stdout)
    with wave.open(str(tmp_path / "x.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (22050, 1)
        assert file.getnframes() > 5000

"""faster-whisper, the real library with a tiny model made here, and the cutting into utterances around it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dsp import PcmDecoder, Resampler, Samples, encode_pcm16
from providers.engines.base import Transcript
from providers.engines.local.whisper import LONGEST, Whisper, WhisperOptions, WhisperRecogniser
from providers.errors import EngineUnavailable
from tests.engines.conformance import ListeningCase, ListeningConformance, kept
from tests.engines.local.tiny_whisper import SAID, whisper_model
from tests.espeak_speech import espeak

WORDS = (
    "many more numbers remain unknown while every morning our river runs along the old mill and nobody knows".split()
)


@cache
def _read_aloud(rate: int, repeats: int = 40) -> Samples:
    """A voice that reads without a pause, a minute and more of it; from its first sound to its last."""
    rendered = espeak().render(" ".join(WORDS * repeats) + ".", "en-us")
    resampler = Resampler(rendered.rate, rate)
    voice = np.concatenate([resampler.feed(PcmDecoder().feed(rendered.pcm)), resampler.flush()])
    loud = np.flatnonzero(np.abs(voice) > 0.01)
    return voice[loud[0] : loud[-1] + 1]


def babble(rate: int, seconds: float, *, seed: int = 3) -> bytes:
    """So many seconds of the voice, from a place of its own for each seed."""
    begin = (seed % 7) * rate
    return encode_pcm16(_read_aloud(rate)[begin : begin + round(seconds * rate)])


def line(rate: int, seconds: float, *, seed: int = 4) -> bytes:
    """The same line without a speaker."""
    rng = np.random.default_rng(seed)
    return encode_pcm16((0.001 * rng.standard_normal(round(seconds * rate))).astype(np.float32))


def speech(rate: int) -> bytes:
    return line(rate, 0.6) + babble(rate, 0.9) + line(rate, 1.2) + babble(rate, 0.9, seed=5) + line(rate, 0.2)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("faster_whisper", reason="needs the extra 'whisper': pip install 'vapi-providers[whisper]'")
    return whisper_model(tmp_path_factory.mktemp("whisper"))


class TestWhisper(ListeningConformance):
    @pytest.fixture(autouse=True)
    def _model(self, model: Path) -> None:
        options = WhisperOptions(folder=model, language="en", capacity=3)
        self.case = ListeningCase(opened=lambda: kept(Whisper(options)), speech=speech)


def test_the_real_library_writes_each_utterance_with_its_words(model: Path) -> None:
    async def scenario() -> list[Transcript]:
        async with kept(Whisper(WhisperOptions(folder=model))) as engine:
            async with engine.listen(rate=8000) as recognition:
                await recognition.push(speech(8000))
                await recognition.finish()
                return [transcript async for transcript in recognition]

    finals = [transcript for transcript in asyncio.run(scenario()) if transcript.final]
    assert len(finals) == 2
    assert all(final.text.startswith(SAID) for final in finals)
    assert [final.words[0].text for final in finals] == ["yes,", "yes,"]
    assert [final.start for final in finals] == pytest.approx([0.4, 2.5], abs=0.2)
    assert all(type(word.start) is float for final in finals for word in final.words)


def test_a_folder_without_a_model_is_one_clear_error(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper", reason="needs the extra 'whisper': pip install 'vapi-providers[whisper]'")
    with pytest.raises(EngineUnavailable, match="whisper cannot load its model"):
        asyncio.run(Whisper(WhisperOptions(folder=tmp_path)).start())


def test_no_folder_at_all_names_the_setting() -> None:
    with pytest.raises(EngineUnavailable, match="set PROVIDERS_WHISPER_FOLDER"):
        asyncio.run(Whisper(WhisperOptions(), library=SimpleNamespace).start())


class ScriptedModel:
    """Writes down what it was given; hears its length in tenths of a second."""

    def __init__(self, text: str = "", **doubts: float) -> None:
        self._text = text
        self.given: list[float] = []
        self._doubts = {"no_speech_prob": 0.0, "avg_logprob": 0.0} | doubts

    def transcribe(self, audio: Any, **options: Any) -> tuple[Iterator[Any], None]:
        assert options["condition_on_previous_text"] is False
        self.given.append(len(audio) / 16000)
        text = self._text or f" {len(audio) // 1600} tenths."
        return iter([SimpleNamespace(text=text, words=None, **self._doubts)]), None


def hear(
    model: ScriptedModel, pcm: bytes, *, clock: Callable[[], float] = lambda: 0.0, **options: Any
) -> list[Transcript]:
    recogniser = WhisperRecogniser(model, rate=16000, options=WhisperOptions(**options), clock=clock)
    heard = [t for begin in range(0, len(pcm), 16000) for t in recogniser.feed(pcm[begin : begin + 16000])]
    return heard + list(recogniser.finish())


def test_silence_never_reaches_the_model() -> None:
    model = ScriptedModel()
    assert hear(model, bytes(5 * 32000) + line(16000, 5)) == []
    assert model.given == []


def test_partials_are_the_utterance_so_far() -> None:
    model = ScriptedModel()
    heard = hear(model, line(16000, 1) + babble(16000, 4) + line(16000, 1))
    assert [t.final for t in heard] == [False] * (len(heard) - 1) + [True]
    assert len(heard) >= 3
    assert model.given[:-1] == sorted(model.given[:-1])
    assert heard[-1].text == f"{int(model.given[-1] * 10)} tenths."
    assert {t.start for t in heard} == {heard[0].start}


def test_partials_can_be_disabled() -> None:
    model = ScriptedModel()
    heard = hear(model, line(16000, 1) + babble(16000, 4) + line(16000, 1), partial_every=0)
    assert [t.final for t in heard] == [True]
    assert len(model.given) == 1


def test_partials_take_half_of_the_time_at_most() -> None:
    ticks = iter(range(0, 1000, 2))  # every look at the clock is 2 s later: a transcription takes 2 s
    model = ScriptedModel()
    hear(model, line(16000, 1) + babble(16000, 9) + line(16000, 1), clock=lambda: float(next(ticks)))
    assert len(model.given) <= 4


def test_the_final_is_ready_when_the_pause_has_lasted_long_enough() -> None:
    """It was transcribed when the pause began: at the end nothing is left to do."""
    model = ScriptedModel()
    recogniser = WhisperRecogniser(model, rate=16000, options=WhisperOptions(), clock=lambda: 0.0)
    voice = _read_aloud(16000, 1)
    ended = 1 + len(voice) / 16000
    pcm = line(16000, 1) + encode_pcm16(voice) + line(16000, 2)
    made_at = final_at = 0.0
    for begin in range(0, len(pcm), 640):
        before = len(model.given)
        heard = list(recogniser.feed(pcm[begin : begin + 640]))
        now = (begin + 640) / 32000
        if len(model.given) > before:
            made_at = now
            assert not any(t.final for t in heard), "what is made now is shown as a partial"
        if any(t.final for t in heard):
            final_at = now
    assert ended + 0.1 < made_at < ended + 0.4
    assert ended + 0.4 < final_at < ended + 0.7


def test_a_speaker_who_goes_on_after_a_breath_has_one_utterance() -> None:
    model = ScriptedModel()
    pcm = line(16000, 1) + babble(16000, 2) + line(16000, 0.35) + babble(16000, 2, seed=5) + line(16000, 1)
    heard = hear(model, pcm)
    (final,) = [t for t in heard if t.final]
    assert final.end - final.start > 4
    assert final.text == f"{int(model.given[-1] * 10)} tenths."


def test_segments_that_the_model_doubts_are_dropped() -> None:
    pcm = line(16000, 1) + babble(16000, 2) + line(16000, 1)
    assert hear(ScriptedModel(no_speech_prob=0.9, avg_logprob=-2.0), pcm) == []
    assert hear(ScriptedModel(no_speech_prob=0.9, avg_logprob=-0.2), pcm)
    assert hear(ScriptedModel(no_speech_prob=0.1, avg_logprob=-2.0), pcm)


@pytest.mark.parametrize(("text", "doubt", "kept"), [(" Thank you.", 0.8, False), (" Thank you.", 0.1, True)])
def test_what_the_model_invents_in_noise_is_dropped_when_it_suspects_silence(
    text: str, doubt: float, kept: bool
) -> None:
    heard = hear(ScriptedModel(text, no_speech_prob=doubt), line(16000, 1) + babble(16000, 2) + line(16000, 1))
    assert bool(heard) is kept


def test_a_transcript_without_a_word_is_none() -> None:
    assert hear(ScriptedModel(" . …"), line(16000, 1) + babble(16000, 2) + line(16000, 1)) == []


def test_speech_without_a_pause_is_cut_before_the_model_would_cut_it() -> None:
    model = ScriptedModel()
    heard = hear(model, line(16000, 1) + babble(16000, 65) + line(16000, 1), partial_every=0)
    assert len(heard) == 3
    assert all(given <= LONGEST + 0.6 for given in model.given)
    assert all(later.start >= earlier.end - 0.02 for earlier, later in zip(heard, heard[1:], strict=False))

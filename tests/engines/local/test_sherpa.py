"""sherpa-onnx, the real library, speaking and listening with tiny models made here."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from providers.engines.base import Transcript
from providers.engines.local.sherpa_listen import SherpaListener, SherpaListenerOptions
from providers.engines.local.sherpa_speak import SherpaVoice, SherpaVoiceOptions
from providers.errors import EngineUnavailable
from tests.engines.conformance import (
    ListeningCase,
    ListeningConformance,
    SpeakingCase,
    SpeakingConformance,
    joined,
    kept,
    say,
)
from tests.engines.local.tiny_models import sherpa_listener, sherpa_voice, tones

pytest.importorskip("sherpa_onnx", reason="needs the extra 'sherpa': pip install 'vapi-providers[sherpa]'")
pytest.importorskip("onnx", reason="needs the package onnx to make a model")

LOW, HIGH, PAUSE = (500.0, 0.3), (3000.0, 0.3), (0.0, 1.2)


def speech(rate: int) -> bytes:
    return tones(rate, PAUSE, LOW, (0.0, 0.25), HIGH, PAUSE, LOW, (0.0, 0.3))


class TestSherpaVoice(SpeakingConformance):
    @pytest.fixture(autouse=True)
    def _voice(self, tmp_path: Path) -> None:
        folder = sherpa_voice(tmp_path)
        self.case = SpeakingCase(opened=lambda: kept(SherpaVoice(SherpaVoiceOptions(folder=folder))))


class TestSherpaListener(ListeningConformance):
    @pytest.fixture(autouse=True)
    def _model(self, tmp_path: Path) -> None:
        folder = sherpa_listener(tmp_path)
        options = SherpaListenerOptions(folder=folder, capacity=4)
        self.case = ListeningCase(opened=lambda: kept(SherpaListener(options)), speech=speech)


def hear(folder: Path, pcm: bytes) -> list[Transcript]:
    async def scenario() -> list[Transcript]:
        async with kept(SherpaListener(SherpaListenerOptions(folder=folder))) as engine:
            async with engine.listen(rate=16000) as recognition:
                await recognition.push(pcm)
                await recognition.finish()
                return [transcript async for transcript in recognition]

    return asyncio.run(scenario())


def test_utterances_words_and_their_times_are_those_of_the_audio(tmp_path: Path) -> None:
    heard = hear(sherpa_listener(tmp_path), speech(16000))
    finals = [transcript for transcript in heard if transcript.final]
    assert [final.text for final in finals] == ["low high", "low"]
    assert [word.start for final in finals for word in final.words] == pytest.approx([1.2, 1.75, 3.25], abs=0.06)
    assert any(transcript.text == "low" and not transcript.final for transcript in heard)


def test_all_the_audio_that_the_model_makes_arrives(tmp_path: Path) -> None:
    async def scenario() -> None:
        folder = sherpa_voice(tmp_path)
        async with kept(SherpaVoice(SherpaVoiceOptions(folder=folder))) as engine:
            assert len(joined(await say(engine, "abc"))) == 3 * 1500 * 2

    asyncio.run(scenario())


@pytest.mark.parametrize("engine", ["voice", "listener"])
def test_an_incomplete_folder_is_one_clear_error(tmp_path: Path, engine: str) -> None:
    def start(folder: Path | None) -> None:
        made = (
            SherpaVoice(SherpaVoiceOptions(folder=folder))
            if engine == "voice"
            else SherpaListener(SherpaListenerOptions(folder=folder))
        )
        asyncio.run(made.start())

    with pytest.raises(EngineUnavailable, match="set PROVIDERS_SHERPA_"):
        start(None)
    with pytest.raises(EngineUnavailable, match="PROVIDERS_SHERPA_.*expected an existing path"):
        start(tmp_path / "none")
    with pytest.raises(EngineUnavailable, match=r"expected tokens.txt in"):
        start(tmp_path)
    (tmp_path / "tokens.txt").write_text("a 0\n")
    with pytest.raises(EngineUnavailable, match=r"expected model\*.onnx or \*.onnx in"):
        start(tmp_path)


def test_a_folder_that_ends_the_librarys_process_does_not_end_the_server(tmp_path: Path) -> None:
    folder = sherpa_voice(tmp_path)
    (folder / "tokens.txt").write_text("no numbers\n")
    with pytest.raises(EngineUnavailable, match="sherpa cannot start: its process ended while loading the voice"):
        asyncio.run(SherpaVoice(SherpaVoiceOptions(folder=folder)).start())

"""Piper, the real library, with a tiny voice made here."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from providers.engines.base import TextToSpeech
from providers.engines.local.piper import Piper, PiperOptions
from providers.errors import EngineUnavailable, UnspeakableText
from tests.engines.conformance import SpeakingCase, SpeakingConformance, kept, say, seconds
from tests.engines.local.tiny_models import piper_voice
from tests.espeak_speech import CRASHING

pytest.importorskip("piper", reason="needs the extra 'piper': pip install 'vapi-providers[piper]'")
pytest.importorskip("onnx", reason="needs the package onnx to make a voice")


class TestPiper(SpeakingConformance):
    @pytest.fixture(autouse=True)
    def _voice(self, tmp_path: Path) -> None:
        model = piper_voice(tmp_path)
        self.case = SpeakingCase(opened=lambda: kept(Piper(PiperOptions(model=model))))


def test_speakers_are_chosen_by_name_and_by_number(tmp_path: Path) -> None:
    async def scenario(engine: TextToSpeech) -> None:
        await engine.start()
        assert engine.capabilities.voices == ("ada", "bob", "0", "1")
        assert [bool(await say(engine, voice=voice)) for voice in (None, "ada", "bob", "1")] == [True] * 4
        await engine.aclose()

    asyncio.run(scenario(Piper(PiperOptions(model=piper_voice(tmp_path, speakers=2)))))


def test_the_voice_is_loaded_on_first_use_without_a_start(tmp_path: Path) -> None:
    async def scenario(engine: TextToSpeech) -> None:
        assert seconds(await say(engine, "Hello.")) > 0
        await engine.aclose()

    asyncio.run(scenario(Piper(PiperOptions(model=piper_voice(tmp_path)))))


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ((), "PROVIDERS_PIPER_MODEL: expected an existing path"),
        (("tiny.onnx",), r"PROVIDERS_PIPER_MODEL \(its .json\): expected an existing path"),
        (("tiny.onnx", "tiny.onnx.json"), "piper cannot load its model: JSONDecodeError"),
    ],
)
def test_a_missing_or_broken_model_is_one_clear_error(tmp_path: Path, files: tuple[str, ...], complaint: str) -> None:
    for name in files:
        (tmp_path / name).write_text("no model")
    with pytest.raises(EngineUnavailable, match=complaint):
        asyncio.run(Piper(PiperOptions(model=tmp_path / "tiny.onnx")).start())


def test_no_model_at_all_names_the_setting() -> None:
    with pytest.raises(EngineUnavailable, match="piper needs a model: set PROVIDERS_PIPER_MODEL"):
        asyncio.run(Piper(PiperOptions()).start())


@pytest.mark.parametrize("text", CRASHING)
def test_a_text_that_may_crash_its_espeak_does_not_disturb_others(tmp_path: Path, text: str) -> None:
    async def scenario(engine: TextToSpeech) -> None:
        await engine.start()
        for _ in range(2):
            others = [asyncio.create_task(say(engine, "Hello.")) for _ in range(3)]
            with contextlib.suppress(UnspeakableText):
                await say(engine, text)
            assert all([await other for other in others])
        await engine.aclose()

    asyncio.run(scenario(Piper(PiperOptions(model=piper_voice(tmp_path)))))

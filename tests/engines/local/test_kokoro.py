"""kokoro-onnx, the real library, with a tiny model made here."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from providers.engines.base import TextToSpeech
from providers.engines.local.kokoro import Kokoro, KokoroOptions
from providers.errors import EngineUnavailable, UnspeakableText
from tests.engines.conformance import SpeakingCase, SpeakingConformance, kept, say
from tests.engines.local.tiny_models import kokoro_voice
from tests.espeak_speech import CRASHING

pytest.importorskip("kokoro_onnx", reason="needs the extra 'kokoro': pip install 'vapi-providers[kokoro]'")
pytest.importorskip("onnx", reason="needs the package onnx to make a model")


class TestKokoro(SpeakingConformance):
    @pytest.fixture(autouse=True)
    def _voice(self, tmp_path: Path) -> None:
        model, voices = kokoro_voice(tmp_path)
        self.case = SpeakingCase(opened=lambda: kept(Kokoro(KokoroOptions(model=model, voices=voices))))


def test_its_capabilities_are_those_of_the_voices(tmp_path: Path) -> None:
    async def scenario() -> None:
        model, voices = kokoro_voice(tmp_path)
        engine = Kokoro(KokoroOptions(model=model, voices=voices))
        await engine.start()
        assert engine.capabilities.rates == (24000,)
        assert engine.capabilities.voices == ("af_heart", "bm_daniel")
        assert engine.capabilities.languages == ("en-gb", "en-us")
        await engine.aclose()

    asyncio.run(scenario())


def test_a_missing_file_is_named_by_its_setting(tmp_path: Path) -> None:
    model, _ = kokoro_voice(tmp_path)
    with pytest.raises(EngineUnavailable, match="PROVIDERS_KOKORO_VOICES: expected an existing path"):
        asyncio.run(Kokoro(KokoroOptions(model=model, voices=tmp_path / "none.bin")).start())
    with pytest.raises(EngineUnavailable, match="set PROVIDERS_KOKORO_MODEL"):
        asyncio.run(Kokoro(KokoroOptions()).start())


def opened(folder: Path) -> TextToSpeech:
    model, voices = kokoro_voice(folder)
    return Kokoro(KokoroOptions(model=model, voices=voices))


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

    asyncio.run(scenario(opened(tmp_path)))

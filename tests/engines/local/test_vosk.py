"""Vosk: a fake with the library's documented interface, and the real library without a model."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from providers.engines.base import Transcript
from providers.engines.local.vosk import Vosk, VoskOptions, VoskRecogniser
from providers.errors import EngineUnavailable
from tests.engines.conformance import ListeningCase, ListeningConformance, kept
from tests.engines.local.tiny_models import tones


class KaldiRecognizer:
    """Hears a word in every tone and ends an utterance after 0.3 s of silence, as the library would."""

    def __init__(self, model: Any, rate: float) -> None:
        assert isinstance(rate, float)
        self._rate = rate
        self._time = self._quiet = 0.0
        self._words: list[dict[str, Any]] = []
        self._loud = False

    def SetWords(self, wanted: bool) -> None:
        self._with_words = wanted

    def AcceptWaveform(self, pcm: bytes) -> int:
        samples = np.frombuffer(pcm, "<i2").astype(float)
        seconds = len(samples) / self._rate
        loud = bool(np.mean(np.abs(samples)) > 500)
        if loud and not self._loud:
            word = {"word": f"word{len(self._words)}", "start": self._time, "end": self._time, "conf": 1.0}
            self._words.append(word)
        if loud:
            self._words[-1]["end"] = self._time + seconds
        self._loud = loud
        self._time += seconds
        self._quiet = 0.0 if loud else self._quiet + seconds
        return int(bool(self._words) and self._quiet >= 0.3)

    def PartialResult(self) -> str:
        return json.dumps({"partial": self._text()})

    def Result(self) -> str:
        result = {"text": self._text()} | ({"result": self._words} if self._words and self._with_words else {})
        self._words = []
        return json.dumps(result)

    FinalResult = Result

    def _text(self) -> str:
        return " ".join(word["word"] for word in self._words)


def library() -> Any:
    def model(*, model_path: str) -> str:
        return model_path

    return SimpleNamespace(Model=model, KaldiRecognizer=KaldiRecognizer, SetLogLevel=lambda level: None)


def speech(rate: int) -> bytes:
    return tones(rate, (0, 0.5), (500, 0.3), (0, 0.2), (500, 0.3), (0, 0.8), (500, 0.4))


class TestVosk(ListeningConformance):
    @pytest.fixture(autouse=True)
    def _model(self, tmp_path: Path) -> None:
        options = VoskOptions(folder=tmp_path, capacity=3)
        self.case = ListeningCase(opened=lambda: kept(Vosk(options, library=library)), speech=speech)


def hear(*results: dict[str, Any]) -> list[Transcript]:
    """What becomes of the library's answers, one per 0.1 s; a "text" ends the utterance."""
    answers = list(results)

    def accept(pcm: bytes) -> int:
        return int("text" in answers[0])

    def answer() -> str:
        return json.dumps(answers.pop(0))

    recognizer = SimpleNamespace(
        AcceptWaveform=accept, Result=answer, PartialResult=answer, FinalResult=lambda: '{"text": ""}'
    )
    recogniser = VoskRecogniser(recognizer, rate=8000)
    return [*recogniser.feed(bytes(1600 * len(results))), *recogniser.finish()]


def test_only_changed_partials_are_sent() -> None:
    heard = hear({"partial": ""}, {"partial": "a"}, {"partial": "a"}, {"partial": "a b"}, {"text": "a b c"})
    assert [(t.text, t.final) for t in heard] == [("a", False), ("a b", False), ("a b c", True)]


def test_a_partial_gets_a_final_even_if_the_library_withdraws_it() -> None:
    assert [(t.text, t.final) for t in hear({"partial": "a"}, {"text": ""})] == [("a", False), ("a", True)]
    assert [(t.text, t.final) for t in hear({"partial": "a"})] == [("a", False), ("a", True)]


def test_an_utterance_without_words_gives_no_transcript() -> None:
    assert hear({"text": ""}, {"partial": ""}) == []


def test_the_model_must_be_named_because_the_library_would_download_one() -> None:
    with pytest.raises(EngineUnavailable, match="vosk needs a model: set PROVIDERS_VOSK_FOLDER"):
        asyncio.run(Vosk(VoskOptions(), library=library).start())


def test_the_real_library_refuses_a_folder_without_a_model(tmp_path: Path) -> None:
    pytest.importorskip("vosk", reason="needs the extra 'vosk': pip install 'vapi-providers[vosk]'")
    with pytest.raises(EngineUnavailable, match="vosk cannot load its model"):
        asyncio.run(Vosk(VoskOptions(folder=tmp_path)).start())

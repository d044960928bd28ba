"""Pieces of a sentence that Piper speaks: one gain for all, and the breath between them."""

from __future__ import annotations

import numpy as np
import pytest

from providers.engines.base import Chunk
from providers.engines.local.piper import LEVEL, PiperLibrary, PiperOptions
from providers.engines.processes.voice_child import Sentence
from tests.engines.local.tiny_models import piper_voice

pytest.importorskip("piper", reason="needs the extra 'piper': pip install 'vapi-providers[piper]'")
pytest.importorskip("onnx", reason="needs the package onnx to make a voice")

TEXT = "Your order is on its way, and it comes on Friday."


def spoken(library: PiperLibrary, text: str) -> list[np.ndarray]:
    """The samples of each chunk."""
    chunks: list[Chunk] = []

    def sink(chunk: Chunk) -> bool:
        chunks.append(chunk)
        return True

    library.speak(Sentence(text, None), sink, lambda: False)
    return [np.frombuffer(chunk.pcm, "<i2") / 32768 for chunk in chunks]


def rms(samples: np.ndarray) -> float:
    """dBFS of what is not silence."""
    loud = samples[np.abs(samples) > 0.005]
    return float(20 * np.log10(np.sqrt(np.mean(loud**2))))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> PiperLibrary:
    return PiperLibrary(PiperOptions(model=piper_voice(tmp_path_factory.mktemp("piper")), threads=1))


def test_the_first_phrase_comes_before_the_rest(library: PiperLibrary) -> None:
    first, rest = spoken(library, TEXT)
    assert 0 < len(first) < len(rest) * 2
    assert len(spoken(library, "Hello.")) == 1


def test_every_phrase_has_the_same_gain_and_the_level_that_is_wanted(library: PiperLibrary) -> None:
    first, rest = spoken(library, TEXT)
    (alone,) = spoken(library, "Hello.")
    assert rms(first) == pytest.approx(rms(rest), abs=1.0)
    assert rms(first) == pytest.approx(rms(alone), abs=1.0)
    assert rms(np.concatenate([first, rest])) == pytest.approx(LEVEL, abs=3.0)


def test_a_reader_who_has_enough_stops_after_the_phrase(library: PiperLibrary) -> None:
    taken: list[Chunk] = []

    def sink(chunk: Chunk) -> bool:
        taken.append(chunk)
        return False

    library.speak(Sentence(TEXT, None), sink, lambda: False)
    assert len(taken) == 1

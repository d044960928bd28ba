"""Whisper over several calls at once, with the real library and a tiny model made here."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dsp import PcmDecoder, Resampler, Samples, encode_pcm16
from providers.engine_tier.whisper_batch import HeardSegment, RemoteLibrary, transcribe_together
from providers.engines.local.whisper import MODEL_RATE, Whisper, WhisperOptions
from tests.engines.local.tiny_whisper import whisper_model
from tests.espeak_speech import espeak


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("faster_whisper", reason="needs the extra 'whisper': pip install 'vapi-providers[whisper]'")
    return whisper_model(tmp_path_factory.mktemp("whisper"))


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    from faster_whisper import WhisperModel

    return WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)


def together(model: Any, utterances: list[Samples]) -> list[list[HeardSegment]]:
    from faster_whisper import BatchedInferencePipeline

    return transcribe_together(model, BatchedInferencePipeline, utterances, language="en")


def utterance(seconds: float, seed: int) -> Samples:
    return (0.2 * np.random.default_rng(seed).standard_normal(round(seconds * MODEL_RATE))).astype(np.float32)


def spoken() -> bytes:
    """Two sentences with a pause behind each."""
    pcm = bytes(MODEL_RATE)
    for sentence in ("Yes, that is right.", "Can you help me with my order?"):
        rendered = espeak().render(sentence, "en-us", words_per_minute=150)
        samples = Resampler(rendered.rate, MODEL_RATE).feed(PcmDecoder().feed(rendered.pcm))
        pcm += encode_pcm16(samples) + bytes(3 * MODEL_RATE)
    return pcm


def test_each_utterance_gets_what_it_gets_alone(model: Any) -> None:
    utterances = [utterance(seconds, seed) for seed, seconds in enumerate((1.0, 2.5, 0.7, 4.0))]
    batch = together(model, utterances)
    assert len(batch) == len(utterances)
    for one, heard in zip(utterances, batch, strict=True):
        assert heard
        assert [each.text for each in heard] == [each.text for each in together(model, [one])[0]]
        for segment in heard:
            assert all(0.0 <= word.start <= word.end <= len(one) / MODEL_RATE + 0.1 for word in segment.words)


def test_a_call_is_heard_by_a_model_of_another_process(folder: Path, model: Any) -> None:
    asked: list[int] = []

    def ask(audio: Samples) -> list[HeardSegment]:
        asked.append(len(audio))
        return together(model, [audio])[0]

    async def scenario() -> list[str]:
        engine = Whisper(WhisperOptions(folder=folder, language="en"), library=lambda: RemoteLibrary(ask))
        await engine.start()
        try:
            async with engine.listen(rate=16000) as recognition:
                await recognition.push(spoken())
                await recognition.finish()
                return [transcript.text async for transcript in recognition if transcript.final]
        finally:
            await engine.aclose()

    finals = asyncio.run(scenario())
    assert len(finals) == 2
    assert all("you" in final.lower() for final in finals)
    assert len(asked) >= 2

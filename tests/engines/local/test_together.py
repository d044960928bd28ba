"""Streams of several threads decoded in one step: none waits for a batch, none is left out, errors reach all."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from providers.engines.local.sherpa_listen import SherpaListener, SherpaListenerOptions
from providers.engines.local.together import DecodesTogether
from tests.engines.local.tiny_models import sherpa_listener, tones


class Model:
    """Recogniser that holds its first batch until the test lets it go."""

    def __init__(self, fails: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.entered = threading.Event()
        self.go = threading.Event()
        self.fails = fails

    def decode_streams(self, streams: list[int]) -> None:
        self.batches.append(streams)
        self.entered.set()
        assert self.go.wait(10)
        if self.fails:
            raise ValueError("the model broke")

    def is_ready(self, stream: int) -> bool:
        return stream > 0


def waiting(recogniser: DecodesTogether, count: int) -> None:
    while len(recogniser._waiting) < count:
        threading.Event().wait(0.001)


def test_what_comes_while_the_model_works_is_the_next_batch() -> None:
    model = Model()
    recogniser = DecodesTogether(model)
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(recogniser.decode_stream, 0)
        assert model.entered.wait(10)
        rest = [pool.submit(recogniser.decode_stream, stream) for stream in range(1, 6)]
        waiting(recogniser, 5)
        model.go.set()
        for each in (first, *rest):
            each.result(10)
    assert model.batches[0] == [0]
    assert [len(batch) for batch in model.batches] == [1, 5]


def test_a_batch_has_its_limit() -> None:
    model = Model()
    recogniser = DecodesTogether(model, most=2)
    with ThreadPoolExecutor(6) as pool:
        steps = [pool.submit(recogniser.decode_stream, 0)]
        assert model.entered.wait(10)
        steps += [pool.submit(recogniser.decode_stream, stream) for stream in range(1, 6)]
        waiting(recogniser, 5)
        model.go.set()
        for each in steps:
            each.result(10)
    assert sorted(stream for batch in model.batches for stream in batch) == list(range(6))
    assert max(map(len, model.batches)) == 2


def test_a_models_error_reaches_every_stream_of_its_batch() -> None:
    model = Model(fails=True)
    recogniser = DecodesTogether(model)
    model.go.set()
    with pytest.raises(ValueError, match="the model broke"):
        recogniser.decode_stream(1)


def test_all_else_is_the_recognisers_own() -> None:
    assert DecodesTogether(Model()).is_ready(1)


def test_the_real_library_hears_the_same_alone_and_together(tmp_path: Path) -> None:
    pytest.importorskip("sherpa_onnx", reason="needs the extra 'sherpa': pip install 'vapi-providers[sherpa]'")
    pytest.importorskip("onnx", reason="needs onnx, which makes the tiny model")
    folder = sherpa_listener(tmp_path)
    calls = [tones(16000, (500, 0.3), (3000, 0.3)), tones(16000, (3000, 0.4)), tones(16000, (500, 0.5))] * 2

    async def hear(engine: SherpaListener, pcm: bytes) -> list[str]:
        async with engine.listen(rate=16000) as recognition:
            await recognition.push(pcm)
            await recognition.finish()
            return [transcript.text async for transcript in recognition if transcript.final]

    async def all_of(**options: Any) -> list[list[str]]:
        engine = SherpaListener(SherpaListenerOptions(folder=folder, **options))
        await engine.start()
        try:
            return list(await asyncio.gather(*(hear(engine, pcm) for pcm in calls)))
        finally:
            await engine.aclose()

    alone = asyncio.run(all_of(threads=1))
    assert any(alone)
    assert asyncio.run(all_of(threads=6, together=True)) == alone

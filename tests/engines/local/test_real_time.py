"""How many callers a recogniser takes by what its utterances cost."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from providers.engines.local.real_time import RealTimeFactor
from providers.engines.local.whisper import Whisper, WhisperOptions
from providers.errors import EngineBusy


def test_before_any_utterance_there_are_two_callers_for_each_thread() -> None:
    factor = RealTimeFactor(3)
    assert (factor.value, factor.callers()) == (None, 6)


@pytest.mark.parametrize(("work", "callers"), [(0.125, 32), (1.0, 4), (2.0, 2), (30.0, 1)])
def test_callers_speak_for_two_fifths_of_the_time_and_fill_four_fifths_of_the_threads(
    work: float, callers: int
) -> None:
    factor = RealTimeFactor(2)
    factor.add(2 * work, 2.0)
    assert factor.value == pytest.approx(work)
    assert factor.callers() == callers


def test_the_last_utterances_count_most_and_an_empty_one_not_at_all() -> None:
    factor = RealTimeFactor(1)
    for _ in range(50):
        factor.add(1.0, 1.0)
    for _ in range(30):
        factor.add(0.2, 1.0)
    factor.add(5.0, 0.0)
    assert factor.value == pytest.approx(0.2, abs=0.05)


def test_whisper_takes_fewer_callers_than_its_capacity_if_those_do_not_keep_up(tmp_path: Path) -> None:
    """A model whose utterances take five times as long as they are takes one caller."""

    class Model:
        def transcribe(self, audio: object, **options: object) -> tuple[list[object], None]:
            return [], None

    async def scenario() -> None:
        engine = Whisper(
            WhisperOptions(folder=tmp_path, threads=2),
            library=lambda: SimpleNamespace(WhisperModel=lambda *a, **k: Model()),
        )
        engine.real_time.add(5.0, 1.0)
        async with engine.listen(rate=8000):
            with pytest.raises(EngineBusy, match="1 speakers already"):
                async with engine.listen(rate=8000):
                    pass
        engine.real_time.add(0.0, 1000.0)
        async with contextlib.AsyncExitStack() as calls:
            assert engine.capabilities.capacity is not None
            for _ in range(engine.capabilities.capacity):
                await calls.enter_async_context(engine.listen(rate=8000))
            with pytest.raises(EngineBusy):
                await calls.enter_async_context(engine.listen(rate=8000))
        await engine.aclose()

    asyncio.run(scenario())

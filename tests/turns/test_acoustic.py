"""Turn engine acoustic: one judgement in each pause, in a thread, the newest only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from dsp.stage import Samples
from providers.turns.acoustic import AcousticTurns
from providers.turns.base import Reason, TurnQuestion
from providers.turns.state import TurnState


class Model:
    """Model that answers when it is let to."""

    def __init__(self, done: float = 0.9, *, held: bool = False) -> None:
        self.heard: list[int] = []
        self.go = threading.Event()
        self._done = done
        if not held:
            self.go.set()

    def done(self, samples: Samples, /) -> float:
        self.heard.append(samples.size)
        assert self.go.wait(10)
        return self._done


class Judging:
    """An engine around a model, with the outcomes of its judgements."""

    def __init__(self, model: Model) -> None:
        self.now = 0.0
        self.outcomes: asyncio.Queue[str] = asyncio.Queue()
        self.engine = AcousticTurns(
            lambda: model,
            on_judged=lambda outcome, _: self.outcomes.put_nowait(outcome),
            clock=lambda: self.now,
        )

    async def outcome(self) -> str:
        async with asyncio.timeout(10):
            return await self.outcomes.get()


def judging(model: Model, steps: Callable[[Judging], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        made = Judging(model)
        await made.engine.start()
        try:
            await steps(made)
        finally:
            model.go.set()
            await made.engine.aclose()

    asyncio.run(whole())


def paused(at: float = 1.0) -> TurnState:
    state = TurnState(lambda: 0.0)
    state.started()
    state.stopped(at)
    return state


def silence(seconds: float, rate: int = 16_000) -> Samples:
    return np.zeros(int(seconds * rate), dtype=np.float32)


def test_a_judgement_becomes_an_opinion_of_this_pause() -> None:
    async def steps(made: Judging) -> None:
        state = paused()
        made.engine.judge(state, silence(1), 16_000)
        assert await made.outcome() == "judged"
        opinion = made.engine.opinion(TurnQuestion("x", hearing=state.hearing()))
        assert opinion is not None
        assert opinion.reason is Reason.SOUND_DONE
        state.started()
        state.stopped(2.0)
        assert made.engine.opinion(TurnQuestion("x", hearing=state.hearing())) is None

    judging(Model(), steps)


def test_audio_of_another_rate_is_resampled() -> None:
    model = Model()

    async def steps(made: Judging) -> None:
        made.engine.judge(paused(), silence(2, 8000), 8000)
        assert await made.outcome() == "judged"

    judging(model, steps)
    assert model.heard == [2 * 16_000]


def test_speech_cancels_what_waits_and_the_newest_pause_replaces_an_older_one() -> None:
    model = Model(held=True)

    async def steps(made: Judging) -> None:
        first, second, third = paused(), paused(), paused()
        made.engine.judge(first, silence(0.1), 16_000)
        made.engine.judge(second, silence(0.2), 16_000)
        made.engine.judge(second, silence(0.3), 16_000)
        assert await made.outcome() == "cancelled"
        made.engine.judge(third, silence(0.4), 16_000)
        made.engine.cancel(third)
        assert await made.outcome() == "cancelled"
        model.go.set()
        assert [await made.outcome(), await made.outcome()] == ["judged", "judged"]

    judging(model, steps)
    assert model.heard == [1600, 4800]


def test_a_judgement_that_waited_too_long_or_whose_pause_is_over_is_not_made() -> None:
    model = Model(held=True)

    async def steps(made: Judging) -> None:
        over, late = paused(), paused()
        made.engine.judge(paused(), silence(0.1), 16_000)
        while not model.heard:
            await asyncio.sleep(0)
        made.engine.judge(over, silence(0.2), 16_000)
        over.started()
        model.go.set()
        assert [await made.outcome(), await made.outcome()] == ["judged", "cancelled"]
        model.go.clear()
        made.engine.judge(paused(), silence(0.3), 16_000)
        while len(model.heard) < 2:
            await asyncio.sleep(0)
        made.engine.judge(late, silence(0.4), 16_000)
        made.now += 0.6
        model.go.set()
        assert [await made.outcome(), await made.outcome()] == ["judged", "late"]
        assert late.hearing().done is None

    judging(model, steps)
    assert model.heard == [1600, 4800]


def test_an_engine_that_has_not_started_judges_nothing() -> None:
    model = Model()
    engine = AcousticTurns(lambda: model)
    engine.judge(paused(), silence(0.1), 16_000)
    asyncio.run(engine.aclose())
    assert not model.heard


def test_a_judgement_of_a_pause_that_is_over_is_void() -> None:
    model = Model(held=True)

    async def steps(made: Judging) -> None:
        state = paused()
        made.engine.judge(state, silence(0.1), 16_000)
        while not model.heard:
            await asyncio.sleep(0)
        state.started()
        state.stopped(3.0)
        model.go.set()
        assert await made.outcome() == "judged"
        assert state.hearing().done is None

    judging(model, steps)


def test_a_model_that_fails_leaves_the_words_to_decide() -> None:
    class Broken(Model):
        def done(self, samples: Samples, /) -> float:
            raise RuntimeError("no such operator")

    async def steps(made: Judging) -> None:
        state = paused()
        made.engine.judge(state, silence(0.1), 16_000)
        assert await made.outcome() == "failed"
        assert made.engine.opinion(TurnQuestion("x", hearing=state.hearing())) is None

    judging(Broken(), steps)


def test_a_model_that_cannot_be_loaded_fails_the_start() -> None:
    def load() -> Model:
        raise FileNotFoundError("gone")

    async def start() -> None:
        engine = AcousticTurns(load)
        try:
            await engine.start()
        finally:
            await engine.aclose()

    with pytest.raises(FileNotFoundError):
        asyncio.run(start())

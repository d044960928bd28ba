"""Turn engine ``acoustic``: a sound model, asked once in each pause by a small pool of threads.

The judgement is made at 200 ms of silence and is there when the endpointing request comes; a request that comes
earlier, or while the pool is behind, is answered without it. Speech cancels what waits, and of one call only the newest
pause is judged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import structlog

from dsp.resample import Resampler
from dsp.stage import Samples
from providers.turns.base import Opinion, Reason, TurnQuestion, log_odds
from providers.turns.smart_turn import RATE, SoundModel
from providers.turns.state import TurnState
from providers.turns.weights import SOUND

__all__ = ["JUDGEMENTS", "AcousticTurns", "Judgement"]

Judgement: TypeAlias = Literal["judged", "late", "cancelled", "failed"]
"""Outcome of one pause: late ones waited too long for a thread, cancelled ones were over before."""
JUDGEMENTS: tuple[Judgement, ...] = get_args(Judgement)

log = structlog.get_logger()

_LATEST = 0.5
"""Seconds that a judgement may wait for a thread; later it would no longer change the answer."""


@dataclass(slots=True)
class _Asked:
    """One pause that is to be judged."""

    state: TurnState
    pause: int
    samples: Samples
    rate: int
    asked: float


class AcousticTurns:
    """Engine that judges the sound of a turn.

    Parameters
    ----------
    load
        Makes the model; called in a thread by `start`.
    workers
        Threads, each one judgement at a time.
    on_judged
        Is told each judgement's outcome and its seconds in the thread.
    clock
        Seconds, monotonic.
    """

    name = "acoustic"

    def __init__(
        self,
        load: Callable[[], SoundModel],
        *,
        workers: int = 1,
        on_judged: Callable[[Judgement, float], None] = lambda outcome, seconds: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._model: SoundModel | None = None
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="turn-sound")
        self._waiting: dict[TurnState, Future[None]] = {}
        self.on_judged = on_judged
        self._failed = False
        self._clock = clock

    async def start(self) -> None:
        """Load the model; raises `EngineUnavailable` when it cannot be used."""
        self._model = await asyncio.get_running_loop().run_in_executor(self._threads, self._load)

    def opinion(self, question: TurnQuestion) -> Opinion | None:
        """The opinion of the sound of this pause; None while there is none."""
        hearing = question.hearing
        if hearing is None or hearing.done is None:
            return None
        odds = SOUND.bias + SOUND.slope * log_odds(hearing.done)
        return Opinion(odds, Reason.SOUND_DONE if odds >= 0 else Reason.SOUND_OPEN)

    def judge(self, state: TurnState, samples: Samples, rate: int) -> None:
        """Have the pause that goes on judged; ``samples`` is the turn so far, ``rate`` in Hz."""
        if self._model is None:
            return
        self.cancel(state)
        judgement = _Asked(state, state.pause, samples, rate, self._clock())
        loop = asyncio.get_running_loop()
        self._waiting[state] = self._threads.submit(self._run, judgement, self._model, loop)

    def cancel(self, state: TurnState) -> None:
        """Drop a call's judgement that has not begun: its caller speaks again, or is gone."""
        waiting = self._waiting.pop(state, None)
        if waiting is not None and waiting.cancel():
            self.on_judged("cancelled", 0.0)

    async def aclose(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)

    def _run(self, judgement: _Asked, model: SoundModel, loop: asyncio.AbstractEventLoop) -> None:
        """Judge in a thread."""
        begun = self._clock()
        done: float | None = None
        outcome: Judgement
        if begun - judgement.asked > _LATEST:
            outcome = "late"
        elif judgement.pause != judgement.state.pause or judgement.state.speaking:
            outcome = "cancelled"
        else:
            try:
                done, outcome = model.done(_at_model_rate(judgement)), "judged"
            except Exception:  # the model is not ours
                outcome = "failed"
                if not self._failed:
                    self._failed = True
                    log.exception("turn model failed")
        seconds = self._clock() - begun
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._finished, judgement, done, outcome, seconds)

    def _finished(self, judgement: _Asked, done: float | None, outcome: Judgement, seconds: float) -> None:
        self.on_judged(outcome, seconds)
        if done is not None:
            judgement.state.judged(judgement.pause, done)


def _at_model_rate(judgement: _Asked) -> Samples:
    if judgement.rate == RATE:
        return judgement.samples
    resampler = Resampler(judgement.rate, RATE)
    return np.concatenate([resampler.feed(judgement.samples), resampler.flush()])

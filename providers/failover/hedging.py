"""Two speaking engines, the second one started only when the first is later than it usually is.

Costs a second synthesis for one utterance in twenty and takes the tail off the wait. Off unless asked for.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from providers.engines.base import Chunk, SpeakingCapabilities, TextToSpeech, Utterance
from providers.engines.events import EngineEvent, EventKind, Observe, unobserved
from providers.errors import EngineError
from providers.failover.first_audio import Answer, answer_of, next_of
from providers.failover.speaking import facts_of_any

__all__ = ["HedgeOptions", "Hedged"]


@dataclass(frozen=True, slots=True)
class HedgeOptions:
    """When the first engine counts as late."""

    quantile: float = 0.95
    """Of the recent first-audio delays of engine one; what is slower than this is late."""
    window: int = 200
    """Answers that count as recent."""
    least: int = 20
    """Answers before anything is hedged: fewer do not tell what is usual."""
    earliest: float = 0.1
    """Seconds. An engine that is faster than this is never late."""
    first_audio: float = 10.0
    """Seconds either engine has for its first audible sample."""
    idle: float = 5.0
    """Seconds either engine may pause between two chunks."""


class Hedged:
    """A `TextToSpeech` that asks the second engine when the first is late, and says who was first.

    Not a fallback: when the first engine fails before the second was started, that failure is raised.
    `aclose` closes both.
    """

    def __init__(
        self,
        first: TextToSpeech,
        second: TextToSpeech,
        *,
        options: HedgeOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
        observe: Observe = unobserved,
    ) -> None:
        self._first = first
        self._second = second
        self._options = options or HedgeOptions()
        self._clock = clock
        self._observe = observe
        self._delays: deque[float] = deque(maxlen=self._options.window)

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self._first.name}|{self._second.name}"

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """What holds whichever engine speaks."""
        return facts_of_any([self._first.capabilities, self._second.capabilities])

    async def start(self) -> None:
        await asyncio.gather(self._first.start(), self._second.start())

    async def aclose(self) -> None:
        await self._first.aclose()
        await self._second.aclose()

    @property
    def patience(self) -> float | None:
        """Seconds after which the first engine is late; None while that is not known."""
        if len(self._delays) < self._options.least:
            return None
        rank = math.ceil(self._options.quantile * len(self._delays))
        return max(sorted(self._delays)[rank - 1], self._options.earliest)

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak with whichever engine is heard first."""
        if utterance.continued_by is None:
            engine, answer = await self._race(utterance)
        else:  # a voice never changes on the way through a text
            engine = self._second if utterance.continued_by == self._second.name else self._first
            answer = await answer_of(engine, utterance, within=self._options.first_audio)
        fallback_engine = "" if engine is self._first else engine.name
        async with aclosing(answer.rest) as rest:
            for chunk in answer.head:
                yield replace(chunk, fallback_engine=fallback_engine) if fallback_engine else chunk
            while more := await next_of(rest, engine, within=self._options.idle):
                yield replace(more, fallback_engine=fallback_engine) if fallback_engine else more

    async def _race(self, utterance: Utterance) -> tuple[TextToSpeech, Answer]:
        began = self._clock()
        runners = {self._run(self._first, utterance): self._first}
        winner: asyncio.Task[Answer] | None = None
        try:
            late = not (await asyncio.wait(runners, timeout=self.patience))[0]
            if late:
                self._tell("hedged", self._second)
                runners[self._run(self._second, utterance)] = self._second
            winner = await _first_to_answer(list(runners))
            if late:
                self._tell("hedge-lost" if runners[winner] is self._first else "hedge-won", self._second)
            return runners[winner], winner.result()
        finally:
            # A first engine that lost was cancelled at some time: that it took longer than this counts as this.
            if winner is not None and (winner.exception() is None):
                self._delays.append(self._clock() - began)
            await _dismiss([runner for runner in runners if runner is not winner])

    def _run(self, engine: TextToSpeech, utterance: Utterance) -> asyncio.Task[Answer]:
        answering = answer_of(engine, utterance, within=self._options.first_audio)
        return asyncio.get_running_loop().create_task(answering)

    def _tell(self, kind: EventKind, engine: TextToSpeech) -> None:
        self._observe(EngineEvent(kind, engine.name))


async def _first_to_answer(runners: list[asyncio.Task[Answer]]) -> asyncio.Task[Answer]:
    """The first task that has an answer; when none gets one, the first of them, which then raises its failure."""
    waiting = list(runners)
    while waiting:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for runner in runners:
            if runner in done and runner.exception() is None:
                return runner
        waiting = [runner for runner in waiting if runner not in done]
    return runners[0]


async def _dismiss(runners: list[asyncio.Task[Answer]]) -> None:
    for runner in runners:
        runner.cancel()
    for outcome in await asyncio.gather(*runners, return_exceptions=True):
        if isinstance(outcome, Answer):
            await outcome.rest.aclose()
        elif isinstance(outcome, BaseException) and not isinstance(outcome, EngineError | asyncio.CancelledError):
            raise outcome

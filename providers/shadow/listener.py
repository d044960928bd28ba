"""The shadow's hearing of one call: its own task and queue, so that nothing it does reaches the call."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Literal, Protocol, TypeAlias

from providers.engines.base import Recognition, SpeechToText, Transcript
from providers.engines.events import EngineEvent, Observe
from providers.errors import EngineBusy, EngineError
from providers.shadow.comparison import Agreement, Comparison
from providers.tasks import until_first

__all__ = ["Outcome", "ShadowHearing", "ShadowReport"]

Outcome: TypeAlias = Literal["finished", "failed", "late", "refused"]
"""How a shadow's hearing of a call ended; ``late`` is one that did not keep up, ``refused`` one that was full."""

_STEP = 0.5
"""Seconds of audio handed over at once: a push costs the loop the same however much it holds."""
_MOST = 30.0
"""Seconds of audio that may wait."""
_LAST_WORDS = 5.0
"""Seconds that the shadow has for its last words once the call is over."""
_MARKS = 1200
"""Blocks whose times of arrival are known: a minute of short ones."""


class ShadowReport(Protocol):
    """What is told of shadows, for the metrics."""

    def compared(self, engine: str, comparison: Comparison) -> None:
        """Count a stretch of speech."""

    def final(self, engine: str, lag: float) -> None:
        """Count a final of the shadow, so many seconds after its last audio had come."""

    def ended(self, engine: str, outcome: Outcome) -> None:
        """Count a call that the shadow heard."""


@dataclass(slots=True)
class _Audio:
    """PCM that waits for the shadow, and when what came came."""

    bytes_per_second: int
    clock: Callable[[], float]
    blocks: list[bytes] = field(default_factory=list)
    size: int = 0
    received: int = 0
    marks: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_MARKS))
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """The call has ended, or the shadow is late."""
    ended: bool = False
    late: bool = False

    def add(self, pcm: bytes) -> None:
        """Take in a block; this is all that a call pays for its shadow."""
        self.blocks.append(pcm)
        self.size += len(pcm)
        self.received += len(pcm)
        self.marks.append((self.received, self.clock()))
        if self.size >= _STEP * self.bytes_per_second:
            self.ready.set()
            if self.size > _MOST * self.bytes_per_second:
                self.late = True
                self.over.set()

    def end(self) -> None:
        """Take no more."""
        self.ended = True
        self.ready.set()
        self.over.set()

    async def take(self) -> bytes:
        """What waits; nothing at the end."""
        if not self.ended and self.size < _STEP * self.bytes_per_second:
            self.ready.clear()
            await self.ready.wait()
        pcm = b"".join(self.blocks)
        self.blocks.clear()
        self.size = 0
        return pcm

    def since(self, seconds: float) -> float | None:
        """Seconds since the audio up to this place had come; None where that is not known."""
        place = bisect_left(self.marks, seconds * self.bytes_per_second, key=itemgetter(0))
        return self.clock() - self.marks[place][1] if place < len(self.marks) else None


class ShadowHearing:
    """Hearing of one call.

    Parameters
    ----------
    rate
        Hz of the mono audio.
    observe
        Is told of each comparison, for the call's events.
    """

    def __init__(
        self,
        engine: SpeechToText,
        report: ShadowReport,
        observe: Observe,
        *,
        rate: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._report = report
        self._observe = observe
        self._rate = rate
        self._audio = _Audio(2 * rate, clock)
        self._agreement = Agreement()
        self._lag: float | None = None
        """Seconds of the shadow's latest final."""
        self._over = False

    def hear(self, pcm: bytes) -> None:
        """Take in audio of the call."""
        if not self._over:
            self._audio.add(pcm)

    def sent(self, transcript: Transcript) -> None:
        """Take in a final that was sent."""
        if not self._over:
            self._tell(self._agreement.sent(transcript.text, transcript.end))

    def finish(self) -> None:
        """Take no more audio: the call is over."""
        self._audio.end()

    async def run(self) -> None:
        """Hear until the call is over and the last words are compared. Raises nothing of the engine's."""
        outcome: Outcome = "finished"
        try:
            async with self._engine.listen(rate=self._rate) as recognition:
                await until_first(self._feed(recognition), self._read(recognition), self._limit())
            if self._audio.late:
                outcome = "late"
        except EngineBusy:
            outcome = "refused"
        except (EngineError, OSError):
            outcome = "failed"
        finally:
            self._over = True
            self._audio.blocks.clear()
        if outcome == "finished":
            self._tell(self._agreement.rest())
        self._report.ended(self._engine.name, outcome)

    async def _feed(self, recognition: Recognition) -> None:
        while pcm := await self._audio.take():
            await recognition.push(pcm)
        await recognition.finish()
        await asyncio.get_running_loop().create_future()  # the reader ends it, or the limit

    async def _limit(self) -> None:
        """Wait until the call is over and the time for last words too, or until so much waits that it is worth none."""
        await self._audio.over.wait()
        if not self._audio.late:
            await asyncio.sleep(_LAST_WORDS)

    async def _read(self, recognition: Recognition) -> None:
        async for transcript in _transcripts(recognition):
            if transcript.final and transcript.text.strip():
                self._lag = self._audio.since(transcript.words[-1].end if transcript.words else transcript.end)
                if self._lag is not None:
                    self._report.final(self._engine.name, self._lag)
                self._tell(self._agreement.shadow(transcript.text, transcript.end))
        if not self._audio.ended:
            raise EngineError("the shadow ended while the call goes on", engine=self._engine.name)

    def _tell(self, comparison: Comparison | None) -> None:
        if comparison is None:
            return
        self._report.compared(self._engine.name, comparison)
        told = f"{comparison.agreed} of {comparison.words} words agree"
        if comparison.digits_same or comparison.digits_different:
            told += ", the same digits" if comparison.digits_same else ", other digits"
        if comparison.names_same or comparison.names_different:
            names = comparison.names_same + comparison.names_different
            told += f", {comparison.names_same} of {names} names"
        self._observe(EngineEvent("compared", self._engine.name, told, self._lag or 0.0))


async def _transcripts(recognition: Recognition) -> AsyncIterator[Transcript]:
    async for transcript in recognition:
        yield transcript

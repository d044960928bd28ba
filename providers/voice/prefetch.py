"""Prefetched speech: synthesis that begins with ``voice-input``, before the voice request for the same text comes.

::

    voice-input ──► BEGUN ── asked: same call, text, rate and voice, in time ──► taken: the request goes on with it
                      │
                      └── not asked, caller interrupts, call ends, engine fails ──► cancelled

The platform tells its Server URL of a text when it asks for the voice; the request itself may be a little later. Each
synthesis is handed out once. A request that finds none begins its own, as without this.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from providers.calls.notes import CallNotes
from providers.calls.noting import noting
from providers.engines.base import TextToSpeech, Word
from providers.loop_share import LoopShare
from providers.operations.labels import Prefetch
from providers.voice import flow
from providers.voice.options import VoiceOptions
from providers.voice.wire import VoiceRequest

__all__ = ["PrefetchedSpeech", "VoicePrefetch"]

log = structlog.get_logger()

_USUAL_RATE = 24_000
"""Hz; what the platform asks for until a request has named another rate."""

_MOST_CALLS = 1000
"""Calls whose rate and voice are remembered."""

_MOST_TEXTS = 8
"""Texts of a call that were asked for lately."""


@dataclass(slots=True)
class _Caller:
    """What one call's voice requests look like."""

    rate: int
    voice: str | None
    asked: deque[tuple[str, float]] = field(default_factory=lambda: deque(maxlen=_MOST_TEXTS))
    """Texts that requests came for before they were told of, and when."""


class PrefetchedSpeech:
    """Synthesis that is under way, and its first block as soon as there is one."""

    def __init__(self, request: VoiceRequest, engine: TextToSpeech, options: VoiceOptions, share: LoopShare) -> None:
        self.request = request
        self._engine = ""
        """Engine that speaks in place of the first one."""
        self._spoken_by: Callable[[str], None] | None = None
        self._early: tuple[Word, ...] = ()
        """Words of the first block."""
        self._words: Callable[[tuple[Word, ...]], None] | None = None
        self._blocks = flow.speak(request, engine, options, share, spoken_by=self._note_engine, words=self._note_words)
        self.first: asyncio.Task[bytes | None] = asyncio.create_task(_first(self._blocks))

    async def blocks(
        self, spoken_by: Callable[[str], None], words: Callable[[tuple[Word, ...]], None]
    ) -> AsyncGenerator[bytes, None]:
        """PCM blocks from the first on, as `flow.speak` gives them."""
        self._spoken_by, self._words = spoken_by, words
        words(self._early)
        if self._engine:
            spoken_by(self._engine)
        try:
            first = await self.first
            if first is not None:
                yield first
                async for block in self._blocks:
                    yield block
        finally:
            await self.cancel()

    async def cancel(self) -> None:
        """End the synthesis."""
        self.first.cancel()
        await asyncio.gather(self.first, return_exceptions=True)
        await self._blocks.aclose()

    def _note_words(self, words: tuple[Word, ...]) -> None:
        if self._words is not None:
            self._words(words)
        else:
            self._early += words

    def _note_engine(self, engine: str) -> None:
        self._engine = engine
        if self._spoken_by is not None:
            self._spoken_by(engine)


class VoicePrefetch:
    """Syntheses that were begun and not asked for yet.

    Parameters
    ----------
    room
        Whether one more synthesis may begin beside this many.
    patience
        Seconds for which a synthesis waits for its request.
    on_end
        Is told the outcome of each ``voice-input``.
    """

    def __init__(
        self,
        engine: TextToSpeech,
        options: VoiceOptions,
        share: LoopShare,
        *,
        room: Callable[[int], bool],
        patience: float,
        on_end: Callable[[Prefetch], None],
        max_text_chars: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._start = partial(PrefetchedSpeech, engine=engine, options=options, share=share)
        self._room = room
        self._patience = patience
        self._on_end = on_end
        self._max_text_chars = max_text_chars
        self._clock = clock
        self._begun: dict[tuple[str, str], PrefetchedSpeech] = {}
        self._ends: set[asyncio.Task[None]] = set()
        self._callers: OrderedDict[str, _Caller] = OrderedDict()
        self._usual = _Caller(_USUAL_RATE, None)

    def begin(self, call_id: str, text: str, notes: CallNotes) -> None:
        """Begin to speak a text that the call's voice will be asked for."""
        key = (call_id, text.strip())
        if not call_id or not key[1] or len(text) > self._max_text_chars or key in self._begun:
            return
        if self._was_asked(*key):
            self._on_end("late")
        elif not self._room(len(self._begun)):
            self._on_end("full")
        else:
            caller = self._callers.get(call_id, self._usual)
            with noting(notes), structlog.contextvars.bound_contextvars(call_id=call_id):
                begun = self._start(VoiceRequest(text, caller.rate, caller.voice, call_id))
            self._begun[key] = begun
            timer = asyncio.get_running_loop().call_later(self._patience, self._end, key, begun, "unclaimed")
            begun.first.add_done_callback(lambda first: self._first_came(key, begun, timer))

    def take(self, request: VoiceRequest) -> PrefetchedSpeech | None:
        """The synthesis of this very request, from now on the request's own; None when there is none."""
        if not request.call_id:
            return None
        key = (request.call_id, request.text.strip())
        caller = self._remembered(request)
        begun = self._begun.get(key)
        if begun is None:
            caller.asked.append((key[1], self._clock()))
            return None
        if begun.request != replace(request, text=begun.request.text):
            self._end(key, begun, "other")
            return None
        del self._begun[key]
        self._on_end("taken")
        return begun

    def drop(self, call_id: str, *, ended: bool) -> None:
        """Cancel what a call has begun: its caller interrupted, or it has ended."""
        for key, begun in list(self._begun.items()):
            if key[0] == call_id:
                self._end(key, begun, "dropped")
        if ended:
            self._callers.pop(call_id, None)

    async def aclose(self) -> None:
        """Cancel everything that nobody asked for."""
        for key, begun in list(self._begun.items()):
            self._end(key, begun, "dropped")
        await asyncio.gather(*self._ends)

    def _remembered(self, request: VoiceRequest) -> _Caller:
        """The request's call, with the rate and the voice that it asks for now."""
        self._usual = _Caller(request.sample_rate, request.voice)
        caller = self._callers.setdefault(request.call_id, replace(self._usual, asked=deque(maxlen=_MOST_TEXTS)))
        caller.rate, caller.voice = request.sample_rate, request.voice
        self._callers.move_to_end(request.call_id)
        while len(self._callers) > _MOST_CALLS:
            self._callers.popitem(last=False)
        return caller

    def _was_asked(self, call_id: str, text: str) -> bool:
        """Whether the request for this text came before; each counts once."""
        caller = self._callers.get(call_id)
        if caller is None:
            return False
        found = next((one for one in caller.asked if one[0] == text), None)
        if found is None:
            return False
        caller.asked.remove(found)
        return self._clock() - found[1] <= self._patience

    def _first_came(self, key: tuple[str, str], begun: PrefetchedSpeech, timer: asyncio.TimerHandle) -> None:
        """Let go of a synthesis that failed while nobody had asked for it: the request begins its own."""
        if self._begun.get(key) is not begun:
            timer.cancel()
        elif begun.first.cancelled() or begun.first.exception() is not None:
            timer.cancel()
            self._end(key, begun, "failed")

    def _end(self, key: tuple[str, str], begun: PrefetchedSpeech, outcome: Prefetch) -> None:
        if self._begun.get(key) is not begun:
            return
        del self._begun[key]
        self._on_end(outcome)
        log.debug("prefetched speech", outcome=outcome, call_id=key[0])
        task = asyncio.create_task(begun.cancel())
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)


async def _first(blocks: AsyncGenerator[bytes, None]) -> bytes | None:
    return await anext(blocks, None)

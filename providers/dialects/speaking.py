"""Speech of a socket: texts that come in pieces, spoken sentence by sentence in their order.

::

    say ──► text ──whole sentences──► queue ──► one sentence at a time ──► audio
    flush ──rest of the text─────────► queue ──► done, when all before it is out
    clear ── drops text, queue and the sentence that is being spoken
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import NoReturn

from providers.dialects.services import Services, Speech
from providers.dialects.spoken import IsAlias, speech_blocks
from providers.errors import EngineError, TooLarge
from providers.text.sentences import FIRST, LONGEST, units

__all__ = ["SpokenStream"]

Audio = Callable[[bytes], Awaitable[None]]
Done = Callable[[], Awaitable[None]]


class SpokenStream:
    """Speech of one socket.

    Parameters
    ----------
    rate
        Hz.
    is_alias
        Whether a name is one of the vendor's own voices.
    audio
        Awaited for each block of PCM.
    """

    def __init__(self, services: Services, audio: Audio, *, rate: int, voice: str | None, is_alias: IsAlias) -> None:
        self._services = services
        self._audio = audio
        self._speech = Speech("", rate, voice)
        self._is_alias = is_alias
        self._text = ""
        self._said_before = False
        """Whether a sentence since the last flush is on its way."""
        self._queue: deque[str | Done] = deque()
        self._more = asyncio.Event()
        self._speaking: asyncio.Task[None] | None = None
        self._engine = ""

    def say(self, text: str) -> None:
        """Add text; its whole sentences are spoken, the rest waits for more.

        Raises
        ------
        TooLarge
            More text waits than may.
        """
        waiting = len(self._text) + sum(len(each) for each in self._queue if isinstance(each, str))
        limit = self._services.limits.text
        if waiting + len(text) > limit:
            raise TooLarge(f"text: expected at most {limit} characters that wait, found {waiting + len(text)}")
        self._text += text
        whole = units(self._text, first=LONGEST if self._said_before else FIRST)
        if len(whole) > 1:
            self._text = self._text[self._text.rfind(whole[-1]) :]
            self._put(*whole[:-1])

    def flush(self, done: Done) -> None:
        """Speak the rest of the text; ``done`` is awaited when it is out."""
        if self._text.strip():
            self._put(self._text)
        self._text, self._said_before = "", False
        self._queue.append(done)
        self._more.set()

    async def finished(self) -> None:
        """Speak the rest of the text, and wait until it is out; `run` runs beside this."""
        done = asyncio.Event()

        async def reached() -> None:
            done.set()

        self.flush(reached)
        await done.wait()

    async def clear(self) -> None:
        """Drop everything; no audio of it comes after this."""
        self._queue.clear()
        self._text, self._said_before = "", False
        if (speaking := self._speaking) is not None:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)

    async def run(self) -> NoReturn:
        """Speak for ever.

        Raises
        ------
        EngineError, AtCapacity
        """
        while True:
            while not self._queue:
                self._more.clear()
                await self._more.wait()
            step = self._queue.popleft()
            self._speaking = asyncio.create_task(self._spoken(step) if isinstance(step, str) else _awaited(step))
            try:
                await asyncio.wait((self._speaking,))
                if not self._speaking.cancelled():
                    self._speaking.result()
            finally:
                self._speaking.cancel()
                await asyncio.gather(self._speaking, return_exceptions=True)
                self._speaking = None

    def _put(self, *sentences: str) -> None:
        self._queue.extend(sentences)
        self._said_before = True
        self._more.set()

    async def _spoken(self, text: str) -> None:
        """Speak one sentence, as one request to the voice."""
        services, speech = self._services, Speech(text, self._speech.rate, self._speech.voice)
        self._engine = services.voice.name.partition(",")[0]
        begun, first, sent, outcome = time.perf_counter(), None, 0, "cancelled"
        with await services.voices.wait(), services.metrics.voice.active.track_inprogress():
            try:
                spoken = speech_blocks(services, speech, self._is_alias, spoken_by=self._spoken_by)
                async with aclosing(spoken) as blocks:
                    async for pcm in blocks:
                        first = time.perf_counter() - begun if first is None else first
                        sent += len(pcm)
                        await self._audio(pcm)
                outcome = "complete"
            except EngineError:
                outcome = "failed" if first is None else "aborted"
                raise
            finally:
                services.metrics.voice.ended(outcome, engine=self._engine, first_audio=first, sent=sent)

    def _spoken_by(self, engine: str) -> None:
        self._engine = engine


async def _awaited(done: Done) -> None:
    await done()

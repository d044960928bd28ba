"""One recognition that outlives the engines behind it: the machine under `replay` and `fallback_listening`.

Audio goes into a ring and from there to the engine of the moment. When that engine is lost, a route names the next one
(the same again, or another), and it hears the ring from the end of the last final on. Transcripts are merged by audio
time and leave through one queue::

                    ┌──────────────── ring ◄── push
                    ▼
    route ──▶ connection n: feeder ─▶ recognition ─▶ reader ──▶ merge ──▶ outbox ──▶ iteration
      ▲                │  watch: speech without an answer
      └──── lost ──────┘

A connection that was lost closes in the background; nothing it still says counts, because its generation is over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, TypeAlias

import numpy as np

from providers.engines.base import Recognition, SpeechToText, Transcript
from providers.engines.events import EngineEvent, Observe
from providers.errors import EngineError
from providers.reconnect.merge import Merge, shifted
from providers.reconnect.outbox import Outbox
from providers.reconnect.response_watchdog import ResponseWatchdog
from providers.reconnect.ring_buffer import RingBuffer
from providers.reconnect.speech_meter import SpeechMeter
from providers.tasks import until_first

__all__ = ["EngineUnresponsive", "Relay", "RelayOptions", "Route"]


class EngineUnresponsive(EngineError):
    """An engine takes audio and says nothing: dead, or there are no words in the noise. Nobody can know."""


class Route(Protocol):
    """Decides which engine a relay uses; one per recognition."""

    async def next(self, loss: EngineError | None) -> SpeechToText:
        """The engine to use now, after waiting as long as is due. ``loss`` is what ended the last connection.

        Raises
        ------
        EngineError
            There is none; the relay ends with it.
        """
        ...

    def opened(self) -> None:
        """The engine named last is open."""

    def heard(self) -> None:
        """The engine named last has said something: it is well."""


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """Bounds and time-outs of one recognition."""

    ring: float = 30.0
    """Seconds of audio kept for a replay: the longest utterance plus the longest outage."""
    open: float = 3.0
    """Seconds an engine has to open."""
    first_result: float = 5.0
    """Seconds from the first speech sent on a connection to its first transcript."""
    next_result: float = 8.0
    """Seconds from speech to any transcript, on a connection that has given one before."""
    result_without_partials: float = 30.0
    """The same two for an engine without partials, which speaks only when an utterance is over."""
    result_ceiling: float = 60.0
    """Seconds at most: each connection in a row that gives no transcript doubles the wait up to here."""
    speech: float = 1.0
    """Seconds of speech after which a transcript is expected at all."""
    push: float = 5.0
    """Seconds an engine may refuse to take more audio."""
    flush: float = 7.0
    """Seconds from the end of the audio to the end of the transcripts."""
    lead: float = 0.5
    """Seconds of quiet replayed before what was not quiet."""
    close: float = 2.0
    """Seconds a lost engine has to let go, in the background."""


_BLOCK = 0.25
"""Seconds handed over at once when there is more: small enough to notice a loss, large enough to catch up fast."""

_TAIL = 0.06
"""Seconds a word may sound on after the end that its engine told; the shortest words take longer than this."""

_LAST_TRIES = 5
"""Connections that may be lost after all audio was sent, when nobody waits for long any more."""


Outcome: TypeAlias = "asyncio.Future[None]"


@asynccontextmanager
async def _telling(over: Outcome) -> AsyncIterator[None]:
    """Tell how it ended, at once; a mistake of ours too, which whoever waits for the outcome raises."""
    try:
        yield
    except Exception as lost:
        if not over.done():
            over.set_exception(lost)
        raise
    if not over.done():
        over.set_result(None)


async def _told(over: Outcome, part: Coroutine[Any, Any, None]) -> None:
    async with _telling(over):
        await part


class Relay:
    """A `Recognition` and its context manager. Entering opens the first engine; leaving ends all it started."""

    def __init__(
        self,
        route: Route,
        options: RelayOptions,
        *,
        rate: int,
        channels: int,
        clock: Callable[[], float] = time.monotonic,
        observe: Observe,
    ) -> None:
        self._route = route
        self._options = options
        self._rate = rate
        self._channels = channels
        self._clock = clock
        self._observe = observe
        self._capacity = round(options.ring * rate)
        self._ring = RingBuffer(2 * channels, self._capacity)
        self._merge = Merge(channels)
        self._loudness = SpeechMeter(rate, channels)
        self._outbox = Outbox()
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self._ready = asyncio.Event()
        self._finished = False
        self._failure: EngineError | None = None
        self._generation = 0
        self._sent: int | None = None
        """Frames of the stream the connection of the moment was given; None while there is none."""
        self._mute = 0
        """Connections in a row that never gave a transcript."""
        self._farewells = 0
        """Connections that were given all there is."""
        self._lost_at: float | None = None
        self._run_task: asyncio.Task[None] | None = None
        self._connections: dict[asyncio.Task[None], Outcome] = {}

    async def __aenter__(self) -> Relay:
        self._run_task = asyncio.get_running_loop().create_task(self._run())
        try:
            await self._ready.wait()
        except BaseException:
            await self._end()
            raise
        if self._failure is not None:
            await self._end()
            raise self._failure
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    def __aiter__(self) -> AsyncIterator[Transcript]:
        return self

    async def __anext__(self) -> Transcript:
        return await self._outbox.get()

    async def push(self, pcm: bytes, /) -> None:
        """Hand over audio; waits only while the engine of the moment is a whole ring behind."""
        if self._finished:
            raise EngineError("push: expected no audio after finish, found some", retryable=False)
        step = max(1, self._capacity // 2) * 2 * self._channels
        for begin in range(0, len(pcm), step):
            await self._put(pcm[begin : begin + step])

    async def _put(self, pcm: bytes) -> None:
        frames = len(pcm) // (2 * self._channels)
        while self._failure is None and self._behind() + frames > self._capacity:
            self._room.clear()
            await self._room.wait()
        if self._failure is not None:
            raise self._failure
        self._ring.append(pcm)
        self._loudness.feed(pcm)
        self._more.set()

    async def finish(self) -> None:
        """Say that no more audio comes."""
        self._finished = True
        self._more.set()

    def _behind(self) -> int:
        return 0 if self._sent is None else self._ring.end - self._sent

    async def _run(self) -> None:
        error: Exception | None = None
        try:
            await self._serve()
        except EngineError as lost:
            self._failure = error = lost
        except Exception as broken:
            error = broken
            raise
        finally:
            self._outbox.end(error)
            self._ready.set()
            self._room.set()

    async def _serve(self) -> None:
        loss: EngineError | None = None
        while not (loss and self._finished and not self._unheard()):
            engine = await self._route.next(loss)
            try:
                await self._connection(engine)
                return
            except EngineError as lost:
                loss = lost
            if self._lost_at is None:
                self._lost_at = self._clock()
            self._observe(EngineEvent("lost", engine.name, str(loss)))
            if self._farewells == _LAST_TRIES:
                raise loss

    async def _connection(self, engine: SpeechToText) -> None:
        """Use an engine until its recognition ends or is lost; it closes in the background."""
        self._generation += 1
        loop = asyncio.get_running_loop()
        over: Outcome = loop.create_future()
        connection = loop.create_task(self._connect(engine, self._generation, over))
        self._connections[connection] = over
        connection.add_done_callback(self._connections.pop)
        try:
            await over
        finally:
            self._sent = None
            self._room.set()
            loop.call_later(self._options.close, connection.cancel)

    async def _connect(self, engine: SpeechToText, generation: int, over: Outcome) -> None:
        """Hold one connection; ``over`` knows its fate before the engine has let go."""
        try:
            async with AsyncExitStack() as stack, _telling(over):
                recognition = await self._open(stack, engine)
                begin = self._resume(engine)
                owed = ResponseWatchdog(self._rate, self._channels, enough=self._options.speech, clock=self._clock)
                await until_first(
                    _told(over, self._feed(engine, recognition, begin, owed)),
                    _told(over, self._read(engine, recognition, generation, begin / self._rate, owed)),
                    _told(over, self._watch(engine, owed)),
                )
        except Exception:
            return  # told already; how an engine fails to let go is of no interest

    async def _open(self, stack: AsyncExitStack, engine: SpeechToText) -> Recognition:
        try:
            async with asyncio.timeout(self._options.open):
                listening = engine.listen(rate=self._rate, channels=self._channels)
                recognition = await stack.enter_async_context(listening)
        except TimeoutError:
            raise EngineError(f"open: expected within {self._options.open:g} s", engine=engine.name) from None
        self._route.opened()
        self._ready.set()
        if self._lost_at is not None:
            self._observe(EngineEvent("reconnected", engine.name, value=self._clock() - self._lost_at))
            self._lost_at = None
        return recognition

    def _resume(self, engine: SpeechToText) -> int:
        """The frame to go on from: nothing that may hold an unheard word is left out."""
        starts = [self._unheard_from(channel) for channel in range(self._channels)]
        gone = self._ring.start / self._rate
        for channel, start in enumerate(starts):
            if start < gone and (rescued := self._merge.rescue(channel, gone)):
                self._outbox.put_now(rescued)
                starts[channel] = self._unheard_from(channel)
        begin = min(starts)
        if begin < gone:
            self._observe(EngineEvent("gap", engine.name, value=gone - begin))
        self._sent = max(round(begin * self._rate), self._ring.start)
        return self._sent

    def _unheard_from(self, channel: int) -> float:
        settled, end = self._merge.settled(channel), self._ring.end / self._rate
        if self._said_more(channel):
            return settled
        return max(settled, min(end, end - self._options.lead))

    def _unheard(self) -> bool:
        return any(self._said_more(channel) for channel in range(self._channels))

    def _said_more(self, channel: int) -> bool:
        return self._loudness.last_loud[channel] > self._merge.settled(channel) + _TAIL

    async def _feed(self, engine: SpeechToText, recognition: Recognition, begin: int, owed: ResponseWatchdog) -> None:
        most = round(_BLOCK * self._rate)
        sent = begin
        while True:
            self._more.clear()
            pcm = self._ring.read(sent, most)
            if pcm:
                pcm = self._without_settled(pcm, sent)
                # Counted before it is handed over: its transcript may be here before push returns.
                sent += len(pcm) // (2 * self._channels)
                self._sent = sent
                await self._in_time(recognition.push(pcm), engine)
                self._room.set()
                owed.fed(pcm)
            elif self._finished:
                owed.asked_to_finish = True
                self._farewells += 1
                await self._in_time(recognition.finish(), engine)
                await asyncio.sleep(self._options.flush)
                raise EngineError(f"finish: expected within {self._options.flush:g} s", engine=engine.name)
            else:
                await self._more.wait()

    async def _in_time(self, handing_over: Awaitable[None], engine: SpeechToText) -> None:
        try:
            async with asyncio.timeout(self._options.push):
                await handing_over
        except TimeoutError:
            raise EngineError(f"push: expected within {self._options.push:g} s", engine=engine.name) from None

    def _without_settled(self, pcm: bytes, begin: int) -> bytes:
        """Silence what a channel has settled: another channel's replay starts earlier."""
        settled = [round(self._merge.settled(channel) * self._rate) - begin for channel in range(self._channels)]
        if self._channels == 1 or max(settled) <= 0:
            return pcm
        frames = np.frombuffer(pcm, dtype="<i2").reshape(-1, self._channels).copy()
        for channel, frame in enumerate(settled):
            frames[: max(frame, 0), channel] = 0
        return frames.tobytes()

    async def _read(
        self, engine: SpeechToText, recognition: Recognition, generation: int, offset: float, owed: ResponseWatchdog
    ) -> None:
        async for transcript in recognition:
            if generation != self._generation:
                return
            owed.heard()
            self._mute = 0
            self._route.heard()
            sent = (self._sent or 0) / self._rate
            news = self._merge.admit(shifted(transcript, offset), sent=sent)
            if news is not None:
                await self._outbox.put(news)
                if news.final:
                    self._forget()
        if not owed.asked_to_finish:
            raise EngineError("transcripts: expected more while the call goes on, found the end", engine=engine.name)

    def _forget(self) -> None:
        if self._sent is not None:
            heard = min(self._unheard_from(channel) for channel in range(self._channels))
            self._ring.forget(min(round(heard * self._rate), self._sent))

    async def _watch(self, engine: SpeechToText, owed: ResponseWatchdog) -> None:
        def wait() -> float:
            options = self._options
            usual = options.next_result if owed.ever else options.first_result
            least = usual if engine.capabilities.partials else max(usual, options.result_without_partials)
            return min(least * 2.0**self._mute, max(least, options.result_ceiling))

        waited = await owed.overdue(wait)
        self._mute += 1
        raise EngineUnresponsive(
            f"transcripts: expected one for speech within {waited:g} s, found none", engine=engine.name
        )

    async def _end(self) -> None:
        if self._run_task is None:
            return
        # What is closing already may do so in peace; what still listens is told to stop.
        listening = [connection for connection, over in self._connections.items() if not over.done()]
        for task in (self._run_task, *listening):
            task.cancel()
        await asyncio.wait([self._run_task, *self._connections], timeout=self._options.close)
        late = list(self._connections)
        for task in late:
            task.cancel()
        await asyncio.gather(self._run_task, *late, return_exceptions=True)

"""Flow of one call: reads frames, splits the channels, feeds one recognition per speaker, writes transcripts.

There is one `Call` per socket. It owns every task of the call, and all have ended when `Call.run` returns::

    socket ─► reader ─► AudioQueue ─► feeder ─► recognition ─► writer ─► socket

The reader runs in the task of the connection; the feeder and one writer for each recognition have a task each. Every
step applies backpressure: a full `AudioQueue` stops the reader, and TCP the caller. Transcripts that a caller does not
read wait in the recognition, where a later transcript replaces a partial.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import NoReturn

import dsp
from providers import telemetry
from providers.calls.notes import SocketNotes
from providers.engines.base import SpeechToText, Transcript, seconds_behind
from providers.errors import CallRefused, EngineError
from providers.tasks import run_beside
from providers.transcriber import wire
from providers.transcriber.arrivals import Arrivals
from providers.transcriber.audio_queue import AudioQueue
from providers.transcriber.conditioning import Conditioner, ConditioningOptions
from providers.transcriber.lag import LagReport, Sent
from providers.transcriber.transcripts import Feed, TranscriptNormaliser
from providers.transcriber.turns import CallTurns, TurnOptions
from providers.turns.driver import ReleasedTranscript

Receive = Callable[[], Awaitable["str | bytes | None"]]
"""Returns the next frame, None when the caller is gone."""
Send = Callable[[str], Awaitable[None]]
"""Sends one message; raises `CallerGone` when the connection is broken."""


@dataclass(frozen=True, slots=True)
class CallOptions:
    """Options of a call."""

    both: bool = False
    """Transcribe the assistant's channel as well."""
    swap: bool = False
    """Use channel 1 as the customer's."""
    buffer: float = 30.0
    """Seconds of audio that may wait for the recogniser, and seconds that it may wait."""
    conditioning: ConditioningOptions = ConditioningOptions()
    turns: TurnOptions = TurnOptions()


@dataclass(slots=True)
class CallStats:
    """Counts of one call, for its log event."""

    rate: int = 0
    """Hz, 0 before the start message."""
    channels: int = 0
    frames: int = 0
    """Binary frames received."""
    audio_bytes: int = 0
    partials: int = 0
    finals: int = 0

    @property
    def audio(self) -> float:
        """Seconds of audio received."""
        return self.audio_bytes / (2 * self.channels * self.rate) if self.rate else 0.0


class Call:
    """One call from upgrade to hang-up."""

    def __init__(
        self, engine: SpeechToText, options: CallOptions, notes: SocketNotes, *, sent: Sent | None = None
    ) -> None:
        self._engine = engine
        self._options = options
        self.notes = notes
        self._turns = CallTurns(options.turns, notes, engine.capabilities.languages)
        self._wire = wire.Wire()
        self._started: asyncio.Future[tuple[wire.Started, AudioQueue]] = asyncio.get_running_loop().create_future()
        self._lags = LagReport(sent)
        self._feeds: list[Feed] = []
        """Those whose last final is still to come."""
        self._latest: Transcript | None = None
        """The customer's newest transcript."""
        self._limit: asyncio.Timeout | None = None
        """Of the whole recognition; it is endless until the call is told to finish."""
        self._finishing = False
        self.stats = CallStats()

    @property
    def backlog(self) -> float:
        """Seconds of audio that a recogniser has still to be given, beyond what the caller is ahead of real time."""
        if not self._started.done():
            return 0.0
        audio = self._started.result()[1]
        behind = max((seconds_behind(feed.recognition) for feed in self._feeds), default=0.0)
        return max(0.0, audio.seconds + behind - audio.ahead)

    async def run(self, receive: Receive, send: Send) -> None:
        """Serve the call until the caller hangs up.

        Raises
        ------
        CallRefused
            The call cannot go on; the socket is to be closed with its code.
        CallerGone
            The connection broke while a transcript was sent.
        """
        await run_beside(self._read(receive), self._recognise(send))

    def finish(self, *, within: float) -> None:
        """Take no more audio; the call ends with 1012 once the last finals are sent, or after so many seconds."""
        if self._finishing:
            return
        self._finishing = True
        if self._started.done():
            self._started.result()[1].end()
        else:
            within = 0.0  # nothing was heard
        if self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time() + within)

    async def _read(self, receive: Receive) -> None:
        stats, machine = self.stats, self._wire
        while (frame := await receive()) is not None:
            if isinstance(frame, str):
                events = machine.receive_text(frame)
            else:
                stats.frames += 1
                events = machine.receive_bytes(frame)
            for event in events:
                match event:
                    case wire.Audio(pcm):
                        stats.audio_bytes += len(pcm)
                        self.notes.audio(pcm)
                        await self._started.result()[1].put(pcm)
                    case wire.Started():
                        self._start(event)
                    case wire.Refused(error):
                        raise error
        machine.close()

    def _start(self, started: wire.Started) -> None:
        self.stats.rate, self.stats.channels = started.rate, started.channels
        self.notes.started(started.rate, started.channels)
        self._turns.started(started.rate)
        bytes_per_second = 2 * started.channels * started.rate
        self._started.set_result((started, AudioQueue(bytes_per_second=bytes_per_second, seconds=self._options.buffer)))

    async def _recognise(self, send: Send) -> NoReturn:
        """Transcribe until the call is over, or has been told to finish."""
        try:
            async with asyncio.timeout(0.0 if self._finishing else None) as self._limit:
                await self._transcribe(send)
        except TimeoutError:
            raise _restarting() from None
        finally:
            self._limit = None
        raise AssertionError("a transcription never returns")

    async def _transcribe(self, send: Send) -> NoReturn:
        """Open the recognitions, then feed them; audio that arrives meanwhile waits in order."""
        started, audio = await self._started
        try:
            async with AsyncExitStack() as stack:
                tracing = telemetry.part("recognition", engine=self._engine.name, rate=started.rate)
                self._lags.span = stack.enter_context(tracing)
                feeds = await self._open(stack, started)
                self._feeds = list(feeds)
                beside = [self._write(feed, audio.arrivals, send) for feed in feeds]
                if self._turns.driver is not None:
                    beside.append(self._drive(audio.arrivals, send))
                await run_beside(self._feed(feeds, started, audio), *beside)
        except EngineError as lost:
            raise CallRefused(wire.INTERNAL_ERROR, f"recogniser lost: {lost}") from lost
        except OSError as lost:
            raise CallRefused(wire.INTERNAL_ERROR, f"recogniser lost: {lost.strerror or type(lost).__name__}") from lost
        finally:
            self._turns.close()
        raise AssertionError("a feeder never returns")

    async def _open(self, stack: AsyncExitStack, started: wire.Started) -> list[Feed]:
        engine, rate = self._engine, started.rate
        customer, assistant = self._speaker("customer"), self._speaker("assistant")
        if started.channels == 1:
            return [Feed(await stack.enter_async_context(engine.listen(rate=rate)), (customer,), None)]
        first, second = (1, 0) if self._options.swap else (0, 1)
        if not self._options.both:
            return [Feed(await stack.enter_async_context(engine.listen(rate=rate)), (customer,), first)]
        if engine.capabilities.channels >= 2:
            speakers = (assistant, customer) if self._options.swap else (customer, assistant)
            return [Feed(await stack.enter_async_context(engine.listen(rate=rate, channels=2)), speakers, None)]
        return [
            Feed(await stack.enter_async_context(engine.listen(rate=rate)), (customer,), first),
            Feed(await stack.enter_async_context(engine.listen(rate=rate)), (assistant,), second),
        ]

    def _speaker(self, channel: wire.Channel) -> TranscriptNormaliser:
        capabilities = self._engine.capabilities
        return TranscriptNormaliser(channel, punctuate=not capabilities.punctuates, languages=capabilities.languages)

    async def _feed(self, feeds: list[Feed], started: wire.Started, audio: AudioQueue) -> None:
        options = self._options.conditioning
        conditioner = Conditioner(options, started.rate) if options != ConditioningOptions() else None
        whole = conditioner is None and all(feed.channel is None for feed in feeds)
        whole = whole and (started.channels == 1 or not self._turns.listens)
        customer = 1 if started.channels == 2 and self._options.swap else 0
        while pcm := await audio.take():
            split = () if whole else dsp.split_channels(pcm, started.channels)
            if conditioner is not None:
                split = await self._conditioned(conditioner, split)
                pcm = dsp.join_channels(split)
            self._turns.audio(split[customer] if split else pcm)
            for feed in feeds:
                await feed.recognition.push(pcm if feed.channel is None else split[feed.channel])
            if audio.size:
                await asyncio.sleep(0)  # a push may return without waiting, and other calls need the loop
        for feed in feeds:
            await feed.recognition.finish()
        await asyncio.get_running_loop().create_future()  # the writers end the call

    async def _conditioned(self, conditioner: Conditioner, split: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """The channels, with the customer's conditioned."""
        if len(split) == 1:
            return (await conditioner.feed(split[0], None),)
        customer = 1 if self._options.swap else 0
        done = await conditioner.feed(split[customer], split[1 - customer])
        return (split[0], done) if self._options.swap else (done, split[1])

    async def _write(self, feed: Feed, arrivals: Arrivals, send: Send) -> NoReturn:
        async for transcript in feed.recognition:
            speaker = feed.speakers[transcript.channel]
            text = speaker.normalise(transcript)
            if text is None:
                continue
            if speaker.channel == "customer":
                self.notes.turn.recogniser(transcript.turn, transcript.turn_confidence)
            emit = functools.partial(self._emit, send, arrivals, speaker.channel, transcript)
            if speaker.channel == "customer":
                self._latest = transcript
                await self._turns.transcript(text, final=transcript.final, emit=emit)
            else:
                await emit(ReleasedTranscript(text, final=transcript.final))
        if not self._finishing:
            raise EngineError("the recogniser ended while the call goes on", engine=self._engine.name)
        await self._turns.flush(functools.partial(self._emit, send, arrivals, "customer", self._latest))
        self._feeds.remove(feed)
        if self._feeds:
            await asyncio.get_running_loop().create_future()  # the last writer ends the call
        raise _restarting()

    async def _drive(self, arrivals: Arrivals, send: Send) -> NoReturn:
        """Send the finals that are held until the turn is over."""

        async def emit(spoken: ReleasedTranscript) -> None:
            await self._emit(send, arrivals, "customer", self._latest, spoken)

        await self._turns.drive(emit)
        raise AssertionError("a driver never returns")

    async def _emit(
        self,
        send: Send,
        arrivals: Arrivals,
        channel: wire.Channel,
        transcript: Transcript | None,
        spoken: ReleasedTranscript,
    ) -> None:
        """Send one transcript; ``transcript`` is the recognition's newest."""
        if spoken.final:
            self.stats.finals += 1
        else:
            self.stats.partials += 1
        await send(wire.response(spoken.text, channel=channel, final=spoken.final))
        self.notes.sent(spoken.text, final=spoken.final, channel=channel, end=transcript.end if transcript else None)
        self._lags.sent(transcript, arrivals, final=spoken.final)


def _restarting() -> CallRefused:
    return CallRefused(wire.SERVICE_RESTART, "the server is shutting down")

"""One connection to one engine: it opens, is fed from the recent audio, and is read.

Two tasks: one opens, reads and closes, the other feeds. What happens is told to the owner at once; closing may take
longer and is waited for by no caller.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import Protocol

from providers.engines.base import Recognition, SpeechToText, Transcript
from providers.errors import EngineError
from providers.reconnect.audio import CallAudio
from providers.reconnect.merge import shifted
from providers.reconnect.response_watchdog import ResponseLimits, ResponseWatchdog, is_remote
from providers.reconnect.selector import EngineUnresponsive, Lost

__all__ = ["CLOSE", "ConnectionOwner", "RecognitionConnection"]

CLOSE = 2.0
"""Seconds a connection has to close."""
_OPEN_AGAIN = 1.0
"""Seconds an engine may take to open before a second attempt is made beside the first."""


class ConnectionOwner(Protocol):
    """What a connection reports to."""

    def begin(self, connection: RecognitionConnection) -> int:
        """Take note that it is open; returns the frame from which on it is fed."""
        ...

    async def heard(self, connection: RecognitionConnection, transcript: Transcript) -> None:
        """Take a transcript, in seconds of the stream."""

    def changed(self) -> None:
        """Look at the connections again: one is over, or owes an answer."""


class RecognitionConnection:
    """A connection, from the moment its engine is asked to listen."""

    def __init__(self, engine: SpeechToText, audio: CallAudio, limits: ResponseLimits, owner: ConnectionOwner) -> None:
        self.engine = engine
        self.sent = 0
        """Frames of the stream that were handed over."""
        self.watchdog: ResponseWatchdog | None = None
        """None until the engine is open."""
        self.over: EngineError | bool = False
        """The loss, or True when the engine ended because it was asked to."""
        self.suspected = False
        """It is overdue, and something was done about it."""
        self.asked_to_finish = False
        self._audio = audio
        self._limits = limits
        self._owner = owner
        self._closing = False
        self.since = _now()
        """Moment at which it began to open, then at which it was open."""
        self.task = asyncio.create_task(self._run())

    @property
    def is_open(self) -> bool:
        """Whether the engine has opened."""
        return self.watchdog is not None

    def check(self) -> None:
        """Look at the audio that has come in, for speech that an answer is due for."""
        if self.watchdog is not None and self.watchdog.check(_now()):
            self._owner.changed()

    def overdue_at(self) -> float | None:
        """Moment from which on it takes too long to open or to answer; None while it owes nothing."""
        if self.watchdog is None:
            return self.since + _OPEN_AGAIN
        return None if self.watchdog.since is None else self.watchdog.since + self._limit(self.watchdog)

    def overdue_error(self) -> EngineUnresponsive:
        """What it means that it takes too long."""
        if self.watchdog is None:
            return EngineUnresponsive(f"open: expected within {_OPEN_AGAIN:g} s", engine=self.engine.name)
        limit = self._limit(self.watchdog)
        return EngineUnresponsive(
            f"transcripts: expected one for speech within {limit:g} s, found none", engine=self.engine.name
        )

    def lost(self, error: EngineError, *, alone: bool) -> Lost:
        """What ended it, or is to end it, for the selector."""
        if self.watchdog is None:
            return Lost(error, alone=alone)
        lasted, owing = _now() - self.since, self.watchdog.since is not None
        return Lost(error, lasted, self.watchdog.answered, owing, alone)

    def leave(self) -> None:
        """Stop listening and close; gives up on closing after a while."""
        self.over = self.over or True
        if not self._closing:
            self.task.cancel()
        deadline = asyncio.get_running_loop().call_later(CLOSE, self.task.cancel)
        self.task.add_done_callback(lambda task: deadline.cancel())

    def _limit(self, watchdog: ResponseWatchdog) -> float:
        open_utterance = self._audio.merge.is_open
        return self._limits.limit(self.engine, answered=watchdog.answered, open_utterance=open_utterance)

    async def _run(self) -> None:
        # Everything that matters was reported inside; how an engine fails to close matters to no caller.
        with suppress(Exception):
            async with AsyncExitStack() as stack:
                try:
                    await self._listen(await self._open(stack))
                except Exception as error:
                    self._end(error)
                finally:
                    self._closing = True
                    self._end(EngineError("expected no cancellation of its own", engine=self.engine.name))

    async def _open(self, stack: AsyncExitStack) -> Recognition:
        audio, limit = self._audio, self._limits.options.open
        opening = self.engine.listen(rate=audio.rate, channels=audio.channels)
        try:
            async with asyncio.timeout(limit) as timeout:
                return await stack.enter_async_context(opening)
        except TimeoutError:
            if not timeout.expired():
                raise
            raise EngineUnresponsive(f"open: expected within {limit:g} s", engine=self.engine.name) from None

    async def _listen(self, recognition: Recognition) -> None:
        if self.over:
            return  # an engine that cannot be cancelled opened when another one had long won
        begin = self.sent = self._owner.begin(self)
        self.since = _now()
        self.watchdog = ResponseWatchdog(self._audio, begin, finals=is_remote(self.engine))
        self.check()
        feeder = asyncio.create_task(self._feed(recognition))
        try:
            await self._read(recognition, self.watchdog, begin / self._audio.rate)
        finally:
            feeder.cancel()
            await asyncio.gather(feeder, return_exceptions=True)

    async def _feed(self, recognition: Recognition) -> None:
        audio, width = self._audio, 2 * self._audio.channels
        try:
            while True:
                audio.more.clear()
                if pcm := audio.read(self.sent):
                    # Counted before it is handed over: its transcript may be here before push returns.
                    self.sent += len(pcm) // width
                    await self._push(recognition, pcm)
                    audio.room.set()
                elif audio.finished:
                    return await self._finish(recognition)
                else:
                    await audio.more.wait()
        except asyncio.CancelledError:
            if not _is_cancelled():
                self._end(EngineError("push: expected no cancellation of its own", engine=self.engine.name))
            raise
        except TimeoutError:
            self._end(EngineError(f"push: expected within {self._limits.options.push:g} s", engine=self.engine.name))
        except Exception as error:
            self._end(error)

    async def _push(self, recognition: Recognition, pcm: bytes) -> None:
        """Hand audio over. An engine that runs here may take its time: the caller waits; the watchdog sees a hang."""
        local, begun = not is_remote(self.engine), _now()
        async with asyncio.timeout(None if local else self._limits.options.push):
            await recognition.push(pcm)
        spoken = len(pcm) / (2 * self._audio.channels * self._audio.rate)
        if local and self.watchdog is not None and _now() - begun > spoken:
            self.watchdog.delayed(_now())

    async def _finish(self, recognition: Recognition) -> None:
        self.asked_to_finish = True
        async with asyncio.timeout(self._limits.options.push):
            await recognition.finish()
        await asyncio.sleep(self._limits.options.flush)
        raise EngineError(f"finish: expected within {self._limits.options.flush:g} s", engine=self.engine.name)

    async def _read(self, recognition: Recognition, watchdog: ResponseWatchdog, offset: float) -> None:
        async for transcript in recognition:
            if self.over:
                return  # the engine could not be cancelled
            await self._owner.heard(self, shifted(transcript, offset))
        if not self.asked_to_finish:
            message = "transcripts: expected more while the call goes on, found the end"
            raise EngineError(message, engine=self.engine.name)
        self._end(None)

    def _end(self, error: Exception | None) -> None:
        if not self.over:
            self.over = True if error is None else EngineError.of(error, engine=self.engine.name)
            self._owner.changed()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _now() -> float:
    return asyncio.get_running_loop().time()

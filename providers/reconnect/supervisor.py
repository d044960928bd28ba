"""Supervision of the connections of one recognition: one listens, and a second one is opened beside it if need be.

::

                 open                      overdue: a second one is opened, too
    CONNECTING ─────────▶ LISTENING ───────────────────────────────────▶ SUSPICIOUS
      ▲  ▲                  │   ▲                                          │  │
      │  └───── lost ───────┘   └──── one of them answers: it stays, ──────┘  │
      │                               the other one closes                    │
      └──────────────────────────── all lost ─────────────────────────────────┘

    ENDED: from anywhere, when the selector knows no engine any more, or the last transcript is out

At most two connections are open and two are opening. All decisions are made in one step, which is taken whenever a
connection reports something and whenever the next deadline is reached.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from enum import Enum

from providers.engines.base import SpeechToText, Transcript
from providers.engines.events import EngineEvent, EventKind, Observe
from providers.errors import EngineError
from providers.queues import BoundedQueue
from providers.reconnect.audio import CallAudio
from providers.reconnect.connection import CLOSE, RecognitionConnection
from providers.reconnect.response_watchdog import ResponseLimits, is_remote
from providers.reconnect.selector import Choice, EngineSelector

__all__ = ["State", "Supervisor"]

_LAST_TRIES = 5
"""Connections that may be lost after all audio was sent, when no caller waits for long any more."""


class State(Enum):
    """What a recognition is doing."""

    CONNECTING = "connecting"
    LISTENING = "listening"
    SUSPICIOUS = "suspicious"
    ENDED = "ended"


class Supervisor:
    """Owner of the connections; the one place where they are opened, left and compared.

    Parameters
    ----------
    selector
        Names the engines, and when to open them.
    audio
        The audio that they hear.
    transcripts
        Where what they say goes, merged.
    """

    def __init__(
        self,
        selector: EngineSelector,
        audio: CallAudio,
        transcripts: BoundedQueue[Transcript],
        limits: ResponseLimits,
        observe: Observe,
    ) -> None:
        self.state = State.CONNECTING
        self.opened = asyncio.Event()
        """An engine has opened, or none ever will."""
        self._selector = selector
        self._audio = audio
        self._transcripts = transcripts
        self._limits = limits
        self._observe = observe
        self._connections: list[RecognitionConnection] = []
        """Those that are opening or open, oldest first."""
        self._closing: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._plan: Choice | None = None
        """The next engine to open, if there is one to be opened."""
        self._trouble_since: float | None = None

    @property
    def behind(self) -> int:
        """Frames that the connection which is furthest has still to be given; 0 while none is open."""
        return min((self._audio.end - one.sent for one in self._connections if one.is_open), default=0)

    async def run(self) -> None:
        """Keep the recognition going until its last transcript is out.

        Raises
        ------
        EngineError
            The selector knows no engine any more.
        """
        self._plan = self._selector.choose(None, _now())
        while True:
            self._changed.clear()
            self._step(_now())
            if self.state is State.ENDED:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._next_deadline()):
                    await self._changed.wait()

    async def aclose(self) -> None:
        """Leave every connection, and wait until all are closed or had time for it."""
        for connection in self._connections[:]:
            self._leave(connection)
        if self._closing:
            await asyncio.wait(self._closing, timeout=CLOSE)
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)

    def check(self) -> None:
        """Take note that audio has come in."""
        for connection in self._connections:
            connection.check()

    def begin(self, connection: RecognitionConnection) -> int:
        """Take note that a connection is open; returns the frame from which on it is fed."""
        resumption = self._audio.resume()
        for final in resumption.rescued:
            self._replace_partial(final)
            self._transcripts.put_now(final)
        if resumption.gap:
            self._report("gap", connection.engine, value=resumption.gap)
        others = [other for other in self._connections if other is not connection]
        for other in others:
            if not other.is_open:
                self._leave(other)
                self._report("lost", other.engine, str(other.overdue_error()))
        if not any(other.is_open for other in others):
            self._recovered(connection)
        connection.suspected = False  # it may have been slow to open; how soon it answers is another question
        self._plan = None
        self.opened.set()
        self.changed()
        return resumption.begin

    async def heard(self, connection: RecognitionConnection, transcript: Transcript) -> None:
        """Take a transcript: the connection that gives the first one stays, others are left."""
        watchdog = connection.watchdog
        if watchdog is None or connection not in self._connections:
            return
        if not watchdog.answered:
            self._selector.served(connection.engine)
        self._limits.heard(connection.engine, transcript)
        self._keep_only(connection)
        news = self._audio.merge.admit(transcript, sent=connection.sent / self._audio.rate)
        watchdog.heard(transcript, connection.sent, _now())
        if news is not None:
            self._replace_partial(news)
            await self._transcripts.put(news)
            if news.final:
                self._audio.forget_heard(connection.sent)

    def changed(self) -> None:
        """Take the next step soon: a connection is over, or owes an answer."""
        self._changed.set()

    def _step(self, now: float) -> None:
        for connection in [one for one in self._connections if one.over]:
            self._remove_ended(connection, now)
            if self.state is State.ENDED:
                return
        if self._connections and not all(one.suspected for one in self._connections):
            due = self._overdue_at()
            if due is not None and due <= now:
                self._suspect(now)
        if self._plan is not None and self._plan.at <= now:
            self._connections.append(RecognitionConnection(self._plan.engine, self._audio, self._limits, self))
            self._plan = None
        is_open = [one for one in self._connections if one.is_open]
        if not is_open:
            self.state = State.CONNECTING
        else:
            self.state = State.SUSPICIOUS if any(one.suspected for one in is_open) else State.LISTENING

    def _next_deadline(self) -> float | None:
        waits = [] if self._plan is None else [self._plan.at]
        if not all(one.suspected for one in self._connections) and (due := self._overdue_at()) is not None:
            waits.append(due)
        return min(waits, default=None)

    def _overdue_at(self) -> float | None:
        """The moment at which every connection is overdue; None while one of them owes nothing."""
        latest = 0.0
        for connection in self._connections:
            due = connection.overdue_at()
            if due is None:
                return None
            latest = max(latest, due)
        return latest

    def _remove_ended(self, connection: RecognitionConnection, now: float) -> None:
        """Take a connection out that is over; the recognition may be over with it."""
        self._leave(connection)
        error = connection.over
        if not isinstance(error, EngineError):
            if not (self._connections and self._audio.unheard()):
                self.state = State.ENDED
                return
            error = EngineError("finish: expected the last transcripts, found none", engine=connection.engine.name)
        self._report("lost", connection.engine, str(error))
        if self._audio.finished:
            if not self._audio.unheard():
                self.state = State.ENDED
                return
            if connection.asked_to_finish:
                self._give_up_after_finish(error)
        if all(other.suspected for other in self._connections):
            self._replace(connection, error, now)

    def _suspect(self, now: float) -> None:
        """Every connection is overdue: have another one opened beside the newest, or in its place."""
        newest = self._connections[-1]
        opening = [one for one in self._connections if not one.is_open]
        for connection in self._connections:
            connection.suspected = True
        error = newest.overdue_error()
        if newest.asked_to_finish:
            self._give_up_after_finish(error)
        elif newest.is_open:
            self._limits.silent()
        if len(opening) > 1:
            return  # the older one's time-out makes room for the next
        is_open = [one for one in self._connections if one.is_open]
        if len(is_open) > 1 or (newest.is_open and not is_remote(newest.engine)):
            self._leave(is_open[0])
            self._report("lost", is_open[0].engine, str(is_open[0].overdue_error()))
        else:
            self._report("suspected", newest.engine, str(error))
        self._replace(newest, error, now)

    def _give_up_after_finish(self, error: EngineError) -> None:
        self._limits.silent()
        if self._limits.silent_connections >= _LAST_TRIES:
            raise error

    def _replace(self, connection: RecognitionConnection, error: EngineError, now: float) -> None:
        """Plan the next connection after a loss, or beside one that is silent."""
        self._trouble_since = now if self._trouble_since is None else self._trouble_since
        alone = not any(one.is_open for one in self._connections)
        try:
            self._plan = self._selector.choose(connection.lost(error, alone=alone), now)
        except EngineError:
            if alone:
                raise
            # The connection that is left may still answer.

    def _keep_only(self, connection: RecognitionConnection) -> None:
        """Keep the connection that answered, and no other."""
        others = [other for other in self._connections if other is not connection]
        for other in others:
            self._leave(other)
        if connection.suspected:
            self._plan = None
            self._report("cleared", connection.engine)
            self._trouble_since = None
        elif others:
            self._report("lost", others[0].engine, str(others[0].overdue_error()))
            self._recovered(connection)
        connection.suspected = False

    def _recovered(self, connection: RecognitionConnection) -> None:
        if self._trouble_since is not None:
            self._report("reconnected", connection.engine, value=_now() - self._trouble_since)
            self._trouble_since = None

    def _leave(self, connection: RecognitionConnection) -> None:
        self._connections.remove(connection)
        self._closing.add(connection.task)
        connection.task.add_done_callback(self._closing.discard)
        connection.leave()
        self._audio.room.set()

    def _replace_partial(self, news: Transcript) -> None:
        self._transcripts.discard(lambda old: not old.final and old.channel == news.channel)

    def _report(self, kind: EventKind, engine: SpeechToText, detail: str = "", *, value: float = 0.0) -> None:
        self._observe(EngineEvent(kind, engine.name, detail, value))


def _now() -> float:
    return asyncio.get_running_loop().time()

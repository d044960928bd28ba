"""Recognition over one Deepgram live socket: audio and KeepAlive out, transcripts and errors in.

There is no task and no queue between the socket and the caller: iterating reads the socket, pushing writes to it, and
the socket's buffers are the only ones. A timer sends KeepAlive while no audio is sent.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from providers.engines.base import Transcript
from providers.engines.deepgram.client import NAME
from providers.engines.deepgram.results import UnreadableResult, Utterances
from providers.engines.vendor_errors import error_code, with_request_id
from providers.errors import EngineError

if TYPE_CHECKING:
    from deepgram.listen.v1.socket_client import AsyncV1SocketClient

_CLOSE_CODE = re.compile(r"\b(net|data)-?([0-9]{4})\b", re.IGNORECASE)
"""The vendor's error code in its message, as ``NET-0001`` or at the end of a link."""


class Timeouts(Protocol):
    """Time-outs of a recognition, in seconds."""

    @property
    def keep_alive(self) -> float:
        """Seconds without audio after which a KeepAlive is sent."""
        ...

    @property
    def send_timeout(self) -> float:
        """Seconds of one push to a vendor that does not read."""
        ...

    @property
    def finish_timeout(self) -> float:
        """Seconds from the last audio to the last transcript."""
        ...


class DeepgramRecognition:
    """Recognition over one socket; see `providers.engines.base.Recognition`."""

    def __init__(
        self, session: AsyncV1SocketClient, connection: ClientConnection, channels: int, options: Timeouts
    ) -> None:
        self._session = session
        self._connection = connection
        self._options = options
        self._utterances = Utterances(channels)
        self._ready: deque[Transcript] = deque()
        self._last_sent = 0.0
        self._deadline: asyncio.TimerHandle | None = None
        self._keeper: asyncio.TimerHandle | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._late = False
        self._over = False
        self._loss: EngineError | None = None
        self._keep_alive_later()

    async def push(self, pcm: bytes, /) -> None:
        """Send audio; the socket's write buffer is the only queue."""
        if self._loss is not None:
            raise self._loss
        if self._deadline is not None:
            raise EngineError("deepgram was given audio after finish", engine=NAME, retryable=False)
        if not pcm:
            return  # an empty binary frame once meant "close the stream" on this wire
        try:
            async with asyncio.timeout(self._options.send_timeout):
                await self._session.send_media(pcm)
        except ConnectionClosed as closed:
            raise self._lost(self._farewell(closed)) from None
        except TimeoutError:
            self._connection.transport.abort()
            raise self._lost(self._failure(f"took no audio for {self._options.send_timeout:g} s")) from None
        self._last_sent = asyncio.get_running_loop().time()

    async def finish(self) -> None:
        """Ask for the last transcripts and the close; the socket is cut when they do not come in time."""
        if self._deadline is not None or self._loss is not None:
            return
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._options.finish_timeout, self._expire)
        try:
            await self._session.send_finalize()
            await self._session.send_close_stream()
        except ConnectionClosed:
            return  # iteration gets the same close and handles it

    def __aiter__(self) -> DeepgramRecognition:
        return self

    async def __anext__(self) -> Transcript:
        while not self._ready:
            if self._over:
                raise self._loss or StopAsyncIteration
            await self._receive()
        return self._ready.popleft()

    def leave(self) -> None:
        """Cancel the timers: the socket is about to be closed."""
        for timer in (self._deadline, self._keeper, self._keeping):
            if timer is not None:
                timer.cancel()

    def _keep_alive_later(self) -> None:
        """Schedule the next KeepAlive, sent when there was no audio for a while."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._last_sent + self._options.keep_alive <= now:
            if self._last_sent:
                self._keeping = asyncio.create_task(self._keep_alive())
            self._last_sent = now
        self._keeper = loop.call_at(self._last_sent + self._options.keep_alive, self._keep_alive_later)

    async def _keep_alive(self) -> None:
        with suppress(ConnectionClosed):  # push and iteration report it
            await self._session.send_keep_alive()

    async def _receive(self) -> None:
        try:
            message = await self._session.recv()
        except ConnectionClosed as closed:
            self._closed(closed)
            return
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
            return  # not JSON, or of a shape that the SDK cannot read: ignored
        kind = getattr(message, "type", None)
        if kind == "Error":
            self._end(self._failure("reported an error", getattr(message, "variant", None)))
        elif kind == "Metadata" and self._deadline is not None:
            self._end()
        else:
            await self._take(message)

    async def _take(self, message: Any) -> None:
        try:
            self._ready.extend(self._utterances.feed(message))
        except UnreadableResult:
            self._end(self._failure("closed a segment that cannot be read"))
            return
        for channel in self._utterances.to_finalize():
            await self._finalize(channel)

    async def _finalize(self, channel: int) -> None:
        from deepgram.listen.v1.types.listen_v1finalize import ListenV1Finalize

        try:
            # The channel is not a field of the SDK's model, but the model keeps unknown fields.
            await self._session.send_finalize(ListenV1Finalize.model_validate({"type": "Finalize", "channel": channel}))
        except ConnectionClosed:
            return  # the next receive reports it

    def _closed(self, closed: ConnectionClosed) -> None:
        asked_for = self._deadline is not None and (closed.rcvd is not None and closed.rcvd.code == 1000)
        if asked_for or (self._late and self._utterances.all_flushed):
            self._end()
        elif self._late:
            self._end(self._failure(f"did not finish within {self._options.finish_timeout:g} s"))
        else:
            self._end(self._farewell(closed))

    def _end(self, loss: EngineError | None = None) -> None:
        """End iteration after the transcripts that are ready; open utterances become final only without a loss."""
        if loss is None:
            self._ready.extend(self._utterances.flush())
        else:
            self._lost(loss)
        self._over = True

    def _expire(self) -> None:
        self._late = True
        self._connection.transport.abort()

    def _farewell(self, closed: ConnectionClosed) -> EngineError:
        """The error of a close frame; 1008 rejects what was sent, so a retry would fail as well."""
        code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
        own = _CLOSE_CODE.search(reason)
        named = own and "-".join(own.groups()).upper()
        return self._failure(f"closed the socket with {code}", named, retryable=code != 1008)

    def _failure(self, what: str, code: object = None, *, retryable: bool = True) -> EngineError:
        upgrade = self._connection.response
        request = with_request_id(dict(upgrade.headers.raw_items())) if upgrade else ""
        details = ", ".join(part for part in (error_code(code), request) if part)
        message = f"deepgram {what} ({details})" if details else f"deepgram {what}"
        return EngineError(message, engine=NAME, retryable=retryable)

    def _lost(self, loss: EngineError) -> EngineError:
        """Keep the first error; iteration reads what the socket still holds, then raises it."""
        if self._loss is None:
            self._loss = loss
        return self._loss

"""Recognition over one vendor's socket: audio out, transcripts and errors in.

There is no task and no queue between the socket and the caller: iterating reads the socket, pushing writes to it, and
the socket's buffers are the only ones. A timer sends a sign of life while no audio is sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Protocol

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

import dsp
from providers.engines.base import Transcript
from providers.engines.local.model import live_resampler
from providers.engines.streaming.wire import Message, VendorFault, VendorSession
from providers.engines.vendor_errors import error_code, with_request_id
from providers.errors import EngineError

_SETTLE = 0.5
"""Seconds without a message after which a vendor that does not say when it is over counts as such."""

_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, RecursionError)


class SocketOptions(Protocol):
    """Time-outs of a recognition over a socket, in seconds."""

    @property
    def keep_alive(self) -> float:
        """Seconds without audio after which a sign of life is sent."""
        ...

    @property
    def send_timeout(self) -> float:
        """Seconds of one push to a vendor that does not read."""
        ...

    @property
    def finish_timeout(self) -> float:
        """Seconds from the last audio to the last transcript."""
        ...


class AudioFormer:
    """Audio of a call in the vendor's rate and in messages of at least one length.

    Parameters
    ----------
    rate, vendor_rate
        Hz of the call and of the vendor.
    chunk
        Seconds of a message.
    channels
        Channels of the call; two are never resampled.
    """

    def __init__(self, rate: int, vendor_rate: int, *, chunk: float, channels: int = 1) -> None:
        same = rate == vendor_rate
        self._decoder = None if same else dsp.PcmDecoder()
        self._resampler = None if same else live_resampler(rate, vendor_rate)
        self._least = 2 * channels * int(chunk * vendor_rate)
        self._waiting = bytearray()

    def feed(self, pcm: bytes) -> bytes:
        """What is to be sent now; empty while a message is not full."""
        if not self._least and self._resampler is None:
            return pcm
        if self._decoder is not None and self._resampler is not None:
            pcm = dsp.encode_pcm16(self._resampler.feed(self._decoder.feed(pcm)))
        self._waiting += pcm
        return self._take() if len(self._waiting) >= self._least else b""

    def flush(self) -> bytes:
        """The rest."""
        if self._resampler is not None:
            self._waiting += dsp.encode_pcm16(self._resampler.flush())
        return self._take()

    def _take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


class SocketRecognition:
    """Recognition over one socket; see `providers.engines.base.Recognition`."""

    def __init__(
        self,
        name: str,
        connection: ClientConnection,
        session: VendorSession,
        former: AudioFormer,
        options: SocketOptions,
    ) -> None:
        self._name = name
        self._connection = connection
        self._session = session
        self._former = former
        self._options = options
        self._ready: deque[Transcript] = deque()
        self._last_sent = asyncio.get_running_loop().time()
        self._deadline: asyncio.TimerHandle | None = None
        self._keeper: asyncio.TimerHandle | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._over = False
        self._loss: EngineError | None = None

    async def open(self) -> None:
        """Send what comes before the audio."""
        for message in self._session.opening():
            await self._send(message)
        self._keep_alive_later()

    async def push(self, pcm: bytes, /) -> None:
        """Send audio; the socket's write buffer is the only queue."""
        if self._loss is not None:
            raise self._loss
        if self._deadline is not None:
            raise EngineError(f"{self._name} was given audio after finish", engine=self._name, retryable=False)
        if sent := self._former.feed(pcm):
            await self._send(self._session.audio(sent))

    async def finish(self) -> None:
        """Ask for the last transcripts; the socket is cut when they do not come in time."""
        if self._deadline is not None or self._loss is not None:
            return
        rest = self._former.flush()
        self._cut_after(self._options.finish_timeout)
        with suppress(EngineError):  # iteration gets the same close and handles it
            if rest:
                await self._send(self._session.audio(rest))
            for message in self._session.ending():
                await self._send(message)

    def __aiter__(self) -> SocketRecognition:
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

    async def _send(self, message: Message) -> None:
        try:
            async with asyncio.timeout(self._options.send_timeout):
                await self._connection.send(message)
        except ConnectionClosed as closed:
            raise self._lost(self._farewell(closed)) from None
        except TimeoutError:
            self._connection.transport.abort()
            raise self._lost(self._failure(f"took no audio for {self._options.send_timeout:g} s")) from None
        self._last_sent = asyncio.get_running_loop().time()

    def _keep_alive_later(self) -> None:
        """Schedule the next sign of life, sent when there was no audio for a while."""
        loop = asyncio.get_running_loop()
        if self._session.keep_alive() is None:
            return
        if self._last_sent + self._options.keep_alive <= loop.time():
            self._keeping = asyncio.create_task(self._keep_alive())
            self._last_sent = loop.time()
        self._keeper = loop.call_at(self._last_sent + self._options.keep_alive, self._keep_alive_later)

    async def _keep_alive(self) -> None:
        message = self._session.keep_alive()
        if message is not None:
            await self._reply(message)

    async def _reply(self, message: Message) -> None:
        with suppress(ConnectionClosed):  # push and iteration report it
            await self._connection.send(message)

    async def _receive(self) -> None:
        try:
            raw = await self._connection.recv()
        except ConnectionClosed as closed:
            self._closed(closed)
            return
        try:
            message = msgspec.json.decode(raw)
            if isinstance(message, dict):
                self._ready.extend(self._session.read(message))
        except VendorFault as fault:
            self._end(self._failure(fault.what, fault.code, retryable=fault.retryable))
            return
        except (msgspec.MsgspecError, *_UNREADABLE):
            return  # of no shape that can be read: ignored
        for reply in self._session.replies():
            await self._reply(reply)
        if self._deadline is None:
            return
        if self._session.over:
            self._end()
        elif self._session.idle:
            self._cut_after(_SETTLE)

    def _cut_after(self, seconds: float) -> None:
        """Set the time at which the socket is cut."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self._connection.transport.abort)

    def _closed(self, closed: ConnectionClosed) -> None:
        ending = self._deadline
        late = ending is not None and ending.when() <= asyncio.get_running_loop().time()
        asked_for = ending is not None and (
            self._session.idle or (closed.rcvd is not None and closed.rcvd.code == 1000)
        )
        if asked_for or self._session.over or (late and self._session.settled):
            self._end()
        elif late:
            self._end(self._failure(f"did not finish within {self._options.finish_timeout:g} s"))
        else:
            self._end(self._farewell(closed))

    def _end(self, loss: EngineError | None = None) -> None:
        """End iteration after the transcripts that are ready; open utterances become final only without a loss."""
        if loss is None:
            self._ready.extend(self._session.flush())
        else:
            self._lost(loss)
        self._over = True

    def _farewell(self, closed: ConnectionClosed) -> EngineError:
        """The error of a close frame; 1008 rejects what was sent, so a retry would fail as well."""
        code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
        own = self._session.close_code(reason)
        return self._failure(f"closed the socket with {code}", own, retryable=code != 1008)

    def _failure(self, what: str, code: object = None, *, retryable: bool = True) -> EngineError:
        upgrade = self._connection.response
        request = with_request_id(dict(upgrade.headers.raw_items())) if upgrade else ""
        details = ", ".join(part for part in (error_code(code), request) if part)
        message = f"{self._name} {what} ({details})" if details else f"{self._name} {what}"
        return EngineError(message, engine=self._name, retryable=retryable)

    def _lost(self, loss: EngineError) -> EngineError:
        """Keep the first error; iteration reads what the socket still holds, then raises it."""
        if self._loss is None:
            self._loss = loss
        return self._loss

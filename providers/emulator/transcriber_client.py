"""One call to a transcriber as Vapi makes it: start, audio, transcripts, goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from providers.emulator.credentials import Credentials
from providers.emulator.failures import NETWORK_ERRORS, explained
from providers.emulator.protocol import ReceivedTranscript, read_transcript
from providers.emulator.targets import is_loopback, tls_context

_LARGEST_MESSAGE = 1 << 20
"""Bytes of one message from a server; a transcript is a few hundred."""


@dataclass(frozen=True, slots=True)
class TimedTranscript:
    """One transcript and when it came."""

    heard: ReceivedTranscript
    at: float
    """Seconds after the first audio went out."""


@dataclass(slots=True)
class CallRecord:
    """Everything one call showed; grows while the call runs."""

    opened: float = 0.0
    """Seconds from dialling to the accepted upgrade."""
    lines: list[TimedTranscript] = field(default_factory=list)
    sent_bytes: int = 0
    close_code: int | None = None
    """The code the server closed with; None while it did not."""
    close_reason: str = ""
    finished: bool = False
    """True when we said all we wanted to say."""

    @property
    def finals(self) -> list[TimedTranscript]:
        """The finals, in order."""
        return [line for line in self.lines if line.heard.final]

    def text(self, channel: str = "customer") -> str:
        """All finals of one channel as one text."""
        return " ".join(line.heard.text for line in self.finals if line.heard.channel == channel)


@dataclass(frozen=True, slots=True)
class TranscriberCall:
    """How to call; `run` makes the call once."""

    url: str
    credentials: Credentials
    start: str | None
    """The first text frame; None leaves it out."""
    open_timeout: float = 10.0
    """Seconds."""
    hang_up_hard: bool = False
    """Drop the connection without a goodbye, as a dead network does."""

    async def run(
        self,
        stream: AsyncGenerator[bytes | str, None],
        *,
        record: CallRecord | None = None,
        on_line: Callable[[CallRecord], None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> CallRecord:
        """Make the call, sending what ``stream`` yields when it yields it; ends when the stream or the server does.

        A ``record`` given from outside can be read while the call runs, and after an interruption.

        Raises
        ------
        Unreachable, Refused
            The socket never opened.
        """
        record = CallRecord() if record is None else record
        dialled = clock()
        async with contextlib.aclosing(stream):
            try:
                socket = await self._dial()
            except NETWORK_ERRORS as fault:
                raise explained(self.url, fault) from fault
            record.opened = clock() - dialled
            try:
                await self._talk(socket, stream, record, on_line, clock)
            finally:
                await self._hang_up(socket, record)
        return record

    async def _dial(self) -> ClientConnection:
        return await connect(
            self.credentials.address(self.url),
            additional_headers=self.credentials.headers(b""),
            user_agent_header="vapi-providers-emulator",
            compression=None,
            proxy=None if is_loopback(self.url) else True,
            ssl=tls_context(self.url),
            open_timeout=self.open_timeout,
            close_timeout=2,
            max_size=_LARGEST_MESSAGE,
        )

    async def _talk(
        self,
        socket: ClientConnection,
        stream: AsyncGenerator[bytes | str, None],
        record: CallRecord,
        on_line: Callable[[CallRecord], None] | None,
        clock: Callable[[], float],
    ) -> None:
        begin = clock()
        listening = asyncio.create_task(_listen(socket, record, on_line, lambda: clock() - begin))
        try:
            await self._speak(socket, stream, record)
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening

    async def _speak(
        self, socket: ClientConnection, stream: AsyncGenerator[bytes | str, None], record: CallRecord
    ) -> None:
        try:
            if self.start is not None:
                await socket.send(self.start)
            async for payload in stream:
                await socket.send(payload)
                record.sent_bytes += len(payload) if isinstance(payload, bytes) else 0
            record.finished = True
        except ConnectionClosed:
            record.finished = False

    async def _hang_up(self, socket: ClientConnection, record: CallRecord) -> None:
        if record.finished and not self.hang_up_hard:
            await socket.close()
            return
        if socket.close_code is not None:
            record.close_code, record.close_reason = socket.close_code, socket.close_reason or ""
        socket.transport.abort()


async def _listen(
    socket: ClientConnection, record: CallRecord, on_line: Callable[[CallRecord], None] | None, now: Callable[[], float]
) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for frame in socket:
            heard = read_transcript(frame)
            if heard is None:
                continue
            record.lines.append(TimedTranscript(heard, now()))
            if on_line is not None:
                on_line(record)

"""One call to a transcriber as Vapi makes it: start, audio, transcripts, goodbye."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import NETWORK_ERRORS, explained
from providers.emulator.protocol import ReceivedTranscript, read_transcript
from providers.emulator.websocket_client import CallSocket, open_socket

_GOODBYE = 2.0
"""Seconds to wait for the server's close frame."""


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
    credentials: SentCredentials
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
        dialled = begin = clock()

        def heard(text: bytes) -> None:
            transcript = read_transcript(text)
            if transcript is not None:
                record.lines.append(TimedTranscript(transcript, clock() - begin))
                if on_line is not None:
                    on_line(record)

        async with contextlib.aclosing(stream):
            try:
                socket = await open_socket(self.url, self.credentials, on_text=heard, timeout=self.open_timeout)
            except NETWORK_ERRORS as error:
                raise explained(self.url, error) from error
            begin = clock()
            record.opened = begin - dialled
            try:
                await self._speak(socket, stream, record)
            finally:
                await self._hang_up(socket, record)
        return record

    async def _speak(self, socket: CallSocket, stream: AsyncGenerator[bytes | str, None], record: CallRecord) -> None:
        """Send the stream; ends early when the server closes the call."""
        try:
            if self.start is not None:
                await socket.send(self.start)
            async for payload in stream:
                await socket.send(payload)
                record.sent_bytes += len(payload) if isinstance(payload, bytes) else 0
            record.finished = True
        except ConnectionError:
            record.finished = False

    async def _hang_up(self, socket: CallSocket, record: CallRecord) -> None:
        if record.finished and not self.hang_up_hard:
            await socket.hang_up(_GOODBYE)
            return
        if socket.ended:
            record.close_code, record.close_reason = socket.close_code, socket.close_reason
        socket.abort()

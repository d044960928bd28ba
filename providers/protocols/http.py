"""HTTP/1.1 connections under uvicorn, with limits on what a client may send before its request is complete.

Uvicorn's protocol parses and dispatches requests. This subclass bounds the header section, gives each part of a request
a deadline, and bounds the number of connections that hold no complete request::

    waiting ──first byte──► header section ──blank line──► body ──last byte──► served ──answer──► waiting
    (75 s after an answer)   (header_seconds)              (body_seconds)

A connection that breaks a limit is answered (400, 408, 414, 431) and closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import httptools
import msgspec
import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from providers import connection
from providers.protocols.http_limits import ConnectionLimits, HeaderSection, SectionTooLong, WaitingConnections
from providers.protocols.uvicorn_parts import missing_parts

__all__ = ["BoundedHttp", "ConnectionLimits", "protocol"]

log = structlog.get_logger()

_LINGER_SECONDS, _LINGER_BYTES = 2.0, 1024 * 1024
"""How long and how much a refused client may go on sending. Closing at once would reset the connection, and the answer
would be lost."""
_FLUSH_SECONDS = 10.0
"""How long a closing connection may go without sending a byte of what is still buffered."""

_NEEDED = (
    "transport", "loop", "flow", "parser", "cycle", "pipeline", "scope", "headers",
    "_unset_keepalive_if_required", "_should_upgrade", "handle_websocket_upgrade", "on_response_complete",
)  # fmt: skip
"""What `BoundedHttp` uses of uvicorn's class and uvicorn does not document."""


class BoundedHttp(HttpToolsProtocol):
    """Uvicorn's HTTP/1.1 protocol with limits before the request is complete."""

    def __init__(self, *arguments: Any, limits: ConnectionLimits, waiting: WaitingConnections, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._limits = limits
        self._waiting = waiting
        self._deadline: asyncio.TimerHandle | None = None
        self._refused: tuple[int, str] | None = None
        """Status and sentence of the answer to a broken limit; what comes after it is discarded."""
        self._discarded = 0
        self._ignored_upgrade = False
        """Whether the parser is being told of a request that is already being served."""
        self._section = HeaderSection()

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Wait for the first request."""
        super().connection_made(transport)
        self._waiting.add(self, kept=False)
        self._expect(self._limits.header_seconds, self._header_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._expect_nothing()
        self._waiting.discard(self)
        super().connection_lost(exc)

    def evict(self) -> None:
        """Close the connection for others' sake: too many wait."""
        self._waiting.discard(self)
        self.transport.abort()

    def shutdown(self) -> None:
        """End the connection, or let its request finish. A failure here must not keep other connections open."""
        try:
            super().shutdown()
        except Exception:
            log.exception("shutdown of a connection failed")
            self.transport.abort()

    # What arrives

    def data_received(self, data: bytes) -> None:
        """Take what the transport read."""
        self._unset_keepalive_if_required()
        if self._refused is not None:
            self._discarded += len(data)
            if self._discarded > _LINGER_BYTES:
                self.transport.abort()
            return
        if self._deadline is None and self._section.open:
            self._expect(self._limits.header_seconds, self._header_late)
        self._section.begin_read()
        try:
            self.parser.feed_data(data)
            self._section.end_read(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgraded(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(*(self._section.fault or (400, "request: expected HTTP/1.1, found something else")))
        except SectionTooLong as fault:
            self._refuse(*fault.args)

    def on_message_begin(self) -> None:
        """Take the beginning of a request."""
        if self._ignored_upgrade:
            return
        self._section.begin()
        super().on_message_begin()
        extensions: dict[str, Any] = {connection.TRANSPORT: self.transport}  # for an endpoint that has to cut it off
        self.scope["extensions"] = extensions

    def on_url(self, url: bytes) -> None:
        """Take a part of the request line's target."""
        if self._ignored_upgrade:
            return
        super().on_url(url)
        self._section.check_target(self.url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header field, or a trailer, which is counted and dropped."""
        if self._ignored_upgrade:
            return
        self._section.check_field(name, value)
        if self._section.open:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the application: the header section is complete."""
        if self._ignored_upgrade:
            return
        self._section.open = False
        self._expect(self._limits.body_seconds, self._body_late)
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before and self.scope["http_version"] == "1.0":
            _answer_unchunked(self.cycle)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._section.body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is complete."""
        if self.parser.should_upgrade() and not self._should_upgrade():
            return  # the parser has skipped the body
        self._section.complete()
        self._expect_nothing()
        self._waiting.discard(self)
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete:  # answered before its body had come
            self._waiting.add(self, kept=True)

    def _upgraded(self, rest: bytes) -> None:
        """Hand a WebSocket over; ignore any other upgrade, such as ``h2c``, and serve the request."""
        if self._should_upgrade():
            self._expect_nothing()
            self._waiting.discard(self)
            self.handle_websocket_upgrade()
            if rest:
                self.transport.get_protocol().data_received(rest)  # type: ignore[attr-defined] # a Protocol by now
            return
        # The parser takes the body for another protocol. A new one is told the framing of this request and parses it.
        framing = b"".join(
            b"%s: %s\r\n" % field for field in self.headers if field[0] in (b"content-length", b"transfer-encoding")
        )
        self.parser = httptools.HttpRequestParser(self)
        self._ignored_upgrade = True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n%s\r\n" % framing)
        self._ignored_upgrade = False
        if rest:
            self.data_received(rest)

    # What leaves

    def on_response_complete(self) -> None:
        """Wait for the next request, or close: the answer is written."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._abort_when_stuck(-1)
        elif self._section.open and not self.pipeline:
            self._waiting.add(self, kept=True)

    def _abort_when_stuck(self, before: int) -> None:
        """Abort a closing connection whose client reads nothing of what is still buffered."""
        left = self.transport.get_write_buffer_size()
        if left == before:
            self.transport.abort()
        elif left:
            self._expect(_FLUSH_SECONDS, self._abort_when_stuck, left)

    def _refuse(self, status: int, sentence: str) -> None:
        self._refused = status, sentence
        self._expect_nothing()
        log.warning("refused", status=status, reason=sentence)
        cycle = self.cycle
        unanswered = cycle is not None and not cycle.response_complete
        if self.pipeline or (unanswered and cycle.response_started):
            self.transport.abort()  # an answer in the middle of another one would be taken for a part of it
            return
        if unanswered:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write(_answer(status, sentence))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self._expect(_LINGER_SECONDS, self.transport.abort)

    # Deadlines

    def _expect(self, seconds: float, late: Callable[..., object], *arguments: object) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(seconds, late, *arguments)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _header_late(self) -> None:
        self._deadline = None
        if self.cycle is not None and not self.cycle.response_complete:
            # An earlier request is still being answered, and the reading of this one waits for that.
            self._expect(self._limits.header_seconds, self._header_late)
            return
        self._refuse(408, f"headers: expected within {self._limits.header_seconds:g} s, found less")

    def _body_late(self) -> None:
        self._deadline = None
        self._refuse(408, f"body: expected within {self._limits.body_seconds:g} s, found less")


def protocol(limits: ConnectionLimits, wanted: type[HttpToolsProtocol] = BoundedHttp) -> Any:
    """The protocol for `uvicorn.Config`: uvicorn's own when this version of it lacks something the limits need."""
    base: type[HttpToolsProtocol] = wanted.__mro__[1]
    missing = missing_parts(base, _NEEDED)
    if missing:
        log.warning("no limits before a request is complete", reason="uvicorn lacks " + ", ".join(missing))
        return base
    bounded: Any = wanted
    return partial(bounded, limits=limits, waiting=WaitingConnections(limits.waiting))


def _answer(status: int, sentence: str) -> bytes:
    body = msgspec.json.encode({"error": sentence})
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


def _answer_unchunked(cycle: RequestResponseCycle) -> None:
    """Let the end of the connection end the answer: HTTP/1.0 knows no chunks (RFC 9112, section 7.1)."""
    cycle.chunked_encoding = False
    send = cycle.send

    async def unchunked(message: Any) -> None:
        if message["type"] == "http.response.body":
            cycle.expected_content_length = len(message.get("body", b""))  # as much as comes, no length was announced
        await send(message)

    cycle.send = unchunked  # type: ignore[method-assign] # one cycle's own

"""Limits on what a client may send before its request is complete, without the connection: counting and deciding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

_SECTION_BYTES = 64 * 1024
"""Longest header section: what HAProxy and Node accept by default is between 16 and 64 KiB."""
_LINE_BYTES = 8 * 1024
"""Longest request line or header line, as in nginx and Apache."""
_SECTION_FIELDS = 128
"""Most header fields, as in the WebSocket handshake's own parser."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of a connection without a complete request."""

    header_seconds: float = 10.0
    """From the first byte (or the connection's start) to the end of the header section."""
    body_seconds: float = 30.0
    """From the end of the header section to the last byte of the body."""
    waiting: int = 512
    """Connections at once that hold no complete request."""


class EvictableConnection(Protocol):
    """A connection that can be closed to make room for another one."""

    def evict(self) -> None:
        """Close it."""


class WaitingConnections:
    """Connections that hold no complete request, in the order in which they began to wait.

    Beyond the limit one is closed: the oldest of those that never sent a request, or, when kept-alive ones are in the
    majority, the oldest of these.

    Parameters
    ----------
    limit
        Connections at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._fresh: dict[EvictableConnection, None] = {}
        self._kept: dict[EvictableConnection, None] = {}

    def __len__(self) -> int:
        return len(self._fresh) + len(self._kept)

    def add(self, connection: EvictableConnection, *, kept: bool) -> None:
        """Count a connection, and close another one if there are too many."""
        (self._kept if kept else self._fresh)[connection] = None
        if len(self) > self._limit:
            crowd = self._fresh if len(self._fresh) >= len(self._kept) else self._kept
            next(iter(crowd)).evict()

    def discard(self, connection: EvictableConnection) -> None:
        """Count a connection no longer."""
        self._fresh.pop(connection, None)
        self._kept.pop(connection, None)


class SectionTooLong(Exception):
    """A limit of the header section is broken; holds the status and the sentence of the answer."""


class HeaderSection:
    """The header section as it arrives: its size, its longest line, its fields."""

    def __init__(self) -> None:
        self.open = True
        """Whether the header section of the next request is incomplete."""
        self.body = 0
        """Bytes of bodies in this read."""
        self.fault: tuple[int, str] | None = None
        self._size = self._fields = 0
        self._line = 0
        """Bytes of the line that has not ended; in a body, bytes of framing since the last byte of content."""
        self._ended = False
        """Whether a request ended within this read."""

    def begin(self) -> None:
        """Begin a request."""
        self.open = True
        self._size = self._fields = 0

    def complete(self) -> None:
        """End a request."""
        self.open = self._ended = True

    def check_target(self, target: bytes) -> None:
        """Check the request line's target, as far as it has come."""
        if len(target) > _LINE_BYTES:
            self._break(414, f"URL: expected at most {_LINE_BYTES} bytes, found more")

    def check_field(self, name: bytes, value: bytes) -> None:
        """Count one field."""
        self._fields += 1
        self._size += len(name) + len(value) + 4
        if len(name) + len(value) > _LINE_BYTES:
            self._break(431, f"headers: expected at most {_LINE_BYTES} bytes a line, found more")
        if self._size > _SECTION_BYTES:
            self._break(431, f"headers: expected at most {_SECTION_BYTES} bytes, found more")
        if self._fields > _SECTION_FIELDS:
            self._break(431, f"headers: expected at most {_SECTION_FIELDS} fields, found more")

    def begin_read(self) -> None:
        """Note that a read is about to be parsed."""
        self.body = 0
        self._ended = False

    def end_read(self, data: bytes) -> None:
        """Check what the parser holds back: the beginning of a line, or the framing of a chunked body."""
        if self._ended:
            self._line = 0  # a part of this read belongs to an earlier request
            return
        if self.open:
            end = data.rfind(b"\n")
            self._line = len(data) - end - 1 if end >= 0 else self._line + len(data)
            if self._line > _LINE_BYTES:
                raise SectionTooLong(431, f"headers: expected at most {_LINE_BYTES} bytes a line, found more")
        else:
            self._line = 0 if self.body else self._line + len(data)
            if self._line > _SECTION_BYTES:
                raise SectionTooLong(400, f"body: expected at most {_SECTION_BYTES} bytes of framing, found more")

    def _break(self, status: int, sentence: str) -> None:
        self.fault = status, sentence
        raise SectionTooLong(status, sentence)

"""A client's WebSocket frames, without the socket: bytes in any pieces in, messages out (RFC 6455, section 5).

PCM has no message boundaries, so binary frames that lie side by side come out as one block, and the fragments of a
binary message come out one by one. The work of one `FrameReader.read` is bounded by the number of frames, whatever
their size: a million frames of one byte are read in many turns, between which the event loop serves others.
"""

from __future__ import annotations

try:
    from websockets.speedups import apply_mask
except ImportError:  # the wheel for this machine has no C part
    from websockets.utils import apply_mask

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
"""Opcodes."""
PROTOCOL_ERROR, TOO_BIG = 1002, 1009
"""Close codes, section 7.4.1."""

_FIN, _RESERVED, _OPCODE = 0x80, 0x70, 0x0F
_CONTROL = 0x08
_MASKED, _LENGTH = 0x80, 0x7F
_WHOLE_BINARY = _FIN | BINARY
_MASKED_16 = _MASKED | 126
"""Second byte of a masked frame whose length follows in two bytes."""

Event = tuple[int, bytes]
"""Opcode (never `CONTINUATION`) and payload; a text is whole, its encoding unchecked."""


class FrameReader:
    """Parser of masked frames.

    Parameters
    ----------
    largest
        Bytes of a frame, and of a text with all its fragments.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._buffer: bytes | bytearray = b""
        self._at = 0
        self._need = 2
        """Bytes from ``_at`` on without which nothing more can be read."""
        self._fragmented: int | None = None
        """Opcode of the message whose fragments are arriving."""
        self._text: list[bytes] = []
        self._text_size = 0
        self.fault: tuple[int, str] | None = None
        """Close code and reason once the client broke the protocol; nothing is read after it."""

    @property
    def ready(self) -> bool:
        """Whether there is something to read."""
        return self.fault is None and len(self._buffer) - self._at >= self._need

    def feed(self, data: bytes) -> None:
        """Add what the transport read. An unfinished frame grows in place and is never copied for it."""
        if self._at == len(self._buffer):
            self._buffer, self._at = data, 0
            return
        if isinstance(self._buffer, bytes):
            self._buffer = bytearray(memoryview(self._buffer)[self._at :])
        elif self._at:
            del self._buffer[: self._at]
        self._at = 0
        self._buffer += data

    def read(self, frames: int) -> list[Event]:
        """Read at most so many frames."""
        events: list[Event] = []
        blocks: list[bytes] = []
        buffer, at, end = self._buffer, self._at, len(self._buffer)
        while frames and self.fault is None:
            if end - at >= 8 and buffer[at] == _WHOLE_BINARY and buffer[at + 1] == _MASKED_16 and not self._fragmented:
                body, size = at + 8, buffer[at + 2] << 8 | buffer[at + 3]  # what a caller's audio looks like
                if size > self._largest:
                    body, size = self._header(buffer, at, end)
            else:
                body, size = self._header(buffer, at, end)
            stop = body + size
            if not body or stop > end:
                self._need = stop - at if body else size
                break
            payload = apply_mask(buffer[body:stop], buffer[body - 4 : body])
            first = buffer[at]
            at, frames = stop, frames - 1
            if first == _WHOLE_BINARY:
                blocks.append(payload)
            else:
                _flush(blocks, events)
                self._other(first, payload, events)
        else:
            self._need = 2
        self._at = at
        _flush(blocks, events)
        return events

    def _header(self, buffer: bytes | bytearray, at: int, end: int) -> tuple[int, int]:
        """Where the payload begins and its size; (0, bytes needed) while the header is incomplete or wrong."""
        left = end - at
        if left < 2:
            return 0, 2
        first, second = buffer[at], buffer[at + 1]
        if first != _WHOLE_BINARY or self._fragmented is not None:
            self._check_first(first)
        if not second & _MASKED:
            self._fail(PROTOCOL_ERROR, "expected a masked frame")
        size = second & _LENGTH
        body = at + 6
        if size > 125:
            if first & _CONTROL:
                self._fail(PROTOCOL_ERROR, "expected at most 125 bytes in a control frame")
                return 0, 2
            long = 2 if size == 126 else 8
            if left < 2 + long:
                return 0, 2 + long
            body += long
            size = int.from_bytes(buffer[at + 2 : at + 2 + long])
            if size > self._largest:
                self._fail(TOO_BIG, f"expected at most {self._largest} bytes in a message")
        return (0, 2) if self.fault else (body, size)

    def _check_first(self, first: int) -> None:
        opcode = first & _OPCODE
        if first & _RESERVED:
            self._fail(PROTOCOL_ERROR, "expected reserved bits of zero")
        elif opcode & _CONTROL:
            if opcode > PONG:
                self._fail(PROTOCOL_ERROR, "expected a known opcode")
            elif not first & _FIN:
                self._fail(PROTOCOL_ERROR, "expected a control frame in one piece")
        elif opcode > BINARY:
            self._fail(PROTOCOL_ERROR, "expected a known opcode")
        elif (opcode == CONTINUATION) != (self._fragmented is not None):
            self._fail(PROTOCOL_ERROR, "expected the fragments of one message in a row")

    def _other(self, first: int, payload: bytes, events: list[Event]) -> None:
        """Take any frame but a whole binary message."""
        opcode = first & _OPCODE
        if opcode & _CONTROL:
            events.append((opcode, payload))
            return
        kind = opcode or self._fragmented
        self._fragmented = None if first & _FIN else kind
        if kind == BINARY:
            if payload:
                events.append((BINARY, payload))
            return
        if payload:
            self._text.append(payload)
            self._text_size += len(payload)
        if self._text_size > self._largest:
            self._fail(TOO_BIG, f"expected at most {self._largest} bytes in a message")
        elif first & _FIN:
            text, self._text, self._text_size = b"".join(self._text), [], 0
            events.append((TEXT, text))

    def _fail(self, code: int, reason: str) -> None:
        self.fault = self.fault or (code, reason)


def _flush(blocks: list[bytes], events: list[Event]) -> None:
    pcm = blocks[0] if len(blocks) == 1 else b"".join(blocks)
    blocks.clear()
    if pcm:
        events.append((BINARY, pcm))

"""The transcriber's WebSocket under uvicorn, with a short path for what arrives fifty times a second from every caller.

Uvicorn's protocol reads each frame through a general parser, hands it over as a message of its own and stops the
transport while it is being read. A call is one long stream of PCM in unfragmented binary frames, whose boundaries mean
nothing (`providers.transcriber.wire` carries what a frame leaves over). So those frames are recognised by their header,
unmasked and handed over together, as one message for all that came in one read. Every other byte (the handshake, text,
control frames, fragments, errors) goes to the general parser untouched and in order.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

try:
    from websockets.speedups import apply_mask
except ImportError:  # the wheel for this machine has no C part
    from websockets.utils import apply_mask

_WHOLE_BINARY = 0x82
"""FIN and opcode 2, no extension bits (RFC 6455, section 5.2)."""
_FIN, _MASKED = 0x80, 0x80
_CONTROL = 0x08
_QUEUE = 32
"""Messages that may wait for the application before the transport is stopped, so that TCP slows the sender down."""


class PcmWebSocket(WebSocketsSansIOProtocol):
    """Uvicorn's sans-I/O WebSocket with the short path in front."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._pending = b""
        """The beginning of a frame whose rest has not come."""
        self._in_fragments = False
        self._general = False
        """Whether the short path is closed for good: the general parser may hold part of a frame."""

    def data_received(self, data: bytes) -> None:
        """Take what the transport read."""
        if not self.handshake_complete or self._general:
            # Whatever follows the request before our answer is already inside the general parser.
            self._general = self._general or self.handshake_initiated or not data.endswith(b"\r\n\r\n")
            super().data_received(data)
            return
        if self._pending:
            data = self._pending + data
            self._pending = b""
        blocks: list[bytes] = []
        at, end = 0, len(data)
        while at < end:
            head, size = _frame_size(data, at)
            if size is None or size - head > self.config.ws_max_size:
                # Unmasked, or longer than allowed: the general parser fails the connection as the RFC says.
                self._hand_over(blocks)
                self._general = True
                super().data_received(data[at:])
                return
            if size == 0 or at + size > end:
                break
            if data[at] == _WHOLE_BINARY and not self._in_fragments:
                body = at + head
                blocks.append(apply_mask(data[body : at + size], data[body - 4 : body]))
            else:
                self._hand_over(blocks)
                self._follow_fragments(data[at])
                super().data_received(data[at : at + size])
            at += size
        self._pending = data[at:]
        self._hand_over(blocks)

    def _hand_over(self, blocks: list[bytes]) -> None:
        if not blocks or self.close_sent:
            blocks.clear()
            return
        self.queue.put_nowait(
            {"type": "websocket.receive", "bytes": blocks[0] if len(blocks) == 1 else b"".join(blocks)}
        )
        blocks.clear()
        if not self.read_paused and self.queue.qsize() > _QUEUE:
            self.read_paused = True
            self.transport.pause_reading()

    def _follow_fragments(self, first: int) -> None:
        """A message in fragments, from its first frame without FIN to the one that has it, is the general parser's."""
        if not first & _CONTROL:
            self._in_fragments = not first & _FIN


def _frame_size(data: bytes, at: int) -> tuple[int, int | None]:
    """Bytes of the header and of the whole frame at ``at``.

    The size is 0 while the header is incomplete, and None for a frame without a mask, which a client must not send.
    """
    left = len(data) - at
    if left < 2:
        return 0, 0
    second = data[at + 1]
    if not second & _MASKED:
        return 0, None
    length = second & 0x7F
    if length < 126:
        return 6, 6 + length
    if length == 126:
        return (8, 8 + int.from_bytes(data[at + 2 : at + 4])) if left >= 4 else (0, 0)
    return (14, 14 + int.from_bytes(data[at + 2 : at + 10])) if left >= 10 else (0, 0)

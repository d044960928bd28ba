"""The transcriber's WebSocket under uvicorn, with a short path for what arrives fifty times a second from every caller.

Uvicorn's protocol makes the handshake, sends, and keeps the connection alive. Its general parser hands over each frame
as a message of its own, at three times the cost of a frame. Here `providers.protocols.frames.FrameReader` reads the
frames, what came in one read is handed over together, and nothing a client sends is taken faster than the application
takes it:

* at most `_FRAMES_PER_TURN` frames are read before the event loop serves others;
* while `_QUEUE_BYTES` or `_QUEUE_MESSAGES` wait for the application, the transport is not read, so that TCP slows the
  client down;
* while the client does not read, only its latest ping is answered, later (RFC 6455, section 5.5.3).
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import structlog
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from providers.protocols.frames import BINARY, CLOSE, PING, PONG, TEXT, FrameReader
from providers.protocols.uvicorn_parts import missing_parts

log = structlog.get_logger()

_FRAMES_PER_TURN = 256
"""A third of a millisecond of work: forty sockets full of one-byte frames leave the loop free every 12 ms."""
_QUEUE_BYTES, _QUEUE_MESSAGES = 256 * 1024, 32
"""Four seconds of audio at 16 kHz stereo, about one read of the transport."""
_LINGER_SECONDS = 2.0
"""How long the connection stays after a close frame of ours, so that the client can read it: closing while unread audio
arrives would reset the connection."""
_HELD_BACK_PINGS = 15
"""Ping intervals that a client may stay silent while its audio is held back: its pong comes behind the audio."""
_INVALID_DATA, _SERVICE_RESTART, _INTERNAL_ERROR = 1007, 1012, 1011
"""Close codes, RFC 6455 section 7.4.1."""
_NO_CLOSE_FRAME = 1006

_NEEDED = (
    "transport", "loop", "conn", "queue", "writable", "read_paused", "handshake_initiated", "handshake_complete",
    "close_sent", "close_timer", "disconnected", "pending_ping_payload", "pong_timer", "ping_timeout",
    "stop_keepalive", "keepalive_timeout", "on_task_complete",
)  # fmt: skip
"""What `PcmWebSocket` uses of uvicorn's class and uvicorn does not document."""


class PcmWebSocket(WebSocketsSansIOProtocol):
    """Uvicorn's sans-I/O WebSocket with the short path for what arrives."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._frames = FrameReader(self.config.ws_max_size)
        self._waiting_bytes = 0
        """Bytes in the queue to the application."""
        self._turn: asyncio.Handle | None = None
        """The next turn of reading frames that have already arrived."""
        self._pong: bytes | None = None
        """Payload of the latest ping, to be answered when the client reads again."""
        self._silent_pings = 0
        """Ping intervals in a row that were excused because audio was held back."""
        self._held_back = False
        """Whether audio was held back since the last ping."""

    # What arrives

    def data_received(self, data: bytes) -> None:
        """Take what the transport read."""
        if not self.handshake_initiated:
            head, end, rest = data.partition(b"\r\n\r\n")
            super().data_received(head + end)
            if end and not self.handshake_initiated:
                self._refuse_handshake()
                return
            data = rest
        if data and self._frames.fault is None:
            self._frames.feed(data)
            if self._turn is None:
                self._read_frames()

    def _read_frames(self) -> None:
        """One turn: take some of the frames that have arrived."""
        self._turn = None
        if not self.handshake_complete or self.disconnected:
            return
        if self._frames.ready and (self.close_sent or not self._is_full()):
            pongs = b"".join(self._take(opcode, payload) for opcode, payload in self._frames.read(_FRAMES_PER_TURN))
            if pongs:
                self.transport.write(pongs)
            if self._frames.fault is not None:
                self._fail(*self._frames.fault)
        if self._is_full() and not self.close_sent:
            self._held_back = True
            self._pause()
        elif self._frames.ready:
            self._pause()
            self._turn = self.loop.call_soon(self._read_frames)
        elif self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def _take(self, opcode: int, payload: bytes) -> bytes:
        """Act on one frame; returns the pong to send now, if any."""
        if opcode == BINARY:
            self._hand_over("bytes", payload)
        elif opcode == TEXT:
            try:
                self._hand_over("text", payload.decode())
            except UnicodeDecodeError:
                self._fail(_INVALID_DATA, "expected UTF-8 in a text message")
        elif opcode == PING:
            if self.writable.is_set():
                return b"" if self.close_sent else _pong(payload)
            self._pong = payload
        elif opcode == CLOSE or payload == self.pending_ping_payload:
            # Rare: uvicorn's own parser gets the same frame, masked with zeros.
            super().data_received(bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload)
        return b""

    def _hand_over(self, kind: str, data: bytes | str) -> None:
        if not self.close_sent:
            message: Any = {"type": "websocket.receive", kind: data}
            self.queue.put_nowait(message)
            self._waiting_bytes += len(data)

    def _is_full(self) -> bool:
        return self._waiting_bytes >= _QUEUE_BYTES or self.queue.qsize() >= _QUEUE_MESSAGES

    def _pause(self) -> None:
        if not self.read_paused and not self.transport.is_closing():
            self.read_paused = True
            self.transport.pause_reading()

    async def receive(self) -> Any:
        """Wait for the next message to the application."""
        message: Any = await self.queue.get()
        if message["type"] == "websocket.receive":
            self._waiting_bytes -= len(message.get("bytes") or message.get("text") or "")
        if self.read_paused and self._turn is None and self.queue.empty():
            self._turn = self.loop.call_soon(self._read_frames)
        return message

    # What leaves

    async def send(self, message: Any) -> None:
        """Send a message of the application."""
        await super().send(message)
        match message["type"]:
            case "websocket.accept":
                self._read_frames()  # what came before the acceptance
            case "websocket.close" if self.close_timer is not None:
                self.close_timer.cancel()
                self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
                self._read_frames()  # the application takes no more, but the client's close frame may be among it
            case "websocket.http.response.body" if not message.get("more_body", False):
                self.handshake_complete = True  # denied, which uvicorn takes for an application without an answer

    def resume_writing(self) -> None:
        """Answer the latest ping: the client reads again."""
        super().resume_writing()
        if self._pong is not None and not self.close_sent:
            self.transport.write(_pong(self._pong))
        self._pong = None

    # The end

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application, unless it has been told."""
        if self._turn is not None:
            self._turn.cancel()
        self._tell(_NO_CLOSE_FRAME, "the connection was lost", by="caller")
        super().connection_lost(exc)

    def send_keepalive_ping(self) -> None:
        """Ask the client for a sign of life."""
        self._held_back = self.read_paused
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """Abort: a client that does not answer would not read a close frame either."""
        if self.close_sent or self.disconnected:
            return
        unread = self.transport.get_write_buffer_size() > 0
        if self._held_back and not unread and self._silent_pings < _HELD_BACK_PINGS:
            self._silent_pings += 1
            self._held_back = self.read_paused
            self.pong_timer = self.loop.call_later(self.ping_timeout or 0, self.keepalive_timeout)
            return
        self._tell(_INTERNAL_ERROR, "keepalive ping timeout", by="server")
        self.stop_keepalive()
        self.transport.abort()

    def handle_pong(self, event: Any) -> None:
        """Take the client's answer to a ping."""
        self._silent_pings = 0
        super().handle_pong(event)

    def handle_parser_exception(self) -> None:
        """End a connection that ``conn`` has failed: a close frame with an impossible code."""
        if not self.close_sent and self.conn.close_sent is not None:
            self._end(self.conn.close_sent.code, self.conn.close_sent.reason)

    def shutdown(self) -> None:
        """Close 1012. A failure here must not keep other connections open."""
        try:
            if self.handshake_complete and not self.close_sent:
                self.stop_keepalive()
                self.conn.send_close(_SERVICE_RESTART, "the server is shutting down")
                self._end(_SERVICE_RESTART, "the server is shutting down")
            else:
                super().shutdown()
        except Exception:
            log.exception("shutdown of a WebSocket failed")
            self.transport.abort()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Give the connection ten seconds to end: the application is done."""
        super().on_task_complete(task)
        if not self.disconnected and self.close_timer is None:
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def _refuse_handshake(self) -> None:
        """Answer a request that cannot be parsed as a handshake."""
        body = msgspec.json.encode({"error": "WebSocket handshake: expected a valid request, found something else"})
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(head.encode() + b"connection: close\r\n\r\n" + body)
        self.close_sent = self.handshake_initiated = True
        log.warning("refused", status=400, reason="WebSocket handshake")
        self.transport.close()

    def _fail(self, code: int, reason: str) -> None:
        """Fail the connection (RFC 6455, section 7.1.7)."""
        if not self.close_sent:
            self.conn.fail(code, reason)
            self._end(code, reason)

    def _end(self, code: int, reason: str) -> None:
        """Send the close frame that ``conn`` holds, and tell the application."""
        self._tell(code, reason, by="server")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.close_timer = self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def _tell(self, code: int, reason: str, *, by: str) -> None:
        message: Any = {"type": "websocket.disconnect", "code": code, "reason": reason, "by": by}
        self.queue.put_nowait(message)  # "by" is ours: ASGI lets servers add keys


def protocol(wanted: type[WebSocketsSansIOProtocol] = PcmWebSocket) -> type[WebSocketsSansIOProtocol]:
    """The short path, or uvicorn's own class when this version of uvicorn lacks something that the short path uses."""
    base: type[WebSocketsSansIOProtocol] = wanted.__mro__[1]
    missing = missing_parts(base, _NEEDED)
    if missing:
        log.warning("slow path for WebSockets", reason="this version of uvicorn lacks " + ", ".join(missing))
        return base
    return wanted


def _pong(payload: bytes) -> bytes:
    return bytes([0x80 | PONG, len(payload)]) + payload

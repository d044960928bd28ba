"""WebSocket client for calls, on websockets' own sans-I/O protocol.

``load`` also writes frames that were made beforehand, so that one core can play hundreds of calls; all else goes
through the protocol object.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import cast

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from providers.emulator.connection import connected
from providers.emulator.credentials import SentCredentials

_SEND_BUFFER = 64 * 1024
"""Bytes the kernel may hold for us: about a second of audio, so that a server that stops reading is noticed."""
_LARGEST_MESSAGE = 1 << 20
"""Bytes of one message from a server; a transcript is a few hundred."""


class CallSocket(asyncio.Protocol):
    """One connection; made by `dial`."""

    def __init__(
        self, protocol: ClientProtocol, on_text: Callable[[bytes], None], on_end: Callable[[int], None] | None
    ) -> None:
        self._protocol = protocol
        self._on_text = on_text
        self._on_end = on_end
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, with a small send buffer."""
        self._transport = cast(asyncio.Transport, transport)
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.family != getattr(socket, "AF_UNIX", None):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    def data_received(self, data: bytes) -> None:
        """Hand on what came."""
        self._protocol.receive_data(data)
        self._work()

    def eof_received(self) -> None:
        """Note that the server sends no more."""
        self._protocol.receive_eof()
        self._work()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the call."""
        if self._protocol.state is not State.CLOSED:
            self._protocol.receive_eof()
        self._work()
        refused = not self.opened.done() or self.opened.cancelled() or self.opened.exception() is not None
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionResetError("closed during the handshake"))
        if not self.closed.done():
            self.closed.set_result(None)
            self._writable.set()
            if self._on_end is not None and not refused:
                self._on_end(self.close_code)

    def pause_writing(self) -> None:
        """Hold back what is to be sent."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Send on."""
        self._writable.set()

    # Called by a call.

    def handshake(self, headers: dict[str, str]) -> None:
        """Ask for the upgrade."""
        request = self._protocol.connect()
        request.headers["User-Agent"] = "vapi-providers-emulator"
        for name, value in headers.items():
            request.headers[name] = value
        self._protocol.send_request(request)
        self._flush()

    def text(self, message: str) -> None:
        """Send a text message."""
        self._protocol.send_text(message.encode())
        self._flush()

    async def send(self, payload: bytes | str) -> None:
        """Send a message and wait until the server has taken most of what was sent.

        Raises
        ------
        ConnectionError
            The connection is closed.
        """
        if self._protocol.state is not State.OPEN or self.closed.done():
            raise ConnectionResetError("connection closed")
        if isinstance(payload, str):
            self._protocol.send_text(payload.encode())
        else:
            self._protocol.send_binary(payload)
        self._flush()
        await self._writable.wait()

    def frame(self, message: bytes) -> None:
        """Write a frame made by `load.plan.message`."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(message)

    @property
    def ended(self) -> bool:
        """True when the server has closed the call."""
        return self._protocol.close_rcvd is not None or self.closed.done()

    @property
    def close_code(self) -> int:
        """The code of the server's close frame; 1006 when the connection was lost without one."""
        received = self._protocol.close_rcvd  # there before the connection is closed; `close_code` only after it
        return received.code if received is not None else 1006

    @property
    def close_reason(self) -> str:
        """The reason in the server's close frame."""
        received = self._protocol.close_rcvd
        return received.reason if received is not None else ""

    @property
    def waiting(self) -> int:
        """Bytes that the kernel has not taken because the server does not read."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    async def hang_up(self, timeout: float) -> None:
        """Close politely; after ``timeout`` seconds without an answer, drop the line."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
            self._flush()
            await asyncio.wait([self.closed], timeout=timeout)
        self.abort()

    def abort(self) -> None:
        """Drop the line."""
        if self._transport is not None:
            self._transport.abort()

    def _work(self) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._answered()
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._on_text(bytes(event.data))
        self._flush()

    def _answered(self) -> None:
        if self.opened.done():
            return
        fault = self._protocol.handshake_exc
        if fault is None:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(fault)

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()


async def open_socket(
    url: str,
    credentials: SentCredentials,
    *,
    on_text: Callable[[bytes], None],
    on_end: Callable[[int], None] | None = None,
    timeout: float,
    headers: Mapping[str, str] | None = None,
) -> CallSocket:
    """Connect and upgrade.

    Raises
    ------
    OSError, TimeoutError, websockets.exceptions.InvalidHandshake, websockets.exceptions.InvalidURI, Unreachable
        The socket did not open.
    """
    client = ClientProtocol(parse_uri(credentials.address(url)), max_size=_LARGEST_MESSAGE)
    async with asyncio.timeout(timeout):
        opening = await connected(url, lambda: CallSocket(client, on_text, on_end))
        try:
            opening.handshake({**credentials.headers(b""), **(headers or {})})
            await opening.opened
        except BaseException:
            opening.opened.cancel()
            opening.abort()
            raise
    return opening

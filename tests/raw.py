"""Raw bytes over a real socket, for what no client library would send."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from providers.paths import TRANSCRIBER_PATH
from tests.live import SECRET, Live

WAIT = 10.0
"""Seconds until a test counts as hanging."""

UPGRADE = (
    f"GET {TRANSCRIBER_PATH} HTTP/1.1\r\nHost: x\r\nX-Vapi-Secret: {SECRET}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
).encode()


@contextlib.contextmanager
def dialled(live: Live) -> Iterator[socket.socket]:
    """A connection to the server."""
    host, port = live.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=WAIT) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield client


def answer(client: socket.socket) -> bytes:
    """All that comes until the server closes the connection, or resets it."""
    got = b""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while data := client.recv(65536):
            got += data
    return got


def push(client: socket.socket, data: bytes) -> bool:
    """Send what the server takes; False when it closed before all was sent."""
    try:
        client.sendall(data)
    except (ConnectionResetError, BrokenPipeError):
        return False
    return True


def upgraded(client: socket.socket) -> None:
    """Make the WebSocket handshake."""
    client.sendall(UPGRADE)
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(1)
        assert data, "the server closed"
        head += data
    assert head.startswith(b"HTTP/1.1 101 "), head

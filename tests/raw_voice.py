"""Voice requests over bare sockets, for readers that no HTTP client would be."""

from __future__ import annotations

import json
import socket
from typing import Any

from providers.paths import VOICE_PATH
from tests.live import SECRET, Live


def raw_request(text: str, *, version: str = "1.1", rate: int = 16000, **more: Any) -> bytes:
    """The bytes of one voice request."""
    body = json.dumps({"message": {"type": "voice-request", "text": text, "sampleRate": rate, **more}}).encode()
    head = (
        f"POST {VOICE_PATH} HTTP/{version}\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"X-Vapi-Secret: {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def connect(live: Live, *, receive_buffer: int | None = None) -> socket.socket:
    """A TCP connection to a running server; ``receive_buffer`` (bytes) is for readers that read little."""
    host, port = live.base.removeprefix("http://").split(":")
    sock = socket.socket()
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)  # takes effect before connecting only
    sock.settimeout(15)
    sock.connect((host, int(port)))
    return sock


def read_all(sock: socket.socket) -> bytes:
    """Everything until the other side closes; raises ConnectionResetError when it cuts the connection."""
    received = b""
    while block := sock.recv(65536):
        received += block
    return received

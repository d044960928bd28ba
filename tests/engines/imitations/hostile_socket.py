"""Servers on loopback that speak a WebSocket wrongly, or stop speaking it in the middle."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a server does to every connection; it is cut afterwards."""

    before: bytes | None = None
    """Sent instead of the upgrade's answer; None answers it as the standard wants."""
    after: bytes = b""
    """Sent behind a good upgrade."""
    reset: bool = False
    """End with RST instead of FIN."""


def frame(payload: bytes, *, opcode: int = 1, announced: int | None = None) -> bytes:
    """One server frame; ``announced`` is a length that is not true."""
    return bytes([0x80 | opcode, 127]) + struct.pack("!Q", len(payload) if announced is None else announced) + payload


BEHAVIOURS = {
    "closes at once": Behaviour(b""),
    "resets at once": Behaviour(b"", reset=True),
    "is no HTTP": Behaviour(b"\x16\x03\x01\x02\x00 SSH-2.0-OpenSSH\r\n\r\n"),
    "answers with half a head": Behaviour(b"HTTP/1.1 101 Switching Proto"),
    "answers with an odd status": Behaviour(b"HTTP/1.1 999 \xff\xfe\r\nContent-Length: x\r\n\r\n"),
    "redirects to itself": Behaviour(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
    "redirects to nowhere": Behaviour(b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n"),
    "upgrades and resets": Behaviour(reset=True),
    "upgrades and closes": Behaviour(),
    "sends a frame of no kind": Behaviour(after=frame(b"x", opcode=11)),
    "sends text that is none": Behaviour(after=frame(b"\xff\xfe")),
    "announces an endless frame": Behaviour(after=frame(b"{", announced=1 << 62)),
    "sends a list": Behaviour(after=frame(b"[[[]]]")),
    "sends a deep list": Behaviour(after=frame(b"[" * 100_000)),
    "sends results without a shape": Behaviour(after=frame(b'{"type":"Results","is_final":true,"channel":7}')),
    "sends an error": Behaviour(after=frame(b'{"type":"Error","variant":[]}')),
    "closes with a code of its own": Behaviour(after=frame(b"\x13\x88\xff\xff", opcode=8)),
}


@asynccontextmanager
async def hostile_server(behaviour: Behaviour) -> AsyncIterator[str]:
    """Serve the behaviour to every connection; yields the host and the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(_upgraded(head) + behaviour.after if behaviour.before is None else behaviour.before)
            await writer.drain()
        if behaviour.reset:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"{host}:{port}"


def _upgraded(head: bytes) -> bytes:
    lines = [line for line in head.decode("latin-1").split("\r\n") if line.lower().startswith("sec-websocket-key:")]
    if not lines:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    key = lines[0].partition(":")[2].strip()
    accept = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()
    fields = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade")
    return "\r\n".join((*fields, f"Sec-WebSocket-Accept: {accept}", "", "")).encode()

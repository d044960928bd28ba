"""The short path of the socket delivers what uvicorn's general parser delivers, however the bytes are cut."""

from __future__ import annotations

import asyncio
import random
import struct
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from providers.protocols.websocket import PcmWebSocket

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TEXT, BINARY, CONTINUATION, CLOSE, PING = 1, 2, 0, 8, 9
Stream = list[tuple[str, Any]]


def frame(payload: bytes, opcode: int = BINARY, *, fin: bool = True, key: bytes = b"\x12\x34\x56\x78") -> bytes:
    size = len(payload)
    length = (
        bytes([0x80 | size])
        if size < 126
        else b"\xfe" + struct.pack("!H", size)
        if size < 65536
        else b"\xff" + struct.pack("!Q", size)
    )
    masked = bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))
    return bytes([(0x80 if fin else 0) | opcode]) + length + key + masked


class Wire(asyncio.Transport):
    """A transport that remembers."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""
        self.closed = False
        self.paused = 0
        self.reading = True
        self.unsent = 0
        """Bytes that the other side has not taken."""

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def pause_reading(self) -> None:
        self.paused += 1
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


async def receive(
    kind: type[WebSocketsSansIOProtocol], pieces: list[bytes], *, limit: int = 2**20
) -> tuple[Stream, Wire]:
    """What an application gets from a connection that brings these bytes, adjacent audio joined."""
    got: Stream = []

    async def app(scope: Any, take: Any, send: Any) -> None:
        await take()
        await send({"type": "websocket.accept"})
        accepted.set()
        while (message := await take())["type"] == "websocket.receive":
            if (data := message.get("bytes")) is not None:
                if got and got[-1][0] == "audio":
                    got[-1] = ("audio", got[-1][1] + data)
                else:
                    got.append(("audio", data))
            else:
                got.append(("text", message["text"]))
        got.append(("end", message.get("code")))

    accepted = asyncio.Event()
    config = uvicorn.Config(app, ws=kind, ws_per_message_deflate=False, ws_ping_interval=None, ws_max_size=limit)
    config.load()
    protocol, wire = kind(config=config, server_state=ServerState(), app_state={}), Wire()
    protocol.connection_made(wire)
    protocol.data_received(HANDSHAKE)
    await accepted.wait()
    for piece in pieces:
        protocol.data_received(piece)
        await asyncio.sleep(0)
        while not wire.reading:
            await asyncio.sleep(0)
    protocol.connection_lost(None)
    await asyncio.gather(*protocol.tasks)
    # Without a close frame uvicorn's class reports 1005, which RFC 6455 keeps for a frame without a code.
    ended = {("end", 1005): ("end", 1006)}
    return [ended.get(event, event) for event in got if event != ("audio", b"")], wire


def cut(data: bytes, rng: random.Random) -> list[bytes]:
    pieces = []
    while data:
        size = rng.choice([1, 1, 2, 3, 5, 7, 13, 100, 1300, 5000])
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def conversation(rng: random.Random) -> bytes:
    """Frames of every legal kind in a legal order."""
    sent = b""
    for _ in range(rng.randint(5, 30)):
        payload = rng.randbytes(rng.choice([0, 1, 4, 125, 126, 127, 640, 1280, 70_000]))
        key = rng.randbytes(4)
        match rng.randrange(6):
            case 0:
                sent += frame(b'{"type":"hello"}', TEXT, key=key)
            case 1:
                sent += frame(b"ping", PING, key=key)
            case 2:
                sent += frame(payload, fin=False, key=key) + frame(b"now", PING) + frame(b"", CONTINUATION, fin=False)
                sent += frame(payload[:9], CONTINUATION, key=key)
            case _:
                sent += frame(payload, key=key)
    return sent


@pytest.mark.parametrize("seed", range(25))
def test_the_short_path_delivers_what_the_general_one_does_however_bytes_are_cut(seed: int) -> None:
    rng = random.Random(seed)
    sent = conversation(rng)
    expected, reference = asyncio.run(receive(WebSocketsSansIOProtocol, [sent]))
    got, wire = asyncio.run(receive(PcmWebSocket, cut(sent, rng)))
    assert got == expected
    assert wire.written.count(b"\x8a\x04ping") == reference.written.count(b"\x8a\x04ping")


def test_frames_of_one_read_are_one_message() -> None:
    got, _ = asyncio.run(receive(PcmWebSocket, [frame(b"ab") + frame(b"cd"), frame(b"ef")]))
    assert got[0] == ("audio", b"abcdef")


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (b"\x82\x04abcd", 1002),  # not masked
        (bytes([0xC2]) + frame(b"abcd")[1:], 1002),  # an extension bit that was not negotiated
        (frame(b"abcd", 3), 1002),  # an unknown opcode
        (frame(b"abcd", CONTINUATION), 1002),  # continues nothing
        (frame(bytes(5000)), 1009),  # longer than allowed
        (b"\x82\xff" + struct.pack("!Q", 2**40) + bytes(4), 1009),
    ],
)
def test_a_broken_frame_fails_the_connection_as_the_general_parser_does(broken: bytes, code: int) -> None:
    for kind in (WebSocketsSansIOProtocol, PcmWebSocket):
        got, wire = asyncio.run(receive(kind, [frame(b"good"), broken], limit=4096))
        assert got[0] == ("audio", b"good")
        assert struct.pack("!H", code) in wire.written
        assert wire.closed


def test_a_close_frame_ends_the_call_and_is_answered() -> None:
    got, wire = asyncio.run(receive(PcmWebSocket, [frame(b"ab") + frame(struct.pack("!H", 1000), CLOSE)]))
    assert got == [("audio", b"ab"), ("end", 1000)]
    assert wire.written.endswith(b"\x88\x02\x03\xe8")


def test_a_flood_the_application_does_not_read_stops_the_transport() -> None:
    async def scenario() -> int:
        config = uvicorn.Config(_never_reads, ws=PcmWebSocket, ws_per_message_deflate=False, ws_ping_interval=None)
        config.load()
        protocol, wire = PcmWebSocket(config=config, server_state=ServerState(), app_state={}), Wire()
        protocol.connection_made(wire)
        protocol.data_received(HANDSHAKE)
        while not protocol.handshake_complete:
            await asyncio.sleep(0)
        for _ in range(100):
            protocol.data_received(frame(b"ab"))
        protocol.connection_lost(None)
        for task in protocol.tasks:
            task.cancel()
        await asyncio.gather(*protocol.tasks, return_exceptions=True)
        return wire.paused

    assert asyncio.run(scenario()) == 1


async def _never_reads(scope: Any, take: Any, send: Any) -> None:
    await take()
    await send({"type": "websocket.accept"})
    await asyncio.Event().wait()

"""Cheap callers of the transcriber, so that the figures are the server's."""

from __future__ import annotations

import asyncio
import gc
import struct
from time import perf_counter
from typing import cast

import psutil

from benchmarks.served import Served

PATH = "/api/custom-transcriber"
FRAME_BYTES = 1280
"""20 ms of 16 kHz stereo."""
START = b'{"type":"start","encoding":"linear16","container":"raw","sampleRate":16000,"channels":2}'
CALLS = 500


def message(payload: bytes, opcode: int = 2) -> bytes:
    """One client message; masked with zeros, which leaves the payload as it is (RFC 6455, section 5.3)."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack("!H", size)
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


class Caller(asyncio.Protocol):
    """One call: sends frames when told to, notes when finals arrive."""

    def __init__(self) -> None:
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.finals = 0
        self.sent: list[float] = []
        """When the last frame of each second of audio went out."""
        self.lags: list[float] = []
        self._frames = 0
        self._transport: asyncio.Transport | None = None
        self._changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its bases
        key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        head = f"GET {PATH} HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n"
        self.write(head.encode())

    def data_received(self, data: bytes) -> None:
        """Take the upgrade, then finals."""
        if not self.open.done():
            if b" 101 " in data:
                self.open.set_result(None)
            else:
                self.open.set_exception(RuntimeError("the upgrade was refused"))
            return
        now = perf_counter()
        for _ in range(data.count(b'"final"')):
            if self.finals < len(self.sent):
                self.lags.append(now - self.sent[self.finals])
            self.finals += 1
        self._changed.set()

    def start(self) -> None:
        """Send the start message."""
        self.write(message(START, opcode=1))

    def frame(self, data: bytes) -> None:
        """Send the next 20 ms."""
        self._frames += 1
        if self._frames % 50 == 0:
            self.sent.append(perf_counter())
        self.write(data)

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self._transport is not None
        self._transport.write(data)

    async def heard(self, finals: int) -> None:
        """Wait for so many finals."""
        while self.finals < finals:
            self._changed.clear()
            await self._changed.wait()

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None
        self._transport.abort()


async def dial(server: Served, calls: int) -> list[Caller]:
    """Open calls that have started."""
    loop = asyncio.get_running_loop()
    callers = []
    for _ in range(calls):
        _, caller = await loop.create_connection(Caller, server.host, server.port)
        await caller.open
        caller.start()
        callers.append(caller)
    return callers


async def flood(server: Served, frames: int) -> float:
    """Frames per second of the server's CPU time, from one call that sends as fast as it is read."""
    (caller,) = await dial(server, 1)
    process = psutil.Process(server.pid)
    burst = message(bytes(FRAME_BYTES)) * 500
    before = sum(process.cpu_times()[:2])
    for sent in range(500, frames + 1, 500):
        caller.write(burst)
        await caller.heard(sent // 50 - 50)
    await caller.heard(frames // 50)
    spent = sum(process.cpu_times()[:2]) - before
    caller.close()
    return frames / spent


async def crowd(server: Served, seconds: float) -> tuple[list[float], int]:
    """Lags (s) of all finals of `CALLS` calls in real time, and how many frames' finals never came."""
    callers = await dial(server, CALLS)
    frame = message(bytes(FRAME_BYTES))
    # Calls begin at different times: their seconds, and with them their finals, are spread over one.
    for index, caller in enumerate(callers):
        for _ in range(index % 50):
            caller.frame(frame)
    await asyncio.sleep(0.5)
    gc.collect()
    gc.freeze()  # the callers' own pauses are not the server's lag
    begun = perf_counter()
    turns = round(seconds * 50)
    for turn in range(turns):
        for index, caller in enumerate(callers):
            due = begun + (turn + index / CALLS) * 0.02
            if (wait := due - perf_counter()) > 0.0005:
                await asyncio.sleep(wait)
            elif index % 10 == 0:
                await asyncio.sleep(0)  # finals are read, and dated, even when the sending is behind
            caller.frame(frame)
    expected = turns // 50
    done, late = await asyncio.wait([asyncio.create_task(caller.heard(expected)) for caller in callers], timeout=5)
    for task in late:
        task.cancel()
    for caller in callers:
        caller.close()
    return [lag for caller in callers for lag in caller.lags], len(late)


async def idle(server: Served) -> float:
    """Bytes of the server's memory per open, started, silent call."""
    process = psutil.Process(server.pid)
    for caller in await dial(server, CALLS):  # not counted: what the first calls ever leave in the allocator
        caller.close()
    await asyncio.sleep(0.5)
    before = process.memory_info().rss
    callers = await dial(server, 2 * CALLS)
    after = process.memory_info().rss
    for caller in callers:
        caller.close()
    return (after - before) / len(callers)

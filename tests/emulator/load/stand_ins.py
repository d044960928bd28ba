"""Servers whose true figures are known: late, hanging, final in mid-speech, with hints before the answer."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from dsp import encode_pcm16
from tests.emulator.good_server import Ears, GoodServer
from tests.emulator.tones import spoken


class Late(GoodServer):
    """Every transcript comes `lag` seconds later than it could."""

    lag = 0.0

    def __init__(self) -> None:
        self._later: set[asyncio.Task[None]] = set()

    async def report(self, socket: WebSocket, text: str, final: bool) -> None:
        async def later() -> None:
            await asyncio.sleep(self.lag)
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the caller has hung up
                await socket.send_json(self.response(text, final))

        task = asyncio.create_task(later())
        self._later.add(task)
        task.add_done_callback(self._later.discard)


class VeryLate(Late):
    lag = 10.5


class MidSpeechFinals(Late):
    """Each word is a final of its own, 0.8 s after it is heard."""

    lag = 0.8

    async def heard(self, socket: WebSocket, ears: Ears, data: bytes) -> None:
        for text, final in ears.listener.feed(ears.customer(ears.frames(data))):
            if not final:
                await self.report(socket, text.split()[-1], True)


class Hanging(GoodServer):
    """Takes everything and answers nothing."""

    async def voice(self, message: dict[str, Any]) -> Response:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets this event")

    async def endpointing(self, message: dict[str, Any]) -> Response:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets this event")

    async def heard(self, socket: WebSocket, ears: Ears, data: bytes) -> None:
        return


class Forgetful(GoodServer):
    """Every second utterance has no final."""

    async def report(self, socket: WebSocket, text: str, final: bool) -> None:
        if not final or not text.startswith(("Delta", "Juliet")):
            await super().report(socket, text, final)


class TwoSpeeds(GoodServer):
    """The first byte comes after 100 ms nine times, and after 300 ms the tenth time."""

    def __init__(self) -> None:
        self._delays = itertools.cycle([0.3, *[0.1] * 9])

    async def voice(self, message: dict[str, Any]) -> Response:
        await asyncio.sleep(next(self._delays))
        return StreamingResponse(self.audio(self.text(message), self.rate(message)))


@contextlib.contextmanager
def early_hints(delay: float) -> Iterator[str]:
    """A voice endpoint that sends 103 Early Hints at once and its answer after ``delay`` seconds; yields its URL."""
    pcm = encode_pcm16(spoken("alpha", 24000))
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: " + str(len(pcm)).encode() + b"\r\n\r\n" + pcm
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                while b"\r\n\r\n" not in data or not data.endswith(b"}"):
                    data += client.recv(1 << 16)
                client.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
                time.sleep(delay)
                client.sendall(answer)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/voice"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def raw_first_bytes(host: str, port: int, request: bytes, times: int) -> list[float]:
    """Seconds from a request to the first byte of each answer's body: blocking sockets and nothing of ours."""
    found = []
    for _ in range(times):
        with socket.create_connection((host, port), timeout=10) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            begin = time.perf_counter()
            client.sendall(request)
            data = b""
            while len(data.partition(b"\r\n\r\n")[2].partition(b"\r\n")[2]) == 0:
                data += client.recv(1 << 16)
            found.append(time.perf_counter() - begin)
    return found

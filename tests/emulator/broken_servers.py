"""Servers with one bug each: the bug classes B1 … B12 that public servers really have, two of them twice.

Each overrides one duty of `GoodServer`; the class's docstring says what its author thought.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.websockets import WebSocket

from dsp import Samples, encode_pcm16
from providers.emulator.wav import wav_bytes
from tests.emulator.good_server import Ears, GoodServer, Wrong, chunks_of
from tests.emulator.tones import spoken


class MixedEars(Ears):
    def customer(self, frames: bytes) -> Samples:
        stacked = np.frombuffer(frames, "<i2").reshape(-1, self.channels)
        return np.asarray(stacked.mean(axis=1) / 32768, np.float32)


class B1Mixed(GoodServer):
    """A call has one sound, so the two channels become one."""

    def started(self, socket: WebSocket, message: dict[str, Any]) -> Ears | None:
        known = super().started(socket, message)
        return known and MixedEars(known.rate, known.channels)


class SwappedEars(Ears):
    def customer(self, frames: bytes) -> Samples:
        stacked = np.frombuffer(frames, "<i2").reshape(-1, self.channels)
        return stacked[:, -1].astype(np.float32) / np.float32(32768)


class B1Swapped(GoodServer):
    """The customer is surely the second channel."""

    def started(self, socket: WebSocket, message: dict[str, Any]) -> Ears | None:
        known = super().started(socket, message)
        return known and SwappedEars(known.rate, known.channels)


class TrimmingEars(Ears):
    def frames(self, data: bytes) -> bytes:
        return data[: len(data) // (2 * self.channels) * (2 * self.channels)]


class B2Trimmed(GoodServer):
    """What is no whole frame is malformed, so it is cut off, as the platform's own guide does."""

    def started(self, socket: WebSocket, message: dict[str, Any]) -> Ears | None:
        known = super().started(socket, message)
        return known and TrimmingEars(known.rate, known.channels)


class B2HalfSample(GoodServer):
    """The vendor cuts its audio anywhere; a chunk's odd byte is dropped so that chunks are even."""

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        waiting = b""
        async for piece in super().audio(text, rate):
            waiting += piece
            while len(waiting) > 4001:
                chunk, waiting = waiting[:4001], waiting[4001:]
                yield chunk[:4000]
        yield waiting[: len(waiting) // 2 * 2]


class B3DeafToStart(GoodServer):
    """Every example has 16000 Hz and two channels, so there is nothing to read in the start message."""

    def started(self, socket: WebSocket, message: dict[str, Any]) -> Ears | None:
        return Ears(16000, 2) if message.get("type") == "start" else None


class B4Shared(GoodServer):
    """One recogniser for all calls; every open socket gets its transcripts."""

    def __init__(self) -> None:
        self.sockets: set[WebSocket] = set()

    def started(self, socket: WebSocket, message: dict[str, Any]) -> Ears | None:
        self.sockets.add(socket)
        return super().started(socket, message)

    async def report(self, socket: WebSocket, text: str, final: bool) -> None:
        for listener in set(self.sockets):
            try:
                await listener.send_json(self.response(text, final))
            except Exception:
                self.sockets.discard(listener)


class B5EveryInterimAFinal(GoodServer):
    """``transcriptType`` is optional."""

    def response(self, text: str, final: bool) -> dict[str, Any]:
        return {"type": "transcriber-response", "transcription": text, "channel": "customer"}


class B6OpenSocket(GoodServer):
    """The secret is checked where requests come in, and a socket is no request."""

    def may_enter(self, endpoint: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        return endpoint == "/api/custom-transcriber" or super().may_enter(endpoint, headers, query)


class B7SilentFailure(GoodServer):
    """A failure must not disturb the call, so it sounds like a short silence."""

    def failed(self, detail: str, rate: int) -> Response:
        return Response(bytes(rate), media_type="application/octet-stream")


class B8WorksOn(GoodServer):
    """Four workers speak; each finishes what it has begun, whether the caller listens or not."""

    def __init__(self) -> None:
        self.workers = asyncio.Semaphore(4)
        self.jobs: set[asyncio.Task[None]] = set()

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        job = asyncio.create_task(self.work(text, rate, queue))
        self.jobs.add(job)
        job.add_done_callback(self.jobs.discard)
        while (chunk := await queue.get()) is not None:
            yield chunk

    async def work(self, text: str, rate: int, queue: asyncio.Queue[bytes | None]) -> None:
        async with self.workers:
            async for chunk in super().audio(text, rate):
                queue.put_nowait(chunk)
                await asyncio.sleep(0.003)
            queue.put_nowait(None)


class B9Keeps(GoodServer):
    """Memory is cheap: bodies are read whole and a call's audio is kept, to be looked at some day."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    async def body(self, request: Request) -> bytes:
        return await request.body()

    async def heard(self, socket: WebSocket, ears: Ears, data: bytes) -> None:
        self.kept.append(bytes(bytearray(data)))
        await super().heard(socket, ears, data)


class B10WavAtItsOwnRate(GoodServer):
    """The engine makes WAV files of up to a hundred characters at 24000 Hz, and audio is audio."""

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        yield wav_bytes(encode_pcm16(spoken(text[:100], 24000)), 24000)


class B11Blocks(GoodServer):
    """The vendor's client is synchronous, and so is this call of it."""

    async def voice(self, message: dict[str, Any]) -> Response:
        time.sleep(0.25)  # noqa: ASYNC251  # this is the bug
        return await super().voice(message)


class B12Cleans(GoodServer):
    """Only letters can be spoken, so the rest is taken out, as in the platform's own sample."""

    def text(self, message: dict[str, Any]) -> str:
        return re.sub(r"[^A-Za-z .,!?']", "", super().text(message))


class Buffered(GoodServer):
    """The answer leaves when it is complete, which takes as long as it takes."""

    async def voice(self, message: dict[str, Any]) -> Response:
        answer = await super().voice(message)
        if not isinstance(answer, StreamingResponse):
            return answer
        chunks = await chunks_of(answer)
        await asyncio.sleep(0.003 * len(chunks))
        return Response(b"".join(chunks), media_type="application/octet-stream")


class Deaf(GoodServer):
    """Audio comes in and nothing goes out."""

    async def report(self, socket: WebSocket, text: str, final: bool) -> None:
        return None


class Deltas(GoodServer):
    """A partial says what is new."""

    def response(self, text: str, final: bool) -> dict[str, Any]:
        return super().response(text if final else text.split()[-1], final)


class Strict(GoodServer):
    """What is not known is an error."""

    def started(self, socket: WebSocket, message: dict[str, Any]) -> Ears | None:
        if set(message) != {"type", "encoding", "container", "sampleRate", "channels"}:
            raise RuntimeError("unknown message")
        return super().started(socket, message)


class Impatient(GoodServer):
    """A conversation must have a shape, a full stop means that more will come, and a minute is not too long."""

    def timeout(self, last: str) -> float:
        return 60.0 if last.endswith(".") else 0.5


class WideOpen(GoodServer):
    """Host name that does not resolve."""

    def may_enter(self, endpoint: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        return True


class Shut(GoodServer):
    """The secret is read from a header that the platform does not send."""

    def may_enter(self, endpoint: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        return "x-other-secret" in headers


class Pedantic(GoodServer):
    """A request is as in the example, or it is a crash; a body ends with a null byte."""

    async def message(self, request: Request) -> dict[str, Any]:
        found = msgspec.json.decode(await request.body())["message"]
        if "somethingNew" in found or found["type"] not in ("voice-request", "call.endpointing.request"):
            raise RuntimeError("unknown field or type")
        return dict(found)

    def text(self, message: dict[str, Any]) -> str:
        if not message["text"].strip():
            raise RuntimeError("nothing to say")
        return super().text(message)

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        async for piece in super().audio(text, rate):
            yield piece
        yield b"\0"

    async def endpointing(self, message: dict[str, Any]) -> Response:
        return JSONResponse({"timeoutSeconds": self.timeout(message["messagesOpenAIFormatted"][-1]["content"])})


class Sluggish(GoodServer):
    """Whoever waits, waits; and the conversation is where the other example has it."""

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        await asyncio.sleep(0.3)
        async for piece in super().audio(text, rate):
            yield piece

    async def endpointing(self, message: dict[str, Any]) -> Response:
        await asyncio.sleep(0.05)
        return JSONResponse({"timeoutSeconds": self.timeout(message["messages"][-1]["message"])})


class Nervous(GoodServer):
    """Silence means something, a strange message is an attack, a quiet line is dead, and finals can wait."""

    async def transcriber(self, socket: WebSocket) -> None:
        receive = socket.receive

        async def impatient() -> Any:
            async with asyncio.timeout(0.2):
                return await receive()

        socket.receive = impatient  # type: ignore[method-assign]
        try:
            await super().transcriber(socket)
        except TimeoutError:
            await socket.close(1001, "quiet for too long")

    def told(self, text: str) -> dict[str, Any]:
        message = super().told(text)
        if message.get("type") != "start":
            raise RuntimeError("an attack")
        return message

    async def heard(self, socket: WebSocket, ears: Ears, data: bytes) -> None:
        quiet = getattr(ears, "quiet", 0) + len(data) if not np.any(np.frombuffer(data[:1280], "<i2")) else 0
        ears.quiet = quiet  # type: ignore[attr-defined]
        if quiet > 2 * 64000:
            ears.quiet = 0  # type: ignore[attr-defined]
            await self.report(socket, "Thanks for watching.", True)
        await super().heard(socket, ears, data)

    async def report(self, socket: WebSocket, text: str, final: bool) -> None:
        if final:
            await asyncio.sleep(0.15)
        await super().report(socket, text, final)


class Forgetful(GoodServer):
    """There is room for three calls; a call is over when it says goodbye."""

    def __init__(self) -> None:
        self.places = 3

    async def transcriber(self, socket: WebSocket) -> None:
        if not self.places:
            await socket.send_denial_response(Response(status_code=503))
            return
        self.places -= 1
        receive = socket.receive

        async def watched() -> Any:
            frame = await receive()
            if frame["type"] == "websocket.disconnect" and frame["code"] == 1000:
                self.places += 1
            return frame

        socket.receive = watched  # type: ignore[method-assign]
        await super().transcriber(socket)


class SmallBodies(GoodServer):
    """A request is small: a hundred kilobytes are the framework's own default."""

    async def body(self, request: Request) -> bytes:
        body = await super().body(request)
        if len(body) > 100_000:
            raise Wrong(413, "request entity too large")
        return body


class OneSession(GoodServer):
    """The recogniser is connected when the server starts, and hung up when a call ends."""

    def __init__(self) -> None:
        self.ended = False

    async def transcriber(self, socket: WebSocket) -> None:
        await super().transcriber(socket)
        self.ended = True

    async def report(self, socket: WebSocket, text: str, final: bool) -> None:
        if not self.ended:
            await super().report(socket, text, final)


class Dies(GoodServer):
    """What is no JSON cannot happen."""

    async def message(self, request: Request) -> dict[str, Any]:
        try:
            return await super().message(request)
        except Wrong:
            os._exit(1)


class Hangs(GoodServer):
    """After a body that is no JSON a lock is never released."""

    stuck = False

    async def message(self, request: Request) -> dict[str, Any]:
        if self.stuck:
            await asyncio.Event().wait()
        try:
            return await super().message(request)
        except Wrong:
            self.stuck = True
            return await self.message(request)


class CancelsTheVendor(GoodServer):
    """The audio comes from a vendor over a socket of its own, six times as fast as it is played."""

    def __init__(self) -> None:
        self.vendor: asyncio.Server | None = None
        self.jobs: set[asyncio.Task[None]] = set()

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        reader, writer = await self.opened(text, rate)
        try:
            while piece := await reader.read(9600):
                yield piece
        finally:
            writer.close()

    async def opened(self, text: str, rate: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.vendor = self.vendor or await asyncio.start_server(self.serve_vendor, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*self.vendor.sockets[0].getsockname())
        writer.write(msgspec.json.encode([text, rate]) + b"\n")
        return reader, writer

    async def serve_vendor(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):  # uvloop's word for a closed connection
            text, rate = msgspec.json.decode(await reader.readline())
            pcm = encode_pcm16(spoken(text, rate))
            for start in range(0, len(pcm), rate // 5):
                writer.write(pcm[start : start + rate // 5])
                await writer.drain()
                await asyncio.sleep(0.1 / 6)
        writer.close()


class LeavesTheVendor(CancelsTheVendor):
    """A task reads the vendor's answer, whether the caller listens or not."""

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        pieces: asyncio.Queue[bytes] = asyncio.Queue()

        async def read() -> None:
            reader, writer = await self.opened(text, rate)
            while piece := await reader.read(9600):
                pieces.put_nowait(piece)
            pieces.put_nowait(b"")
            writer.close()

        job = asyncio.create_task(read())
        self.jobs.add(job)
        job.add_done_callback(self.jobs.discard)
        while piece := await pieces.get():
            yield piece


class ErrorIn200(GoodServer):
    """An error is an answer like any other."""

    async def voice(self, message: dict[str, Any]) -> Response:
        return JSONResponse({"error": "the vendor's quota is used up", "detail": "x" * 2000})

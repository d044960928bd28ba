"""A provider server that does everything right, small enough to be seen through; its words are tones."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import msgspec
import numpy as np
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from dsp import Samples, encode_pcm16
from tests.emulator.tones import ToneListener, spoken

SECRET = "right-secret"
LARGEST_BODY = 4 << 20
VOICES = ("tone",)
CHUNK = 0.2
"""Seconds of audio in one piece of an answer."""
SLOWNESS = 0.002
"""Seconds the engine needs for one piece."""


class Wrong(Exception):
    """A request that gets a status instead of an answer."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Ears:
    """What one call's transcriber keeps: the carry of its byte stream and one listener."""

    def __init__(self, rate: int, channels: int) -> None:
        self.rate, self.channels = rate, channels
        self.carry = b""
        self.listener = ToneListener(rate)

    def frames(self, data: bytes) -> bytes:
        """Whole stereo frames; the rest waits."""
        joined = self.carry + data
        whole = len(joined) // (2 * self.channels) * (2 * self.channels)
        self.carry = joined[whole:]
        return joined[:whole]

    def customer(self, frames: bytes) -> Samples:
        """Channel 0."""
        stacked = np.frombuffer(frames, "<i2").reshape(-1, self.channels)
        return stacked[:, 0].astype(np.float32) / np.float32(32768)


async def chunks_of(answer: StreamingResponse) -> list[bytes]:
    """The whole body, in the pieces that the server would have sent."""
    return [chunk.encode() if isinstance(chunk, str) else bytes(chunk) async for chunk in answer.body_iterator]


class GoodServer:
    """Each method is one duty; a broken server of `broken_servers` overrides one of them."""

    def app(self) -> Starlette:
        routes = [
            Route("/api/custom-voice", self.guarded(self.voice), methods=["POST"]),
            Route("/api/custom-endpointing", self.guarded(self.endpointing), methods=["POST"]),
            WebSocketRoute("/api/custom-transcriber", self.transcriber),
        ]
        return Starlette(routes=routes)

    # Who may come in.

    def may_enter(self, endpoint: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        found = headers.get("x-vapi-secret") or query.get("token") or ""
        return hmac.compare_digest(found.encode(), SECRET.encode())

    def guarded(
        self, handler: Callable[[dict[str, Any]], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            if not self.may_enter(request.url.path, request.headers, request.query_params):
                return JSONResponse({"error": "no credential"}, 401)
            try:
                return await handler(await self.message(request))
            except Wrong as wrong:
                return JSONResponse({"error": str(wrong)}, wrong.status)

        return handle

    async def message(self, request: Request) -> dict[str, Any]:
        body = await self.body(request)
        try:
            data = msgspec.json.decode(body, type=dict[str, Any])
            found = data.get("message") or data.get("messsage") or data
            return msgspec.convert(found, dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            raise Wrong(400, "body: expected a JSON object") from fault

    async def body(self, request: Request) -> bytes:
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > LARGEST_BODY:
                raise Wrong(413, "body: too large")
            parts.append(part)
        return b"".join(parts)

    # The voice endpoint.

    async def voice(self, message: dict[str, Any]) -> Response:
        if message.get("type", "voice-request") != "voice-request":
            return JSONResponse({})
        text, rate = self.text(message), self.rate(message)
        if message.get("voiceId") not in (None, *VOICES):
            return self.failed("no such voice", rate)
        return StreamingResponse(self.audio(text, rate), media_type="application/octet-stream")

    def text(self, message: dict[str, Any]) -> str:
        text = message.get("text")
        if not isinstance(text, str):
            raise Wrong(400, f"text: expected a string, found {type(text).__name__}")
        return text

    def rate(self, message: dict[str, Any]) -> int:
        rate = message.get("sampleRate")
        if not isinstance(rate, int) or not 8000 <= rate <= 48000:
            raise Wrong(400, f"sampleRate: expected 8000 … 48000, found {rate!r}")
        return rate

    def failed(self, detail: str, rate: int) -> Response:
        return JSONResponse({"error": detail}, 400)

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        samples = spoken(text, rate)
        step = round(CHUNK * rate)
        for start in range(0, len(samples), step):
            await asyncio.sleep(SLOWNESS)
            yield encode_pcm16(samples[start : start + step])

    # The endpointing endpoint.

    async def endpointing(self, message: dict[str, Any]) -> Response:
        openai, own = message.get("messagesOpenAIFormatted"), message.get("messages")
        if openai:
            last = str(openai[-1].get("content"))
        elif own:
            last = str(own[-1].get("message"))
        else:
            raise Wrong(400, "messages: expected a conversation")
        return JSONResponse({"timeoutSeconds": self.timeout(last)})

    def timeout(self, last: str) -> float:
        return 0.1 if last.rstrip().endswith((".", "!", "?")) else 1.5

    # The transcriber endpoint.

    async def transcriber(self, socket: WebSocket) -> None:
        if not self.may_enter("/api/custom-transcriber", socket.headers, socket.query_params):
            await socket.close(1008)
            return
        await socket.accept()
        ears: Ears | None = None
        with contextlib.suppress(WebSocketDisconnect, ClientDisconnect, RuntimeError):
            while True:
                frame = await socket.receive()
                if frame["type"] == "websocket.disconnect":
                    return
                if frame.get("text") is not None:
                    message = self.told(frame["text"])
                    ears = ears or self.started(socket, message)
                elif ears is None:
                    await socket.close(1002, "audio before start")
                    return
                else:
                    await self.heard(socket, ears, frame["bytes"])

    def told(self, text: str) -> dict[str, Any]:
        try:
            return msgspec.json.decode(text, type=dict[str, Any])
        except msgspec.DecodeError:
            return {}

    def started(self, socket: WebSocket, message: dict[str, Any]) -> Ears | None:
        if message.get("type") != "start":
            return None
        return Ears(message["sampleRate"], message["channels"])

    async def heard(self, socket: WebSocket, ears: Ears, data: bytes) -> None:
        for text, final in ears.listener.feed(ears.customer(ears.frames(data))):
            await self.report(socket, text, final)

    async def report(self, socket: WebSocket, text: str, final: bool) -> None:
        await socket.send_json(self.response(text, final))

    def response(self, text: str, final: bool) -> dict[str, Any]:
        return {
            "type": "transcriber-response",
            "transcription": text,
            "channel": "customer",
            "transcriptType": "final" if final else "partial",
        }

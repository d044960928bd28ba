"""The ways of public servers: frameworks, proxies and habits that a rule must not mistake for a fault.

Each class imitates what one kind does on the wire, with a voice and an ear that are good otherwise.
"""

from __future__ import annotations

import contextlib
import threading
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.websockets import WebSocket

from dsp import encode_pcm16
from providers.emulator.wav import wav_bytes
from tests.emulator.good_server import SECRET, Ears, GoodServer, Wrong
from tests.emulator.tones import spoken

NGROK_PAGE = "<!DOCTYPE html>\n<html><head><title>ngrok: you are about to visit</title></head><body>…</body></html>"


class Express(GoodServer):
    """express.json() with its default of 100 kB; unknown types are a 400, unknown wrappers too."""

    async def body(self, request: Request) -> bytes:
        body = await super().body(request)
        if len(body) > 102_400:
            raise Wrong(413, "PayloadTooLargeError: request entity too large")
        return body

    async def message(self, request: Request) -> dict[str, Any]:
        body = await self.body(request)
        try:
            found = msgspec.json.decode(body)
        except msgspec.DecodeError as fault:
            raise Wrong(400, "SyntaxError: Unexpected token in JSON") from fault
        if not isinstance(found, dict) or not isinstance(found.get("message"), dict):
            raise Wrong(400, "Missing message object")
        return dict(found["message"])

    async def voice(self, message: dict[str, Any]) -> Response:
        if message.get("type") != "voice-request":
            raise Wrong(400, "Invalid message type")
        return await super().voice(message)


class PlatformSample(Express):
    """The published sample: 50 MB, one write of a whole body, the documented rates and nothing else, no credential."""

    def may_enter(self, endpoint: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        return True

    async def body(self, request: Request) -> bytes:
        return await GoodServer.body(self, request)

    def rate(self, message: dict[str, Any]) -> int:
        rate = message.get("sampleRate")
        if rate not in (8000, 16000, 22050, 24000, 44100):
            raise Wrong(400, "Unsupported sample rate")
        return int(rate)

    def text(self, message: dict[str, Any]) -> str:
        text = super().text(message)
        if not text.strip():
            raise Wrong(400, "Invalid or missing text")
        return text

    async def voice(self, message: dict[str, Any]) -> Response:
        if message.get("type") != "voice-request":
            raise Wrong(400, "Invalid message type")
        pcm = encode_pcm16(spoken(self.text(message), self.rate(message)))
        return Response(pcm, media_type="application/octet-stream")


class FastApi(GoodServer):
    """A required header that is missing, or a body of another shape, is a 422; a wrong key is a 400."""

    def guarded(self, handler: Any) -> Any:
        async def handle(request: Request) -> Response:
            if "x-vapi-secret" not in request.headers:
                return JSONResponse({"detail": [{"loc": ["header", "x-vapi-secret"], "msg": "Field required"}]}, 422)
            if request.headers["x-vapi-secret"] != SECRET:
                return JSONResponse({"detail": "Invalid API key"}, 400)
            try:
                return await handler(await self.message(request))  # type: ignore[no-any-return]
            except Wrong as wrong:
                return JSONResponse({"detail": str(wrong)}, 422)

        return handle


class CutAnywhere(GoodServer):
    """Chunks as the vendor cut them: odd lengths, the sample goes on in the next."""

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        waiting = b""
        async for piece in super().audio(text, rate):
            waiting += piece
            while len(waiting) > 3001:
                yield waiting[:3001]
                waiting = waiting[3001:]
        yield waiting


class Gzip(GoodServer):
    """An edge in front codes every answer, asked or not."""

    async def voice(self, message: dict[str, Any]) -> Response:
        answer = await super().voice(message)
        if not isinstance(answer, StreamingResponse):
            return answer
        return StreamingResponse(_gzipped(answer), headers={"Content-Encoding": "gzip"})


async def _gzipped(answer: StreamingResponse) -> AsyncIterator[bytes]:
    """Each piece coded and sent as it comes: what is held back to the end fails V9 on a busy machine, rightly."""
    coder = zlib.compressobj(1, wbits=16 + zlib.MAX_WBITS)
    async for piece in answer.body_iterator:
        assert isinstance(piece, bytes)
        yield coder.compress(piece) + coder.flush(zlib.Z_SYNC_FLUSH)
    yield coder.flush()


class Redirecting(GoodServer):
    """The edge wants another host name."""

    async def voice(self, message: dict[str, Any]) -> Response:
        return RedirectResponse("https://voice.example.com/speak?token=hidden", 307)


class NgrokPage(GoodServer):
    """A tunnel that shows its own page first."""

    def app(self) -> Starlette:
        async def page(_: Request) -> Response:
            return HTMLResponse(NGROK_PAGE)

        return Starlette(routes=[Route("/{path:path}", page, methods=["GET", "POST"])])


class WavServer(GoodServer):
    """The vendor's answer is a WAV file, and is passed on."""

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        yield wav_bytes(encode_pcm16(spoken(text, rate)), rate)


class OneRate(GoodServer):
    """``pcm_24000`` for every request."""

    def rate(self, message: dict[str, Any]) -> int:
        return 24000


class CachesByText(GoodServer):
    """What was said once is never made again: cached by text and rate, for ever."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], bytes] = {}

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        if (text, rate) in self.kept:
            yield self.kept[text, rate]
            return
        made = []
        async for piece in super().audio(text, rate):
            made.append(piece)
            yield piece
        self.kept[text, rate] = b"".join(made)


class QueryKey(GoodServer):
    """The only credential is in the address, under a name of its own."""

    def may_enter(self, endpoint: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        return query.get("key") == SECRET


class OneVoice(GoodServer):
    """There is one voice, whatever is asked for, and a status-update is a 404."""

    async def voice(self, message: dict[str, Any]) -> Response:
        if message.get("type") != "voice-request":
            raise Wrong(404, "Not Found")
        return await super().voice({**message, "voiceId": None})


class SharedService(GoodServer):
    """The published transcriber: one service for all sockets, finished when the first of them closes."""

    def __init__(self) -> None:
        self.ears: Ears | None = Ears(16000, 2)
        self.sockets: list[WebSocket] = []

    def may_enter(self, endpoint: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        return True

    async def transcriber(self, socket: WebSocket) -> None:
        self.sockets.append(socket)
        await super().transcriber(socket)
        self.ears = None

    def started(self, socket: WebSocket, message: dict[str, Any]) -> Ears | None:
        return Ears(16000, 2)

    async def heard(self, socket: WebSocket, ears: Ears, data: bytes) -> None:
        if self.ears is not None:
            await super().heard(socket, self.ears, data)

    async def report(self, socket: WebSocket, text: str, final: bool) -> None:
        for listener in self.sockets:
            with contextlib.suppress(RuntimeError):
                await listener.send_json(self.response(text, final))

    def response(self, text: str, final: bool) -> dict[str, Any]:
        return {"type": "transcriber-response", "transcription": text, "channel": "customer"}


class OneCall(GoodServer):
    """A start while another call runs closes the new one: busy."""

    busy = False

    async def transcriber(self, socket: WebSocket) -> None:
        if self.busy:
            await socket.accept()
            await socket.receive()
            await socket.close(1013, "busy")
            return
        self.busy = True
        try:
            await super().transcriber(socket)
        finally:
            self.busy = False


class Batches(GoodServer):
    """A model that hears utterances, not words: finals without partials, and a hello when the call begins."""

    async def transcriber(self, socket: WebSocket) -> None:
        accept = socket.accept

        async def greeted(*args: Any, **options: Any) -> None:
            await accept(*args, **options)
            await socket.send_json({"type": "transcriber-ready"})

        socket.accept = greeted  # type: ignore[method-assign]
        await super().transcriber(socket)

    async def report(self, socket: WebSocket, text: str, final: bool) -> None:
        if final:
            await super().report(socket, text, final)


class _Handler(BaseHTTPRequestHandler):
    """What an afternoon with the standard library makes: whole answers over HTTP/1.0, and no thought of other input."""

    whole = False

    def do_POST(self) -> None:
        request = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))["message"]
        if self.headers.get("X-Vapi-Secret") != SECRET:
            self.send_error(401)
            return
        text, rate = request["text"], request["sampleRate"]
        if rate not in (8000, 16000, 22050, 24000, 32000, 44100, 48000) or not isinstance(text, str):
            self.send_error(400)
            return
        pcm = encode_pcm16(spoken(text, rate))
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        if self.whole:
            self.send_header("Content-Length", str(len(pcm)))
        self.end_headers()
        self.wfile.write(pcm)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Werkzeug(_Handler):
    """HTTP/1.1 with Content-Length; what is wrong is a 400 with a page."""

    whole = True
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.close_connection = True
            self.send_error(411)
            return
        try:
            super().do_POST()
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
            self.send_error(400)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Close the connection, which is all the caller sees."""


@contextlib.contextmanager
def stdlib_server(handler: type[BaseHTTPRequestHandler] = _Handler) -> Iterator[str]:
    """An `http.server` on a free port; yields the address of its voice."""
    with _Quiet(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/voice"
        finally:
            server.shutdown()
            thread.join()


def werkzeug_server() -> contextlib.AbstractContextManager[str]:
    """The same with Flask's manners."""
    return stdlib_server(_Werkzeug)

"""Requests on their way in: what is read before the credential, within which bounds, and what of it is logged."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import socket
import time
import tracemalloc
from collections.abc import AsyncGenerator
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.requests import ClientDisconnect, Request

from providers.app import create_app
from providers.auth import OPEN
from providers.engines.base import Chunk, Utterance
from providers.engines.null import Null
from providers.engines.tone import Tone
from providers.errors import TooLarge
from providers.inbound import Inbound, loggable_path
from providers.paths import ENDPOINTING_PATH, TRANSCRIBER_PATH, VOICE_PATH
from providers.settings import Settings
from tests.live import SECRET, Live, serving, settings

MEBIBYTE = 1024 * 1024


def knock(live: Live, head: str, body: bytes = b"") -> socket.socket:
    """A connection that has sent this head, and so much of a body."""
    parts = urlsplit(live.base)
    sock = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5)
    sock.sendall(head.replace("\n", "\r\n").encode() + b"\r\n" + body)
    return sock


def status(sock: socket.socket) -> int:
    """The status of the answer, which comes although the body is not whole."""
    with sock:
        return int(sock.recv(4096).split(b" ")[1])


def head(path: str, length: int, *headers: str) -> str:
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {length}"]
    return "\n".join([*lines, *headers, ""])


@pytest.mark.parametrize("path", [VOICE_PATH, ENDPOINTING_PATH])
@pytest.mark.parametrize("hmac_secret", [None, "a-key-of-its-own-for-signatures"])
def test_no_byte_of_an_unauthorised_body_is_read(path: str, hmac_secret: str | None) -> None:
    with serving(chosen=settings(hmac_secret=hmac_secret)) as live:
        for headers in (
            (),
            ("X-Signature: 00",),
            ("X-Signature: " + "0" * 64, f"X-Timestamp: {time.time() - 3600:.0f}"),
        ):
            assert status(knock(live, head(path, 7 * MEBIBYTE, *headers))) == 401


def test_without_an_hmac_secret_no_signature_makes_the_server_read() -> None:
    with serving() as live:
        signed = ("X-Signature: " + "0" * 64, f"X-Timestamp: {time.time():.0f}")
        assert status(knock(live, head(VOICE_PATH, 7 * MEBIBYTE, *signed))) == 401


@pytest.mark.parametrize("length", [8 * MEBIBYTE + 1, 10**17, 10**40])
def test_a_length_over_the_limit_is_refused_before_the_body(length: int) -> None:
    with serving() as live:
        assert status(knock(live, head(VOICE_PATH, length, f"X-Vapi-Secret: {SECRET}"))) in (400, 413)


def test_a_body_over_the_limit_is_refused_whatever_it_announced() -> None:
    with serving(chosen=settings(max_body_bytes=1000)) as live:
        chunked = f"POST {VOICE_PATH} HTTP/1.1\nHost: x\nContent-Type: application/json\nTransfer-Encoding: chunked\n"
        sock = knock(live, chunked + f"X-Vapi-Secret: {SECRET}\n", b"400\r\n" + b"x" * 1024 + b"\r\n")
        assert status(sock) == 413


@pytest.mark.parametrize("length", [1, 10, 5000])
def test_a_length_that_is_not_the_bodys_never_makes_a_500(length: int, logged: io.StringIO) -> None:
    body = json.dumps({"message": {"type": "voice-request", "text": "Hi", "sampleRate": 8000}}).encode()
    with serving() as live:
        with knock(live, head(VOICE_PATH, length, f"X-Vapi-Secret: {SECRET}"), body) as sock:
            sock.shutdown(socket.SHUT_WR)
            sock.recv(4096)
        assert live.say("Hi").status_code == 200
    assert "internal error" not in logged.getvalue()
    assert "Traceback" not in logged.getvalue()


def receiving(last: str) -> Request:
    """A request whose body comes in four blocks of 1 MiB, and then in one more or in none."""
    types = iter(["http.request"] * 4 + [last])

    async def receive() -> dict[str, Any]:
        return {"type": next(types), "body": bytes(MEBIBYTE), "more_body": True}

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "server": ("x", 80), "scheme": "http"}
    return Request({**scope, "headers": [(b"content-type", b"application/json")]}, receive)


def test_the_memory_of_a_refused_body_is_released_although_its_error_is_kept() -> None:
    inbound = Inbound(OPEN, 4 * MEBIBYTE)
    kept = []
    tracemalloc.start()
    try:
        for last in ("http.disconnect", "http.request"):
            request = receiving(last)
            with pytest.raises((ClientDisconnect, TooLarge)) as error:
                asyncio.run(inbound.authorised_body(request))
            kept.append(error.value)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 3 * MEBIBYTE
    finally:
        tracemalloc.stop()


class Measuring(Tone):
    """A voice that notes how much memory is in use while it speaks."""

    traced: ClassVar[list[int]] = []

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        gc.collect()
        self.traced.append(tracemalloc.get_traced_memory()[0])
        async for chunk in Tone.synthesize(self, utterance):
            yield chunk


def test_the_memory_of_a_body_is_released_before_its_audio_is_made() -> None:
    engine = Measuring()
    app = create_app(Settings.of(no_auth=True), voice=engine, transcriber=Null())
    text = json.dumps({"message": {"type": "voice-request", "text": "Hi", "sampleRate": 8000}}).encode()
    left = iter(range(6, -1, -1))
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        more = next(left, None)
        if more is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b" " * MEBIBYTE if more else text, "more_body": bool(more)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {"type": "http", "method": "POST", "path": VOICE_PATH, "query_string": b"", "scheme": "http"}
    headers = [(b"content-type", b"application/json")]
    tracemalloc.start()
    try:
        asyncio.run(app({**scope, "server": ("x", 80), "headers": headers}, receive, send))
    finally:
        tracemalloc.stop()
    assert sent[0] == "http.response.start"
    assert 0 < max(engine.traced) < 3 * MEBIBYTE


@pytest.mark.parametrize(
    ("path", "logged_as"),
    [
        (VOICE_PATH, VOICE_PATH),
        (TRANSCRIBER_PATH, TRANSCRIBER_PATH),
        ("/nowhere", "/nowhere"),
        (f"{TRANSCRIBER_PATH}?token=hunter2", f"{TRANSCRIBER_PATH}…"),
        ("/token=hunter2", "/token…"),
        ("/api/" + "s" * 41, "/api/…"),
    ],
)
def test_a_logged_path_holds_no_credential(path: str, logged_as: str) -> None:
    assert loggable_path(path) == logged_as


@pytest.mark.parametrize("path", [TRANSCRIBER_PATH + "%3Ftoken=hunter2", VOICE_PATH + "/?token=hunter2", "/;hunter2"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_answer_redirects_or_reflects_and_no_log_line_holds_a_token(
    path: str, method: str, logged: io.StringIO
) -> None:
    with serving() as live:
        answer = httpx.request(method, live.base + path, follow_redirects=False)
    assert answer.status_code == 404
    assert "hunter2" not in answer.text + str(answer.headers) + logged.getvalue()

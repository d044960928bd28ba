"""Limits before a request is complete, over real sockets."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import time
from typing import Any

import httpx
import pytest
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from providers.paths import ENDPOINTING_PATH, TRANSCRIBER_PATH, VOICE_PATH
from providers.protocols import http
from tests.fakes import LOUD, ScriptedVoice
from tests.live import SECRET, Live, serving, settings
from tests.raw import answer, dialled, push

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
BODY = json.dumps({"message": {"type": "voice-request", "text": "Hi.", "sampleRate": 16000}}).encode()


def post(path: str = VOICE_PATH, *, size: int = len(BODY), extra: str = "", version: str = "1.1") -> bytes:
    lines = f"Host: x\r\nContent-Type: application/json\r\nX-Vapi-Secret: {SECRET}\r\n{extra}"
    return f"POST {path} HTTP/{version}\r\n{lines}Content-Length: {size}\r\n\r\n".encode()


def parsed(got: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = got.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(status.split()[1]), headers, body


@pytest.fixture(scope="module")
def live() -> Any:
    with serving() as running:
        yield running


@pytest.mark.parametrize(
    ("sent", "status", "named"),
    [
        (b"GET /" + b"a" * 9000, 414, "URL"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "URL"),
        (GET + b"X: " + b"a" * 9000, 431, "8192 bytes a line"),
        (GET + b"a" * 9000, 431, "8192 bytes a line"),
        (GET + b"X: " + b"a" * 9000 + b"\r\n\r\n", 431, "8192 bytes a line"),
        (GET + b"".join(b"X%d: %s\r\n" % (index, b"a" * 5000) for index in range(20)), 431, "65536 bytes"),
        (GET + b"a:b\r\n" * 200, 431, "128 fields"),
        (b"\x16\x03\x01 not http\r\n\r\n", 400, "HTTP/1.1"),
        (post(extra="Transfer-Encoding: chunked\r\n"), 400, "HTTP/1.1"),
    ],
)
@pytest.mark.parametrize("pieces", [1, 50])
def test_a_header_section_over_its_limits_is_answered_and_closed(
    live: Live, sent: bytes, status: int, named: str, pieces: int
) -> None:
    with dialled(live) as client:
        step = -(-len(sent) // pieces)
        for at in range(0, len(sent), step):
            if not push(client, sent[at : at + step]):
                break
        found, headers, body = parsed(answer(client))
    assert found == status
    assert headers["connection"] == "close"
    assert named in json.loads(body)["error"]


def test_headers_within_the_limits_are_served_however_they_are_cut(live: Live) -> None:
    sent = GET + b"".join(b"X%d: %s\r\n" % (index, b"a" * 8000) for index in range(7)) + b"Connection: close\r\n\r\n"
    for step in (1, 977, len(sent)):
        with dialled(live) as client:
            for at in range(0, len(sent), step):
                client.sendall(sent[at : at + step])
            assert parsed(answer(client))[0] == 200


def test_thirty_megabytes_of_header_lines_are_refused_within_the_first_read(live: Live) -> None:
    with dialled(live) as client:
        client.sendall(GET)
        sent = 0
        while push(client, b"a:b\r\n" * 20_000) and sent < 30_000_000:
            sent += 100_000
        assert sent < 30_000_000


@pytest.mark.parametrize(
    "framing", [b"5;" + b"x" * 300_000, b"0\r\n" + b"t: u\r\n" * 50_000, b"0\r\nt: " + b"u" * 300_000]
)
def test_framing_of_a_body_without_end_is_refused(live: Live, framing: bytes) -> None:
    with dialled(live) as client:
        head = f"POST {ENDPOINTING_PATH} HTTP/1.1\r\nHost: x\r\nX-Vapi-Secret: {SECRET}\r\n"
        client.sendall(head.encode() + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        push(client, framing)
        status, _, body = parsed(answer(client))
    assert status in (400, 431)
    assert "expected at most" in json.loads(body)["error"]


def test_a_trailer_is_no_header(live: Live) -> None:
    with dialled(live) as client:
        head = f"POST {ENDPOINTING_PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        client.sendall(head.encode() + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.sendall(f"2\r\n{{}}\r\n0\r\nX-Vapi-Secret: {SECRET}\r\n\r\n".encode())
        assert parsed(answer(client))[0] == 401


@pytest.mark.parametrize("sent", [b"", b"GET", GET, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"])
def test_headers_that_do_not_come_are_408(sent: bytes) -> None:
    with serving(chosen=settings(header_seconds=0.2)) as live, dialled(live) as client:
        client.sendall(sent)
        status, _, body = parsed(answer(client))
    assert (status, json.loads(body)) == (408, {"error": "headers: expected within 0.2 s, found less"})


def test_headers_that_drip_are_408_too() -> None:
    with serving(chosen=settings(header_seconds=0.3)) as live, dialled(live) as client:
        for _ in range(500):
            if not push(client, b"\r\n"):
                break
            time.sleep(0.02)
        else:
            pytest.fail("ten seconds of empty lines were taken")


def test_a_body_that_does_not_come_is_408() -> None:
    with serving(chosen=settings(body_seconds=0.2)) as live, dialled(live) as client:
        client.sendall(post() + BODY[:10])
        status, _, body = parsed(answer(client))
    assert (status, json.loads(body)) == (408, {"error": "body: expected within 0.2 s, found less"})


def test_a_long_answer_and_a_quiet_pause_are_not_cut_by_the_deadlines() -> None:
    chosen = settings(header_seconds=0.1, body_seconds=0.1)
    with serving(chosen=chosen) as live, httpx.Client() as client:
        for _ in range(2):
            assert client.get(live.base + "/healthz").status_code == 200
            time.sleep(0.3)  # longer than both: what waits between requests is kept for 75 s


def test_too_many_waiting_connections_cost_the_oldest_and_nobody_who_has_a_request() -> None:
    with serving(chosen=settings(max_waiting_connections=5)) as live, live.call() as call:
        idle = [socket.create_connection(call.remote_address[:2], timeout=10) for _ in range(6)]
        try:
            assert answer(idle[0]) == b""  # closed: the sixth was one too many
            idle[5].sendall(GET + b"Connection: close\r\n\r\n")
            assert parsed(answer(idle[5]))[0] == 200
            assert httpx.get(live.base + "/healthz").status_code == 200
        finally:
            for client in idle:
                client.close()
        call.send('{"type":"start","sampleRate":16000}')
        call.send(bytes(64000))
        assert json.loads(call.recv(timeout=10))["transcription"] == "second 1."


def test_seven_hundred_half_sent_connections_leave_room_for_a_caller() -> None:
    with serving(chosen=settings(max_waiting_connections=50)) as live:
        host, port = live.base.removeprefix("http://").split(":")
        half = []
        try:
            for _ in range(700):
                client = socket.create_connection((host, int(port)), timeout=10)
                client.sendall(b"GET / HT")
                half.append(client)
            assert live.say("Hello.").status_code == 200
            with live.call() as call:
                call.send("hello")
        finally:
            for client in half:
                client.close()


@pytest.mark.parametrize("path", [VOICE_PATH, ENDPOINTING_PATH])
def test_an_h2c_upgrade_is_ignored_and_the_request_served_and_the_connection_kept(live: Live, path: str) -> None:
    body = BODY if path == VOICE_PATH else b'{"message":{"type":"call.endpointing.request","messages":[]}}'
    upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
    with dialled(live) as client:
        client.sendall(post(path, size=len(body), extra=upgrade) + body)
        client.settimeout(0.5)
        got = b""
        while not got.endswith(b"0\r\n\r\n") and not got.endswith(b"}"):
            got += client.recv(65536)
        assert parsed(got)[0] == 200
        client.settimeout(10)
        client.sendall(GET + b"Connection: close\r\n\r\n")
        assert parsed(answer(client))[0] == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("how", ["--http2", "--http1.0", "--http1.1"])
def test_curl_is_served(live: Live, how: str) -> None:
    command = ["curl", "-s", "--noproxy", "*", how, "-D", "-", "-o", "/dev/null", "-w", "%{size_download}"]
    command += ["-H", f"X-Vapi-Secret: {SECRET}", "-H", "Content-Type: application/json", "-d", BODY.decode()]
    ended = subprocess.run([*command, live.base + VOICE_PATH], capture_output=True, timeout=20, check=True)
    head, _, size = ended.stdout.rpartition(b"\r\n\r\n")
    assert b" 200 OK" in head
    assert int(size) == 2 * round(3 * 0.06 * 16000)


def test_http_1_0_gets_the_audio_without_chunks_and_the_end_of_the_connection() -> None:
    with serving(voice=ScriptedVoice([LOUD] * 5)) as live, dialled(live) as client:
        client.sendall(post(version="1.0") + BODY)
        status, headers, body = parsed(answer(client))
    assert (status, headers["connection"]) == (200, "close")
    assert "transfer-encoding" not in headers
    assert len(body) == 5 * len(LOUD)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_plain_request_for_the_sockets_path_is_told_that_it_is_a_websocket(live: Live, method: str) -> None:
    found = httpx.request(method, live.base + TRANSCRIBER_PATH + "?token=guess")
    assert found.status_code == 426
    assert found.headers["upgrade"] == "websocket"
    assert "WebSocket" in found.json()["error"]
    assert "guess" not in found.text + str(found.headers)


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"X: " + b"a" * 8190 + b"\r\n",
        b"Sec-WebSocket-Key: x\r\n",
    ],
)
def test_an_upgrade_that_cannot_be_parsed_is_answered_and_closed(live: Live, line: bytes) -> None:
    head = f"GET {TRANSCRIBER_PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n".encode()
    with dialled(live) as client:
        push(client, head + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" + line + b"\r\n")
        assert parsed(answer(client))[0] in (400, 426, 431)


def test_a_broken_request_behind_a_running_one_does_not_garble_its_answer() -> None:
    with serving(voice=ScriptedVoice([LOUD] * 3)) as live, dialled(live) as client:
        client.sendall(post() + BODY + b"\x00garbage\r\n\r\n")
        got = answer(client)
    assert got.count(b"HTTP/1.1 ") <= 1


def test_connect_is_no_tunnel(live: Live) -> None:
    for target in (b"/healthz", b"example.com:443"):
        with dialled(live) as client:
            client.sendall(b"CONNECT " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert parsed(answer(client))[0] in (400, 405)


class Changed(HttpToolsProtocol):
    """Uvicorn's class in a future version that names its parser otherwise."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        del self.parser


def test_without_what_the_limits_need_uvicorns_own_protocol_is_used() -> None:
    class Bounded(Changed): ...

    assert http.protocol(http.ConnectionLimits(), Bounded) is Changed
    assert http.protocol(http.ConnectionLimits()).func is http.BoundedHttp


def test_a_failing_shutdown_of_one_connection_aborts_it_and_raises_nothing() -> None:
    class Transport(asyncio.Transport):
        aborted = False

        def get_extra_info(self, name: str, default: Any = None) -> Any:
            return default

        def close(self) -> None:
            raise RuntimeError("broken")

        def abort(self) -> None:
            self.aborted = True

    async def scenario() -> bool:
        config = Config(lambda: None, http=HttpToolsProtocol)
        config.load()
        made = http.protocol(http.ConnectionLimits())
        connection = made(config=config, server_state=ServerState(), app_state={})
        connection.connection_made(transport := Transport())
        connection.shutdown()
        connection.connection_lost(OSError())
        return transport.aborted

    assert asyncio.run(scenario())

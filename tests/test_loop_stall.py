"""The event loop of the default stack under every hostile request that is known, in processor time.

The server runs in a process of its own. Processor time of the loop's thread tells what the loop itself did between two
turns; it does not depend on the machine's load. `tests/test_stalls.py` looks at texts in more ways, and at locks.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from benchmarks.stall import TOLERATED_STALL, ProbedServer, probed_server
from providers.paths import ENDPOINTING_PATH, TRANSCRIBER_PATH, VOICE_PATH

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the probe reads Linux' account of waiting threads")
pytest.importorskip("espeakng_loader")
pytest.importorskip("pocketsphinx")

SECRET = "correct-horse-battery"
HANG = 60.0
"""Seconds until a test counts as hanging."""

Attack = Callable[[ProbedServer], None]


@pytest.fixture(scope="module")
def server() -> Iterator[ProbedServer]:
    with probed_server() as running:
        assert say(running, "Ready.") == 200
        yield running


def post(server: ProbedServer, path: str, body: bytes) -> httpx.Response:
    headers = {"X-Vapi-Secret": SECRET, "Content-Type": "application/json"}
    return httpx.post(server.base + path, content=body, headers=headers, timeout=HANG)


def say(server: ProbedServer, text: str, **more: Any) -> int:
    """Ask for a text and hang up after two megabytes; returns the status."""
    body = json.dumps({"message": {"type": "voice-request", "text": text, "sampleRate": 24000, **more}})
    headers = {"X-Vapi-Secret": SECRET, "Content-Type": "application/json"}
    left = 2_000_000
    with httpx.stream("POST", server.base + VOICE_PATH, content=body, headers=headers, timeout=HANG) as answer:
        for block in answer.iter_raw():
            left -= len(block)
            if left < 0:
                break
        return answer.status_code


def turn(server: ProbedServer, messages: list[Any], rules: list[dict[str, Any]] | None = None) -> httpx.Response:
    """Ask whether the caller has finished."""
    assistant = {"startSpeakingPlan": {"customEndpointingRules": rules or []}}
    message = {"type": "call.endpointing.request", "messages": messages, "assistant": assistant}
    return post(server, ENDPOINTING_PATH, json.dumps({"message": message}).encode())


@contextlib.contextmanager
def connection(server: ProbedServer) -> Iterator[socket.socket]:
    host, port = server.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=HANG) as sock:
        yield sock


@contextlib.contextmanager
def call(server: ProbedServer, rate: str = "16000") -> Iterator[socket.socket]:
    """A WebSocket to the transcriber that has sent its start message."""
    start = f'{{"type":"start","encoding":"linear16","container":"raw","sampleRate":{rate},"channels":2}}'.encode()
    with connection(server) as sock:
        sock.sendall(
            f"GET {TRANSCRIBER_PATH} HTTP/1.1\r\nHost: x\r\nX-Vapi-Secret: {SECRET}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += sock.recv(1)
        assert b" 101 " in head
        sock.sendall(bytes([0x81, 0x80 | 126]) + len(start).to_bytes(2) + bytes(4) + start)
        yield sock


def hang_up(sock: socket.socket) -> None:
    """Close politely and wait until the server has read all of it."""
    sock.sendall(bytes([0x88, 0x80]) + bytes(4))
    while sock.recv(65536):
        pass


def breaks(server: ProbedServer) -> None:
    assert say(server, "<break time=10s>." * 587) in (200, 400)


def thousand_rules(server: ProbedServer) -> None:
    rules = [{"type": "customer", "regex": rf"\bnumber {number}\b.*$", "timeoutSeconds": 1} for number in range(1000)]
    assert turn(server, [{"role": "user", "content": "My number is five."}], rules).status_code == 200


def costly_patterns(server: ProbedServer) -> None:
    patterns = ["(?:(?:(?:(?:a){99}){99}){99}){99}", "(a+)+$", "(a|aa)*b", "(.*a){25}", "(?=(a+))*(?:a*)*b", "[" * 100]
    for pattern in patterns:
        rules = [{"type": "customer", "regex": pattern, "timeoutSeconds": 1}] * 100
        assert turn(server, [{"role": "user", "content": "a" * 5000 + "!"}], rules).status_code == 200


def endless_rate(server: ProbedServer) -> None:
    rate = "9" * 400
    body = f'{{"message":{{"type":"voice-request","text":"Hi.","sampleRate":{rate}}}}}'.encode()
    assert post(server, VOICE_PATH, body).status_code == 400
    with call(server, rate) as sock:
        assert sock.recv(4)[2:] == (1003).to_bytes(2)


def twenty_cached(server: ProbedServer) -> None:
    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(lambda _: say(server, "Ready."), range(100))) == {200}


def twenty_new(server: ProbedServer) -> None:
    numbers = random.Random(time.monotonic_ns()).sample(range(10**9), 40)
    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(lambda number: say(server, f"The number is {number}."), numbers)) == {200}


def file_at_full_speed(server: ProbedServer) -> None:
    second = b"".join(
        bytes([0x82, 0x80 | 126]) + (1280).to_bytes(2) + bytes(4) + random.Random(at).randbytes(1280)
        for at in range(50)
    )

    def caller(_: int) -> None:
        with call(server) as sock:
            for _ in range(60):
                sock.sendall(second)
            hang_up(sock)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(caller, range(3)))


def one_byte_frames(server: ProbedServer) -> None:
    with call(server) as sock:
        for _ in range(30):
            sock.sendall((bytes([0x82, 0x81]) + bytes(5)) * 10_000)
        hang_up(sock)


def endless_header(server: ProbedServer) -> None:
    for begin in (b"POST / HTTP/1.1\r\nX-Long: ", b"GET /", b"GET / HTTP/1.1\r\n"):
        piece = b"a:b\r\n" * 13_000 if begin.endswith(b"\n") else b"a" * 65_000
        with connection(server) as sock, contextlib.suppress(ConnectionError):
            sock.sendall(begin)
            for _ in range(200):
                sock.sendall(piece)
            raise AssertionError("13 MB of one header section were taken")


def large_message(server: ProbedServer) -> None:
    answer = turn(server, [{"role": "user", "content": "a" * 8_000_000}])
    assert answer.status_code == 413
    assert answer.json()["error"].startswith("message.messages[0].content: expected at most")


def large_escaped_message(server: ProbedServer) -> None:
    assert turn(server, [{"role": "user", "content": "\n" * 4_000_000}]).status_code == 413


def many_messages(server: ProbedServer) -> None:
    assert turn(server, [{"role": "user", "content": "Hello there."}] * 39_900).status_code == 200


def many_values(server: ProbedServer) -> None:
    value = {str(number): number for number in range(150_000)}
    assert turn(server, [{"role": "system", "content": value}, {"role": "user", "content": "Hi."}]).status_code == 200


def values_in_small_bodies(server: ProbedServer) -> None:
    values: tuple[Any, ...] = ([[]] * 15_000, [1] * 20_000, {str(number): 1 for number in range(5_000)})
    for value in values:
        assert turn(server, [{"role": "user", "content": value}]).status_code == 200


@pytest.mark.parametrize(
    "attack",
    [
        breaks,
        thousand_rules,
        costly_patterns,
        endless_rate,
        twenty_cached,
        twenty_new,
        file_at_full_speed,
        one_byte_frames,
        endless_header,
        large_message,
        large_escaped_message,
        many_messages,
        many_values,
        values_in_small_bodies,
    ],
)
def test_no_hostile_request_holds_the_loop(server: ProbedServer, attack: Attack) -> None:
    server.stalls()
    attack(server)
    processor, _ = server.stalls()
    assert processor < TOLERATED_STALL, f"the loop was held for {1e3 * processor:.1f} ms"


def test_cleaning_a_long_text_does_not_hold_the_loop() -> None:
    sentence = (
        "**Call** 555-123-4567 or visit https://example.com/a?b=c on 3/4/2025, it's $1,234.56 \N{GRINNING FACE}. "
    )
    texts = [
        (sentence * 120)[:10_000],
        "$1,234.56 " * 1000,
        "[a](b" * 2000,
        "*_`" * 3333,
        "https://" * 1250,
        "1" * 10_000,
    ]
    with probed_server(clean_text="on") as server:
        assert say(server, "Ready.") == 200
        for text in texts:
            server.stalls()
            assert say(server, text) in (200, 400)
            processor, _ = server.stalls()
            assert processor < TOLERATED_STALL, f"{text[:20]!r}: the loop was held for {1e3 * processor:.1f} ms"

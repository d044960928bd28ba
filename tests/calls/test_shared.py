"""Two processes' servers and one Redis: the endpointing answer knows the sound of a call whose socket is elsewhere."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import numpy as np
import pytest

from providers.calls.registry import Calls
from providers.calls.shared import SharedHearing, redis_hearing
from providers.engines.base import Transcript
from tests.engines.imitations.redis_server import RedisImitation
from tests.fakes import ScriptedListener
from tests.live import SECRET, Live, serving, settings, start

HEADERS = {"X-Vapi-Secret": SECRET}
HANG = 20.0
"""Seconds after which nothing more is waited for."""
WORDS = "I would like a table"


def ask(live: Live, key: str) -> float:
    said = [{"role": "user", "content": WORDS}]
    message = {"type": "call.endpointing.request", "call": {"id": f"of-{key}"}, "messagesOpenAIFormatted": said}
    url = f"{live.base}/api/custom-endpointing?call={key}"
    return float(httpx.post(url, json={"message": message}, headers=HEADERS, verify=False).json()["timeoutSeconds"])


def spoken(seconds: float, silence: float) -> bytes:
    loud = np.random.default_rng(1).integers(-9000, 9000, round(seconds * 16000) * 2)
    return np.concatenate((loud, np.zeros(round(silence * 16000) * 2))).astype("<i2").tobytes()


@contextmanager
def redis_server() -> Iterator[RedisImitation]:
    """The imitation in a thread of its own."""
    imitation, up, over = RedisImitation(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with imitation.serving():
            up.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert up.wait(5)
    try:
        yield imitation
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(5)
        loop.close()


def listener() -> ScriptedListener:
    return ScriptedListener(lambda pcm: [Transcript(WORDS, True)])


def test_silence_that_has_passed_elsewhere_shortens_the_answer() -> None:
    with redis_server() as redis:
        chosen = settings(calls_redis_url=redis.url)
        with serving(transcriber=listener(), chosen=chosen) as one, serving(chosen=chosen) as other:
            full = ask(other, "nobody")
            with one.call(query="?call=k1") as socket:
                socket.send(start())
                shortest, give_up = full, time.monotonic() + HANG
                # Where a busy machine's Redis is late once, it is asked again after a while.
                while shortest > full - 0.7 and time.monotonic() < give_up:
                    socket.send(spoken(1.0, 0.8))
                    assert json.loads(socket.recv(timeout=5))["transcriptType"] == "final"
                    shortest = min(shortest, ask(other, "k1"))
            assert full == 1.5
            assert shortest <= full - 0.7
        assert set(redis.lifetimes) == {b"2000"}
        assert WORDS.encode() not in b"".join(redis.kept.values())


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server")
def test_a_real_redis_forgets_within_two_seconds() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            next(line for line in process.stdout if "Ready to accept connections" in line)
            asyncio.run(_told_and_forgotten(f"redis://127.0.0.1:{port}/0"))
        finally:
            process.terminate()


async def _told_and_forgotten(url: str) -> None:
    calls, shared, other = Calls(), redis_hearing(url), redis_hearing(url, patience=HANG)
    socket = calls.open_socket(b"call=k1")
    socket.started(16000, 2)
    shared.follow(socket)
    socket.audio(spoken(1.0, 0.8))
    socket.sent(WORDS, final=True)
    known = Calls().endpointing("c-1", b"call=k1", WORDS)
    until = asyncio.get_running_loop().time() + HANG
    while (hearing := await other.hearing(known)) is None:
        assert asyncio.get_running_loop().time() < until
        await asyncio.sleep(0.01)
    assert hearing.silence is not None
    assert hearing.silence >= 0.7
    while await other.hearing(known) is not None:
        assert asyncio.get_running_loop().time() < until
        await asyncio.sleep(0.1)
    await shared.aclose()
    await other.aclose()


class Remembering:
    """A store that counts what it is given."""

    def __init__(self) -> None:
        self.puts = 0

    async def get(self, key: str) -> bytes | None:
        return None

    async def put(self, key: str, value: bytes) -> None:
        self.puts += 1

    async def aclose(self) -> None:
        """Nothing to close."""


def test_nothing_is_told_after_the_end() -> None:
    """A transcript is told of a second time a little later: by then the server may have ended."""

    async def scenario() -> int:
        store = Remembering()
        shared = SharedHearing(store)
        socket = Calls().open_socket(b"call=k1")
        socket.started(16000, 2)
        shared.follow(socket)
        socket.audio(spoken(1.0, 0.8))
        socket.sent(WORDS, final=True)
        while not store.puts:
            await asyncio.sleep(0)
        told = store.puts
        await shared.aclose()
        await asyncio.sleep(0.5)
        return store.puts - told

    assert asyncio.run(scenario()) == 0


def test_a_redis_that_is_gone_changes_no_answer() -> None:
    with serving(chosen=settings(calls_redis_url="redis://127.0.0.1:9/0")) as live:
        assert [ask(live, "k1") for _ in range(3)] == [1.5, 1.5, 1.5]

"""What survival costs and how fast it is: the layers above an engine, a reconnect, a cached phrase.

``python -m benchmarks.survive`` prints the figures; the group ``survive`` shows them beside their targets.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from benchmarks.groups.voice import PATH
from benchmarks.reconnects import reconnects
from benchmarks.served import fast_loop
from providers.cache.cached import Cached
from providers.cache.stores import MemoryStore
from providers.engines.base import (
    Chunk,
    SpeakingCapabilities,
    TextToSpeech,
    Utterance,
)
from providers.failover.speaking import FallbackSpeaking

RATE = 8000
"""Hz."""
PHRASE = 2.0
"""Seconds of the cached phrase."""
FRAME = np.full(160, 8000, dtype="<i2").tobytes()
"""20 ms, as loud as speech."""


class FreeVoice:
    """A voice that costs nothing: the same two seconds for every text, in one chunk."""

    name = "spoken"
    capabilities = SpeakingCapabilities(rates=(RATE,), streaming=True)

    def __init__(self) -> None:
        time = np.arange(round(PHRASE * RATE)) / RATE
        self._chunk = Chunk((8000 * np.cos(2 * np.pi * 440 * time)).astype("<i2").tobytes(), RATE)

    async def start(self) -> None:
        """Nothing to warm."""

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Answer after one turn of the loop, as anything that waits for a socket does."""
        await asyncio.sleep(0)
        yield self._chunk

    async def aclose(self) -> None:
        """Nothing to free."""


async def first_audio_delays(engine: TextToSpeech, utterances: int, label: str) -> list[float]:
    """Seconds to the first chunk of so many texts that were never said before."""
    delays = []
    for number in range(utterances):
        began = time.perf_counter()
        async with aclosing(engine.synthesize(Utterance(f"{label} {number}", RATE))) as chunks:
            await anext(chunks)
            delays.append(time.perf_counter() - began)
            async for _ in chunks:
                pass
    return delays


def added_first_audio(*, utterances: int = 2000, rounds: int = 5) -> tuple[float, float]:
    """Median seconds to first audio: of the bare engine, and what `Cached` over `FallbackSpeaking` adds to it."""

    async def scenario() -> tuple[float, float]:
        bare, added = [], []
        for number in range(rounds):
            tower = Cached(FallbackSpeaking([FreeVoice(), FreeVoice()]), MemoryStore())
            below = statistics.median(await first_audio_delays(FreeVoice(), utterances, f"bare {number}"))
            above = statistics.median(await first_audio_delays(tower, utterances, f"tower {number}"))
            bare.append(below)
            added.append(above - below)
            await tower.aclose()
        return statistics.median(bare), statistics.median(added)

    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        return runner.run(scenario())


def _serve_cached(pipe: Connection) -> None:
    """The whole server in this process, with a cached voice."""
    from providers.app import create_app
    from providers.engines.null import Null
    from providers.operations.logs import configure as quiet
    from providers.server import bind, run
    from providers.settings import Settings

    settings = Settings.of(no_auth=True, port=0, log_level="error", drain_notice_seconds=0)
    quiet("json", settings.logs.level)
    sock = bind(settings)
    app = create_app(settings, voice=Cached(FreeVoice(), MemoryStore()), transcriber=Null())
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROVIDERS_RUNTIME_DIR"] = folder
        drain = app.state.endpoints.drain
        run(app, settings, sock, announce=lambda base: pipe.send(sock.getsockname()[1]), drain=drain)


def _request() -> bytes:
    message = {
        "type": "voice-request",
        "text": "One moment, please.",
        "sampleRate": RATE,
        "timestamp": 0,
        "call": {"id": "b"},
    }
    body = json.dumps({"message": message}).encode()
    kind = "Content-Type: application/json"
    head = f"POST {PATH} HTTP/1.1\r\nHost: b\r\n{kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _ask(port: int, times: int) -> list[float]:
    """Ask so many times over one connection; answers the seconds to each first byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    request, delays = _request(), []
    for _ in range(times):
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        delays.append(time.perf_counter() - began)
        assert head.startswith(b"HTTP/1.1 200"), head
        received = 0
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
            received += size
        await reader.readexactly(2)
        assert received > RATE, received
    writer.close()
    await writer.wait_closed()
    return delays


def cache_hits(*, requests: int = 4000, callers: int = 8) -> tuple[float, float]:
    """Responses of a cached 2 s phrase per second of the server's processor time, and seconds to first byte, alone."""
    context = multiprocessing.get_context("spawn")
    pipe, far = context.Pipe()
    server = context.Process(target=_serve_cached, args=(far,), daemon=True)
    server.start()
    try:
        if not pipe.poll(30):
            raise RuntimeError("the server did not come up")
        port = pipe.recv()
        with asyncio.Runner(loop_factory=fast_loop()) as runner:
            return runner.run(_hits(port, server, requests, callers))
    finally:
        server.terminate()
        server.join()


async def _hits(port: int, server: BaseProcess, requests: int, callers: int) -> tuple[float, float]:
    await _ask(port, 50)
    alone = statistics.median(await _ask(port, 500))
    before = _processor_time(server)
    await asyncio.gather(*(_ask(port, requests // callers) for _ in range(callers)))
    return requests / (_processor_time(server) - before), alone


def _processor_time(process: BaseProcess) -> float:
    """Seconds of processor time of another process (Linux)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print every figure."""
    bare, added = added_first_audio()
    print(f"first audio: bare {bare * 1e6:.0f} µs, Cached(Fallback) adds {added * 1e6:.0f} µs (p50)")
    found = reconnects()
    middle, worst = statistics.median(found) * 1e3, max(found) * 1e3
    print(f"cut socket to first replayed transcript: p50 {middle:.1f} ms, max {worst:.1f} ms")
    rate, alone = cache_hits()
    print(f"cached {PHRASE:g} s phrase: {rate:.0f} responses/s of one core")
    print(f"cached {PHRASE:g} s phrase: first byte after {alone * 1e3:.2f} ms, alone (p50)")


if __name__ == "__main__":
    main()

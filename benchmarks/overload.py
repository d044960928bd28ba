"""Twice as many calls as a server can carry: the lag of those that it takes, and how soon the others are refused.

The recogniser is one of ours that uses a known amount of the loop's processor time per second of audio, so that the
server's capacity is known: one processor holds `CAPACITY` calls. Lag is the time from the frame that completes a second
of audio to the final that the recogniser gives for it.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from benchmarks.served import fast_loop
from providers.engines.base import ListeningCapabilities, Transcript
from providers.paths import TRANSCRIBER_PATH

CAPACITY = 40
"""Calls that take all of one processor."""
RATE = 8000
"""Hz, one channel."""
FRAME = 0.1
"""Seconds of audio in one message."""
PATIENCE = 10.0
"""Seconds that a caller waits for what is still to come."""


class Working:
    """A recogniser that works on the loop: one second of audio takes 1/`CAPACITY` seconds of processor time."""

    name = "working"
    capabilities = ListeningCapabilities(punctuates=True)

    async def start(self) -> None:
        """Nothing to warm."""

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncGenerator[_Recognition, None]:
        """Yield a recognition with one final per second of audio."""
        yield _Recognition(2 * rate * channels)

    async def aclose(self) -> None:
        """Nothing to free."""


class _Recognition:
    def __init__(self, bytes_per_second: int) -> None:
        self._bytes_per_second = bytes_per_second
        self._received = 0
        self._told: asyncio.Queue[Transcript] = asyncio.Queue()

    async def push(self, pcm: bytes, /) -> None:
        before = self._received // self._bytes_per_second
        self._received += len(pcm)
        end = time.thread_time() + len(pcm) / self._bytes_per_second / CAPACITY
        while time.thread_time() < end:
            pass
        second = self._received // self._bytes_per_second
        if second > before:
            self._told.put_nowait(Transcript(f"{second}.", final=True, start=second - 1, end=second))

    async def finish(self) -> None:
        """Nothing is left."""

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        while True:
            yield await self._told.get()


@dataclass
class OverloadResult:
    """What callers met."""

    lags: list[float] = field(default_factory=list)
    """Seconds, of the calls that were taken."""
    refusals: list[float] = field(default_factory=list)
    """Seconds from asking to the 503."""
    reasons: Counter[str] = field(default_factory=Counter)
    admitted: int = 0
    lost: int = 0
    """Calls that were taken and then closed by the server."""

    @property
    def lag(self) -> float:
        """99th percentile, s."""
        return _percentile(self.lags)

    @property
    def refusal(self) -> float:
        """99th percentile, s."""
        return _percentile(self.refusals)


def _percentile(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98] if len(values) > 1 else float("nan")


def _serve(pipe: Connection, gated: bool) -> None:
    from providers.app import create_app
    from providers.engines.tone import Tone
    from providers.operations.logs import configure as quiet
    from providers.server import bind, run
    from providers.settings import Settings

    off = {} if gated else {"max_loop_lag_seconds": 0.0, "max_backlog_seconds": 0.0, "max_loop_share": 0.0}
    settings = Settings.of(no_auth=True, port=0, log_level="error", drain_seconds=0, **off)
    quiet("json", "critical")
    app = create_app(settings, voice=Tone(), transcriber=Working())
    sock = bind(settings)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROVIDERS_RUNTIME_DIR"] = folder
        run(
            app, settings, sock, announce=lambda base: pipe.send(sock.getsockname()[1]), drain=app.state.endpoints.drain
        )


@contextmanager
def served(*, gated: bool) -> Iterator[int]:
    """A server of its own process, with or without its gate; the port."""
    context = multiprocessing.get_context("spawn")
    pipe, far = context.Pipe()
    server = context.Process(target=_serve, args=(far, gated), daemon=True)
    server.start()
    try:
        if not pipe.poll(60):
            raise RuntimeError("the server did not come up")
        yield int(pipe.recv())
    finally:
        server.terminate()
        server.join(10)
        if server.is_alive():
            server.kill()
            server.join()


async def load(port: int, calls: int, *, ramp: float, seconds: float) -> OverloadResult:
    """Make calls, begun at random within ``ramp`` seconds, each until ``seconds`` after the ramp.

    Evenly spaced calls would send their frames at the same moments, and wait for each other.
    """
    met, begun, dice = OverloadResult(), asyncio.get_running_loop().time(), random.Random(calls)
    begins = [begun + dice.uniform(0, ramp) for _ in range(calls)]
    await asyncio.gather(*(_call(port, met, begin, begun + ramp + seconds) for begin in begins))
    return met


async def _call(port: int, met: OverloadResult, at: float, until: float) -> None:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(at - loop.time())
    asked = time.perf_counter()
    try:
        socket = await connect(f"ws://127.0.0.1:{port}{TRANSCRIBER_PATH}", compression=None, open_timeout=PATIENCE)
    except InvalidStatus as refused:
        met.refusals.append(time.perf_counter() - asked)
        met.reasons[json.loads(refused.response.body or b"{}").get("reason", "?")] += 1
        return
    except TimeoutError:
        met.refusals.append(time.perf_counter() - asked)
        met.reasons["no answer"] += 1
        return
    met.admitted += 1
    sent: dict[int, float] = {}
    hearing = asyncio.create_task(_hear(socket, met, sent))
    try:
        await _speak(socket, sent, until)
        async with asyncio.timeout(PATIENCE):
            while sent:  # noqa: ASYNC110  # for the last finals: it ends once, and nothing is measured here
                await asyncio.sleep(FRAME)
    except ConnectionClosed:
        met.lost += 1
    except TimeoutError:
        met.lags += [time.perf_counter() - then for then in sent.values()]
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        await socket.close()


async def _speak(socket: ClientConnection, sent: dict[int, float], until: float) -> None:
    """Send audio in real time."""
    loop = asyncio.get_running_loop()
    start = {"type": "start", "encoding": "linear16", "container": "raw", "sampleRate": RATE, "channels": 1}
    await socket.send(json.dumps(start))
    begun, frame, number = loop.time(), bytes(round(2 * RATE * FRAME)), 0
    per_second = round(1 / FRAME)
    while loop.time() < until:
        await asyncio.sleep(begun + number * FRAME - loop.time())
        number += 1
        if number % per_second == 0:
            sent[number // per_second] = time.perf_counter()
        await socket.send(frame)


async def _hear(socket: ClientConnection, met: OverloadResult, sent: dict[int, float]) -> None:
    async for text in socket:
        said = json.loads(text)["transcription"]
        if (then := sent.pop(int(said.rstrip(".")), None)) is not None:
            met.lags.append(time.perf_counter() - then)


def run(calls: int, *, gated: bool, ramp: float, seconds: float, before: int = 0) -> OverloadResult:
    """One load on a fresh server; ``before`` calls are made first, as on a server that has been up for a while."""
    with served(gated=gated) as port, asyncio.Runner(loop_factory=fast_loop()) as runner:
        if before:
            runner.run(load(port, before, ramp=1.0, seconds=3.0))
        return runner.run(load(port, calls, ramp=ramp, seconds=seconds))

"""The group ``transcriber``: frames that one core carries, lag of text under load, weight of an idle call."""

from __future__ import annotations

import asyncio
import gc
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar, cast

import psutil

from benchmarks.case import Bound, at_least, at_most
from benchmarks.report import Group, Options, Progress, Record, Report, Table
from benchmarks.served import Served, fast_loop, serving
from benchmarks.stats import middle, percentile

_T = TypeVar("_T")

PATH = "/api/custom-transcriber"
FRAME_BYTES = 1280
"""20 ms of 16 kHz stereo."""
START = b'{"type":"start","encoding":"linear16","container":"raw","sampleRate":16000,"channels":2}'

FLOOD = "frames per core second"
LAG = "500 calls at once, lag"
IDLE = "memory per idle call"
CALLS = 500

READING = (
    "The server runs in a process of its own with the engine null, the callers share another; frames hold 20 ms of"
    " 16 kHz stereo. Frames per core second are frames received, split and counted per second of the server process's"
    " own CPU time, so that a busy machine does not flatter or blame either side. Lag runs from the sending of a frame"
    " to the arrival of the final that it completes."
)

NODE_SERVER = """
const { WebSocketServer } = require("ws");
const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("listening", () => console.log("http://127.0.0.1:" + server.address().port));
server.on("connection", (socket) => {
  let heard = 0, told = 0;
  socket.on("message", (data, isBinary) => {
    if (!isBinary) return;
    const frames = data.length >> 2;  // a message's bytes may begin at an odd address: no typed array over them
    const left = new Int16Array(frames), right = new Int16Array(frames);
    for (let i = 0; i < frames; i++) { left[i] = data.readInt16LE(4 * i); right[i] = data.readInt16LE(4 * i + 2); }
    heard += left.length;
    while (heard >= (told + 1) * 16000) {
      told++;
      socket.send(JSON.stringify({ type: "transcriber-response", transcription: "second " + told + ".",
                                   channel: "customer", transcriptType: "final" }));
    }
  });
});
"""
"""The smallest server that does the same: splits every frame and answers one final per second of audio."""


def message(payload: bytes, opcode: int = 2) -> bytes:
    """One client message; masked with zeros, which leaves the payload as it is (RFC 6455, section 5.3)."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack("!H", size)
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


class Caller(asyncio.Protocol):
    """One call: sends frames when told to, notes when finals arrive."""

    def __init__(self) -> None:
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.finals = 0
        self.sent: list[float] = []
        """When the last frame of each second of audio went out."""
        self.lags: list[float] = []
        self._frames = 0
        self._transport: asyncio.Transport | None = None
        self._changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its bases
        key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        head = f"GET {PATH} HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n"
        self.write(head.encode())

    def data_received(self, data: bytes) -> None:
        if not self.open.done():
            if b" 101 " in data:
                self.open.set_result(None)
            else:
                self.open.set_exception(RuntimeError("the upgrade was refused"))
            return
        now = perf_counter()
        for _ in range(data.count(b'"final"')):
            if self.finals < len(self.sent):
                self.lags.append(now - self.sent[self.finals])
            self.finals += 1
        self._changed.set()

    def start(self) -> None:
        """Say what is coming."""
        self.write(message(START, opcode=1))

    def frame(self, data: bytes) -> None:
        """Send the next 20 ms."""
        self._frames += 1
        if self._frames % 50 == 0:
            self.sent.append(perf_counter())
        self.write(data)

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self._transport is not None
        self._transport.write(data)

    async def heard(self, finals: int) -> None:
        """Wait for so many finals."""
        while self.finals < finals:
            self._changed.clear()
            await self._changed.wait()

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None
        self._transport.abort()


async def dial(server: Served, calls: int) -> list[Caller]:
    """So many open calls that have started."""
    loop = asyncio.get_running_loop()
    callers = []
    for _ in range(calls):
        _, caller = await loop.create_connection(Caller, server.host, server.port)
        await caller.open
        caller.start()
        callers.append(caller)
    return callers


async def flood(server: Served, frames: int) -> float:
    """Frames per second of the server's CPU time, from one call that sends as fast as it is read."""
    (caller,) = await dial(server, 1)
    process = psutil.Process(server.pid)
    burst = message(bytes(FRAME_BYTES)) * 500
    before = sum(process.cpu_times()[:2])
    for sent in range(500, frames + 1, 500):
        caller.write(burst)
        await caller.heard(sent // 50 - 50)
    await caller.heard(frames // 50)
    spent = sum(process.cpu_times()[:2]) - before
    caller.close()
    return frames / spent


async def crowd(server: Served, seconds: float) -> tuple[list[float], int]:
    """Lags (s) of all finals of `CALLS` calls in real time, and how many frames' finals never came."""
    callers = await dial(server, CALLS)
    frame = message(bytes(FRAME_BYTES))
    # Calls begin at different times: their seconds, and with them their finals, are spread over one.
    for index, caller in enumerate(callers):
        for _ in range(index % 50):
            caller.frame(frame)
    await asyncio.sleep(0.5)
    gc.collect()
    gc.freeze()  # the callers' own pauses are not the server's lag
    begun = perf_counter()
    turns = round(seconds * 50)
    for turn in range(turns):
        for index, caller in enumerate(callers):
            due = begun + (turn + index / CALLS) * 0.02
            if (wait := due - perf_counter()) > 0.0005:
                await asyncio.sleep(wait)
            elif index % 10 == 0:
                await asyncio.sleep(0)  # finals are read, and dated, even when the sending is behind
            caller.frame(frame)
    expected = turns // 50
    done, late = await asyncio.wait([asyncio.create_task(caller.heard(expected)) for caller in callers], timeout=5)
    for task in late:
        task.cancel()
    for caller in callers:
        caller.close()
    return [lag for caller in callers for lag in caller.lags], len(late)


async def idle(server: Served) -> float:
    """Bytes of the server's memory per open, started, silent call."""
    process = psutil.Process(server.pid)
    for caller in await dial(server, CALLS):  # not counted: what the first calls ever leave in the allocator
        caller.close()
    await asyncio.sleep(0.5)
    before = process.memory_info().rss
    callers = await dial(server, 2 * CALLS)
    after = process.memory_info().rss
    for caller in callers:
        caller.close()
    return (after - before) / len(callers)


@dataclass(frozen=True)
class Line:
    """One figure."""

    case: str
    who: str
    value: str
    bound: Bound | None
    figure: float
    unit: str

    @property
    def verdict(self) -> str:
        if self.bound is None:
            return ""
        return f"{'met' if self.bound.met(self.figure) else 'MISSED'}: {self.bound} {self.unit}"

    @property
    def record(self) -> Record:
        found = {"case": self.case, "who": self.who, "value": self.figure, "unit": self.unit}
        return found if self.bound is None else {**found, "target": str(self.bound), "met": self.bound.met(self.figure)}


def _flood(options: Options) -> Iterator[Line]:
    frames, rounds = (20_000, 2) if options.quick else (100_000, 5)
    with _ours("--audio-buffer-seconds", "3000") as ours, _node() as node:
        sides = [("ours", ours)] + ([("node ws", node)] if node else [])
        found: dict[str, list[float]] = {name: [] for name, _ in sides}
        for turn in range(rounds + 1):
            for name, server in sides:
                speed = _run(flood(server, frames))
                if turn:  # the first round warms both sides up
                    found[name].append(speed)
    for name, speeds in found.items():
        usual = middle(speeds)
        yield Line(FLOOD, name, f"{usual.median:,.0f} ±{100 * usual.spread:.0f} %", None, usual.median, "frames/s")
    if node:
        ratio = middle([mine / theirs for mine, theirs in zip(found["ours"], found["node ws"], strict=True)])
        yield Line(FLOOD, "ours / node ws", f"{ratio.median:.2f}", at_least(1.2), ratio.median, "×")


def _lag(options: Options) -> Iterator[Line]:
    with _ours() as server:
        lags, late = _run(crowd(server, 3 if options.quick else 10))
    worst = 1e3 * percentile(lags, 0.99)
    yield Line(LAG, "p50", f"{1e3 * percentile(lags, 0.5):.2f}", None, 1e3 * percentile(lags, 0.5), "ms")
    yield Line(LAG, "p99", f"{worst:.2f}", at_most(20), worst, "ms")
    yield Line(LAG, "calls with lost frames", f"{late}", at_most(0), late, "calls")


def _idle(options: Options) -> Iterator[Line]:
    with _ours() as server:
        size = _run(idle(server)) / 1024
    yield Line(IDLE, "ours", f"{size:.1f}", at_most(60), size, "KiB")


CASES = {FLOOD: _flood, LAG: _lag, IDLE: _idle}
COLUMNS = ("case", "who", "figure", "unit", "target")


def run(options: Options, progress: Progress) -> Report:
    """Each case against a fresh server."""
    selected = [name for name in CASES if options.selects(name)]
    lines: list[Line] = []
    for index, name in enumerate(selected):
        progress.step(name, index, len(selected))
        lines += CASES[name](options)
    rows = [(line.case, line.who, line.value, line.unit, line.verdict) for line in lines]
    notes = [READING]
    if FLOOD in selected and not any(line.who == "node ws" for line in lines):
        notes.append(f"Node was not measured: {_node_missing()}.")
    table = Table("Transcriber", COLUMNS, rows, frozenset(COLUMNS) - {"figure"})
    return Report([table], [line.record for line in lines], notes)


def _run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        return runner.run(coroutine)


@contextmanager
def _ours(*arguments: str) -> Iterator[Served]:
    common = ("--voice", "tone", "--transcriber", "null", "--log-level", "error", "--max-calls", "2000")
    with serving(*common, *arguments) as server:
        yield server


def _node_missing() -> str:
    if shutil.which("node") is None:
        return "it is not installed"
    found = subprocess.run(["node", "-e", "require('ws')"], capture_output=True, check=False)
    return "" if found.returncode == 0 else "its package ws is not found; 'npm install ws' in this folder brings it"


@contextmanager
def _node() -> Iterator[Served | None]:
    if _node_missing():
        yield None
        return
    with tempfile.NamedTemporaryFile("w", suffix=".cjs", dir=Path.cwd()) as script:
        script.write(NODE_SERVER)
        script.flush()
        process = subprocess.Popen(["node", script.name], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().rsplit(":", 1)[1])
            yield Served("127.0.0.1", port, process.pid)
        finally:
            process.terminate()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _names() -> Sequence[str]:
    return list(CASES)


GROUP = Group(
    name="transcriber",
    question="How many calls does one core carry, how late is the text, and what does a call weigh?",
    cases=_names,
    run=run,
)

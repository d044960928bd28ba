"""The group ``voice``: how soon a real server's first audio byte leaves, alone and with many callers at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from benchmarks.case import Bound, at_most
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table
from benchmarks.served import Served, fast_loop, serving
from benchmarks.stats import percentile

TEXT = "Your table is booked for seven."
PATH = "/api/custom-voice"

READING = (
    "Wall time from the first byte of the request to the first byte of audio, over loopback and kept connections;"
    " the server runs in a process of its own, the callers share another."
)


@dataclass(frozen=True)
class VoiceLoad:
    """So many callers who ask at the same moment, so many times over."""

    name: str
    callers: int
    turns: int
    bounds: dict[float, Bound]
    """Milliseconds by percentile."""


LOADS = (
    VoiceLoad("first audio, alone", 1, 400, {0.5: at_most(1), 0.99: at_most(5)}),
    VoiceLoad("first audio, 50 at once", 50, 20, {0.99: at_most(25)}),
)
COLUMNS = ("case", "engine", "requests", "p50 ms", "p90 ms", "p99 ms", "max ms", "target")


class KeptConnection:
    """One kept connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        self._reader, self._writer, self._request = reader, writer, request

    @classmethod
    async def connect(cls, server: Served) -> KeptConnection:
        """Open the connection."""
        reader, writer = await asyncio.open_connection(server.host, server.port)
        return cls(reader, writer, _request(server))

    async def ask(self) -> float:
        """Seconds to the first byte of audio; the rest is read, too, so that the connection can be used again."""
        started = perf_counter()
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = head.decode("latin-1").partition("\r\n")[0]
        if " 200 " not in status:
            raise RuntimeError(f"expected status 200, found {status}")
        first = None
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            first = first or perf_counter()
            await self._reader.readexactly(size + 2)
        await self._reader.readexactly(2)
        assert first is not None, "the body was empty"
        return first - started

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()


def _request(server: Served) -> bytes:
    message = {"type": "voice-request", "text": TEXT, "sampleRate": 16000, "timestamp": 0, "call": {"id": "b"}}
    body = json.dumps({"message": message}).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: {server.host}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _measure(server: Served, load: VoiceLoad, turns: int) -> list[float]:
    callers = [await KeptConnection.connect(server) for _ in range(load.callers)]
    try:
        await asyncio.gather(*(caller.ask() for caller in callers))  # not counted: everything is loaded by it
        found: list[float] = []
        for _ in range(turns):
            found += await asyncio.gather(*(caller.ask() for caller in callers))
        return found
    finally:
        for caller in callers:
            await caller.close()


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Ask the engine ``tone``, which takes next to no time itself, so that the server's own share is what is seen."""
    selected = [load for load in LOADS if options.selects(load.name)]
    rows, records = [], list[Record]()
    with serving("--voice", "tone", "--transcriber", "null", "--log-level", "error") as server:
        for index, load in enumerate(selected):
            progress.step(load.name, index, len(selected))
            turns = load.turns // 5 if options.quick else load.turns
            with asyncio.Runner(loop_factory=fast_loop()) as runner:
                seconds = runner.run(_measure(server, load, turns))
            found = {share: 1e3 * percentile(seconds, share) for share in (0.5, 0.9, 0.99, 1.0)}
            rows.append(_row(load, len(seconds), found))
            records.append(_record(load, len(seconds), found))
    return GroupReport([Table("Voice", COLUMNS, rows, frozenset({"case", "engine", "target"}))], records, [READING])


def _row(load: VoiceLoad, requests: int, found: dict[float, float]) -> tuple[str, ...]:
    told = [
        f"{'met' if bound.met(found[share]) else 'MISSED'}: p{100 * share:g} {bound} ms"
        for share, bound in load.bounds.items()
    ]
    return (load.name, "tone", f"{requests:,}", *(f"{value:.2f}" for value in found.values()), "\n".join(told))


def _record(load: VoiceLoad, requests: int, found: dict[float, float]) -> Record:
    targets = [
        {"target": f"p{100 * share:g} {bound} ms", "value": found[share], "met": bound.met(found[share])}
        for share, bound in load.bounds.items()
    ]
    milliseconds = {f"p{100 * share:g}": value for share, value in found.items()}
    return {"case": load.name, "engine": "tone", "requests": requests, "ms": milliseconds, "targets": targets}


def _names() -> Sequence[str]:
    return [load.name for load in LOADS]


GROUP = CaseGroup(
    name="voice",
    question="How soon does the first audio of an answer leave the server?",
    cases=_names,
    run=run,
)

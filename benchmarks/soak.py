"""A soak: two workers with hundreds of calls and barge-in for as long as it is told to; what grows is seen.

Memory is what only these processes hold and their share of what they have in common (PSS on Linux), of the supervisor,
the workers and all below. It is compared at rest: after a first load, which fills caches and pools, and after the soak.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from benchmarks.counted_call import CountedCall, Refused
from benchmarks.served import UNGATED, Served, fast_loop, serving

_FLAGS = (*UNGATED, "--max-voices", "1000", "--workers", "2")
_CALL_SECONDS = 30
"""Seconds of audio of one call; the next one follows at once."""
_TURN = 6.0
"""Seconds between two answers of the assistant, on average."""
_BARGE_IN = 0.5
"""Share of the answers that are cut off by the caller."""
_REST = 150.0
"""Seconds until the processes are at rest: a voice request whose call has no socket in its worker is remembered for two
minutes, and what was freed goes back to the system a little later."""
_VOICE_PATH = "/api/custom-voice"


@dataclass(frozen=True, slots=True)
class HeldAtRest:
    """What the server's processes hold at rest."""

    memory: int
    """Bytes."""
    descriptors: int
    processes: int


@dataclass(slots=True)
class Soaked:
    """What a soak showed."""

    seconds: float = 0.0
    before: HeldAtRest = HeldAtRest(0, 0, 0)
    after: HeldAtRest = HeldAtRest(0, 0, 0)
    calls: int = 0
    cut: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    answers: int = 0
    barged_in: int = 0
    lags: list[tuple[float, float]] = field(default_factory=list)
    """Moment and seconds of each word's lag."""
    late: list[tuple[float, float]] = field(default_factory=list)
    """Moment, and seconds by which the measuring side's own loop was late."""

    @property
    def grown(self) -> float:
        """Memory after the soak as a share of that before, less one."""
        return self.after.memory / self.before.memory - 1 if self.before.memory else 0.0

    def lag(self, begin: float, end: float) -> float:
        """The lag's 99th percentile between two moments of the soak, in seconds."""
        return _p99(self.lags, begin, end)

    def lateness(self, begin: float, end: float) -> float:
        """The same of the measuring side's own lateness."""
        return _p99(self.late, begin, end)


def soak(calls: int, seconds: float, *, rest: float = _REST, warm: float = 60.0) -> Soaked:
    """Load a server of two workers."""
    with serving(*_FLAGS) as server, asyncio.Runner(loop_factory=fast_loop()) as runner:
        return runner.run(_soak(server, calls, seconds, rest, warm))


async def _soak(server: Served, calls: int, seconds: float, rest: float, warm: float) -> Soaked:
    await _load(server, calls, warm, Soaked())
    await asyncio.sleep(rest)
    soaked = Soaked(before=held(server.pid))
    begun = time.perf_counter()
    await _load(server, calls, seconds, soaked)
    soaked.seconds = time.perf_counter() - begun
    soaked.lags = [(at - begun, lag) for at, lag in soaked.lags]
    soaked.late = [(at - begun, late) for at, late in soaked.late]
    await asyncio.sleep(rest)
    soaked.after = held(server.pid)
    return soaked


async def _load(server: Served, calls: int, seconds: float, soaked: Soaked) -> None:
    end = time.perf_counter() + seconds

    def over() -> bool:
        return time.perf_counter() >= end

    watch = asyncio.create_task(_watch(soaked))
    ramp = min(10.0, seconds / 4)
    await asyncio.gather(*(_caller(server, at, ramp * at / calls, over, soaked) for at in range(calls)))
    watch.cancel()


async def _watch(soaked: Soaked) -> None:
    """Note how late this loop is: what it adds to every lag."""
    while True:
        due = time.perf_counter() + 0.05
        await asyncio.sleep(0.05)
        now = time.perf_counter()
        soaked.late.append((now, now - due))


async def _caller(server: Served, index: int, wait: float, over: Callable[[], bool], soaked: Soaked) -> None:
    """One caller: call after call, with the assistant's answers beside them."""
    await asyncio.sleep(wait)
    dice = random.Random(index)
    while not over():
        call = CountedCall(_CALL_SECONDS)
        assistant = asyncio.create_task(_assistant(server, dice, soaked))
        try:
            await call.run(server.base, over=over)
        except Refused as error:
            soaked.cut[f"refused: {error}"] += 1
            await asyncio.sleep(1)
            continue
        finally:
            assistant.cancel()
        soaked.calls += 1
        soaked.lost += call.lost
        soaked.lags += call.lags
        if call.cut is not None:
            soaked.cut[f"close code {call.cut}"] += 1


async def _assistant(server: Served, dice: random.Random, soaked: Soaked) -> None:
    """Answers now and then; half of them are cut off by hanging up in the middle."""
    text = "The table is booked for this evening, and the kitchen is open until ten. " * 3
    while True:
        await asyncio.sleep(dice.uniform(0.3, 1.7) * _TURN)
        barges_in = dice.random() < _BARGE_IN
        await _answer(server, text, barges_in=barges_in)
        soaked.answers += 1
        soaked.barged_in += barges_in


async def _answer(server: Served, text: str, *, barges_in: bool) -> None:
    body = json.dumps({"message": {"type": "voice-request", "text": text, "sampleRate": 24000}}).encode()
    head = f"POST {_VOICE_PATH} HTTP/1.1\r\nHost: b\r\nConnection: close\r\nContent-Type: application/json\r\n"
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        if barges_in:
            await reader.read(8192)
        else:
            while await reader.read(65536):
                pass
    finally:
        writer.transport.abort()


def held(pid: int) -> HeldAtRest:
    """What a process and all below it hold."""
    memory = descriptors = count = 0
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        full = process.memory_full_info()
        memory += getattr(full, "pss", full.uss)
        descriptors += process.num_fds()
        count += 1
    return HeldAtRest(memory, descriptors, count)


def _p99(values: list[tuple[float, float]], begin: float, end: float) -> float:
    within = sorted(value for at, value in values if begin <= at < end)
    return within[int(0.99 * len(within))] if within else 0.0

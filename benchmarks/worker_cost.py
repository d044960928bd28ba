"""What workers cost and give: processor time of a call beside one process alone, balance, memory, time to be back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import psutil

from benchmarks.counted_call import CountedCall
from benchmarks.served import UNGATED, Served, fast_loop, serving
from benchmarks.soak import held

_HANG = 60.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a load took."""

    cpu: float
    """Processor seconds of all the server's processes for a second of a call."""
    spread: tuple[int, ...]
    """Calls on each worker at full load."""


def cost(workers: int, calls: int, seconds: int) -> Cost:
    """The cost of calls that come all at once to a fresh server of so many workers."""
    with (
        serving(*UNGATED, "--workers", f"{workers}") as server,
        asyncio.Runner(loop_factory=fast_loop()) as runner,
    ):
        return runner.run(_cost(server, calls, seconds))


async def _cost(server: Served, calls: int, seconds: int) -> Cost:
    await asyncio.gather(*(CountedCall(1).run(server.base) for _ in range(4)))  # what is made once is made
    opened = [asyncio.Event() for _ in range(calls)]
    before = _cpu(server.pid)
    calling = [asyncio.create_task(CountedCall(seconds).run(server.base, opened=event)) for event in opened]
    await asyncio.gather(*(event.wait() for event in opened))
    spread = _spread(server)
    await asyncio.gather(*calling)
    return Cost((_cpu(server.pid) - before) / (calls * seconds), spread)


def back_after_kill(rounds: int, *flags: str) -> list[float]:
    """Seconds from a worker's SIGKILL until both workers serve again."""
    found = []
    for _ in range(rounds):
        with serving(*(flags or UNGATED), "--workers", "2") as server:
            full = _places(server)
            worker = psutil.Process(server.pid).children()[-1]
            worker.kill()
            begun = time.monotonic()
            while (_places(server) != full or worker.is_running()) and time.monotonic() - begun < _HANG:
                time.sleep(0.002)  # the server has no event for another process
            found.append(time.monotonic() - begun)
    return found


def memory(flags: Sequence[str], workers: int) -> int:
    """Bytes that a server of so many workers holds once it serves."""
    with serving(*flags, "--workers", f"{workers}") as server:
        return held(server.pid).memory


def _places(server: Served) -> int:
    return int(httpx.get(server.base + "/readyz").json()["max_calls"])


def _spread(server: Served) -> tuple[int, ...]:
    """Connections of each worker, of the process itself where it serves alone."""
    root = psutil.Process(server.pid)
    serving_processes = root.children() or [root]
    return tuple(
        sum(found.status == psutil.CONN_ESTABLISHED for found in process.net_connections("tcp"))
        for process in serving_processes
    )


def _cpu(pid: int) -> float:
    root = psutil.Process(pid)
    times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
    return sum(each.user + each.system for each in times)

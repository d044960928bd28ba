"""A redeploy under load: a server drains while another one takes new calls, and servers take over from each other."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.counted_call import CountedCall, Refused
from benchmarks.served import UNGATED, Served, fast_loop, serving

_NEW_EVERY = 0.2
"""Seconds between two new calls while the old server drains."""


@dataclass(slots=True)
class RedeployResult:
    """What became of the calls."""

    calls: int = 0
    cut: Counter[int] = field(default_factory=Counter)
    """Calls that the server ended, by close code."""
    lost: int = 0
    """Words that did not come."""
    refused: Counter[str] = field(default_factory=Counter)
    """Upgrades that no server took, by status or error."""
    slowest_open: float = 0.0
    """Seconds from the first attempt of a call to its accepted upgrade."""
    exit_codes: list[int | None] = field(default_factory=list)
    leaving: float = 0.0
    """Seconds from the end of the old server's last call to the end of its process."""
    switches: int = 0
    """Servers that followed another one."""

    def add(self, call: CountedCall) -> None:
        """Count one call that is over."""
        self.calls += 1
        self.lost += call.lost
        if call.cut is not None:
            self.cut[call.cut] += 1


def drained(calls: int, seconds: int, *, speed: float = 1.0, notice: float = 5.0) -> RedeployResult:
    """``calls`` on server A, SIGTERM in the middle of their audio, while new calls come and B is there."""
    with (
        serving(*UNGATED, "--drain-notice-seconds", f"{notice}") as old,
        serving(*UNGATED) as new,
        asyncio.Runner(loop_factory=fast_loop()) as runner,
    ):
        return runner.run(_drained(old, new, calls, seconds, speed))


async def _drained(old: Served, new: Served, calls: int, seconds: int, speed: float) -> RedeployResult:
    outcome = RedeployResult(switches=1)
    length = seconds / speed
    first = [CountedCall(seconds, speed) for _ in range(calls)]
    opened = [asyncio.Event() for _ in first]
    running = [asyncio.create_task(_spread(call, old, length * 0.2 * at / calls, opened[at])) for at, call in
               enumerate(first)]  # fmt: skip
    await asyncio.gather(*(event.wait() for event in opened))
    await asyncio.sleep(length * 0.4)
    os.kill(old.pid, signal.SIGTERM)
    comers = [asyncio.create_task(_come(outcome, (old, new), _NEW_EVERY * number, speed))
              for number in range(round(length / _NEW_EVERY / 2))]  # fmt: skip
    await asyncio.gather(*running)
    over = time.monotonic()
    outcome.exit_codes.append(await asyncio.to_thread(_exit_code, old))
    outcome.leaving = time.monotonic() - over
    await asyncio.gather(*comers)
    for call in first:
        outcome.add(call)
    return outcome


async def _spread(call: CountedCall, server: Served, wait: float, opened: asyncio.Event) -> None:
    await asyncio.sleep(wait)
    await call.run(server.base, opened=opened)


async def _come(outcome: RedeployResult, servers: tuple[Served, ...], wait: float, speed: float) -> None:
    """A new call: what one server does not take is offered to the next, as a load balancer does."""
    await asyncio.sleep(wait)
    begun, call, faults = time.perf_counter(), CountedCall(2, speed), list[str]()
    for server in servers:
        opened = asyncio.Event()
        task = asyncio.create_task(call.run(server.base, opened=opened))
        waiting = asyncio.create_task(opened.wait())
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if opened.is_set():
            outcome.slowest_open = max(outcome.slowest_open, time.perf_counter() - begun)
        try:
            await task
        except Refused as error:
            faults.append(str(error))
            continue
        outcome.add(call)
        return
    outcome.refused[" then ".join(faults)] += 1


def taken_over(times: int, callers: int, seconds: int, *, workers: int = 1, notice: float = 1.0) -> RedeployResult:
    """``callers`` that call again and again, while servers take over from each other ``times`` over."""
    flags = (*UNGATED, "--drain-notice-seconds", f"{notice}", "--workers", f"{workers}")
    with tempfile.TemporaryDirectory() as runtime, ExitStack() as stack:
        first = stack.enter_context(serving(*flags, runtime=runtime))
        with asyncio.Runner(loop_factory=fast_loop()) as runner:
            return runner.run(_taken_over(stack, first, (*flags, "--takeover"), runtime, times, callers, seconds))


async def _taken_over(
    stack: ExitStack, first: Served, flags: tuple[str, ...], runtime: str, times: int, callers: int, seconds: int
) -> RedeployResult:
    outcome, over = RedeployResult(), asyncio.Event()
    calling = [asyncio.create_task(_call_again(outcome, first.base, seconds, over)) for _ in range(callers)]
    servers = [first]
    for _ in range(times):
        follow = serving(*flags, "--port", f"{first.port}", runtime=runtime)
        servers.append(await asyncio.to_thread(stack.enter_context, follow))
        outcome.switches += 1
    over.set()
    await asyncio.gather(*calling)
    for server in servers[:-1]:
        outcome.exit_codes.append(await asyncio.to_thread(_exit_code, server))
    return outcome


async def _call_again(outcome: RedeployResult, base: str, seconds: int, over: asyncio.Event) -> None:
    while not over.is_set():
        call, begun, opened = CountedCall(seconds), time.perf_counter(), asyncio.Event()
        task = asyncio.create_task(call.run(base, opened=opened))
        waiting = asyncio.create_task(opened.wait())
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        outcome.slowest_open = max(outcome.slowest_open, time.perf_counter() - begun)
        try:
            await task
        except Refused as error:
            outcome.refused[str(error)] += 1
            continue
        outcome.add(call)


def _exit_code(server: Served) -> int | None:
    """The exit code of a server that is to end by itself; None when it does not."""
    assert server.process is not None
    try:
        return server.process.wait(60)
    except subprocess.TimeoutExpired:
        return None

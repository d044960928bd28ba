"""All calls of a load, in this process or spread over several, with an eye on whether the generator keeps up."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event

from providers.emulator.load.caller import Clock, SimulatedCall
from providers.emulator.load.measures import Measures
from providers.emulator.load.plan import LoadPlan, Script
from providers.emulator.processes import Usage, usage

_SAMPLE = 0.5
"""Seconds between two looks at the server's process, and at whether to stop."""
_DISMISSAL = 5.0
"""Seconds a process has to end when its work is done."""


@dataclass(frozen=True, slots=True)
class ServerUsage:
    """What the server used, where it runs on this machine."""

    cores: float
    """CPU seconds per second."""
    memory: int
    """Bytes resident at the highest."""


@dataclass(slots=True)
class Result:
    """One load and what came of it."""

    plan: LoadPlan
    measures: Measures
    seconds: float = 0.0
    server: ServerUsage | None = None
    interrupted: bool = False
    processes: int = 1

    @property
    def saturation(self) -> str | None:
        """Why the generator's figures say more about itself than about the server; None when it kept up."""
        busiest = max(self.measures.cpu, default=0.0)
        if busiest > self.plan.busy:
            return f"the generator used {busiest:.0%} of a core; --processes {self.processes + 1} gives it another"
        late = self.measures.lateness.percentile(0.99)
        if late > self.plan.punctual:
            shown = f"one frame in a hundred left {late * 1000:.0f} ms late"
            return f"{shown} though the generator used {busiest:.0%} of a core: this machine is busy otherwise"
        return None


class ServerMonitor:
    """The server's process, looked at now and then."""

    def __init__(self, pid: int | None) -> None:
        self._pid = pid
        self._first: tuple[float, Usage] | None = None
        self._last: tuple[float, Usage] | None = None
        self._highest = 0

    def look(self) -> None:
        """Look once."""
        seen = usage(self._pid) if self._pid is not None else None
        if seen is None:
            return
        self._last = (time.monotonic(), seen)
        self._first = self._first or self._last
        self._highest = max(self._highest, seen.memory)

    def result(self) -> ServerUsage | None:
        """What was used between the first and the last look."""
        self.look()
        if self._first is None or self._last is None or self._last[0] == self._first[0]:
            return None
        cores = (self._last[1].cpu - self._first[1].cpu) / (self._last[0] - self._first[0])
        return ServerUsage(cores, self._highest)


async def fleet(
    plan: LoadPlan, script: Script, measures: Measures, *, first: int = 0, stopped: Callable[[], bool] = lambda: False
) -> None:
    """Make all calls of a plan in this process, until their time is over or ``stopped`` says so."""
    clock = Clock(time.perf_counter, time.perf_counter() + plan.ramp + plan.duration)
    marks = [(time.perf_counter(), time.process_time())]

    async def mark_full_load() -> None:
        await asyncio.sleep(plan.ramp)
        marks.append((time.perf_counter(), time.process_time()))

    async def begin(index: int) -> None:
        await asyncio.sleep(plan.ramp * index / plan.calls)
        await SimulatedCall(plan, script, measures, clock, index=first + index).run()

    calls = [asyncio.create_task(mark_full_load()), *(asyncio.create_task(begin(index)) for index in range(plan.calls))]
    try:
        while not all(call.done() for call in calls) and not stopped():
            await asyncio.wait(calls, timeout=_SAMPLE)
    finally:
        for call in calls:
            call.cancel()
        began, cpu = marks[-1]
        measures.cpu.append((time.process_time() - cpu) / max(1e-9, time.perf_counter() - began))
        ended = await asyncio.gather(*calls, return_exceptions=True)
    for fault in ended:
        if isinstance(fault, Exception):
            raise fault


def run(
    plan: LoadPlan,
    script: Script,
    *,
    processes: int = 1,
    pid: int | None = None,
    on_tick: Callable[[float], None] | None = None,
) -> Result:
    """Make all calls, and measure; Ctrl-C ends the load early, and what was measured until then is the result.

    ``on_tick`` hears at least twice a second how many seconds have passed.
    """
    result = Result(plan, Measures(), processes=processes)
    began = time.monotonic()
    watch = ServerMonitor(pid)

    def tick() -> None:
        passed = time.monotonic() - began
        if passed > plan.ramp:  # before, the server works less than at full load
            watch.look()
        if on_tick is not None:
            on_tick(passed)

    crew = LoadProcesses()
    try:
        with _without_interrupts():
            crew.start(plan, script, processes)
        crew.collect(result.measures, tick)
    except KeyboardInterrupt:
        result.interrupted = True
        crew.stop()
        crew.collect(result.measures, tick)
    finally:
        crew.dismiss()
    result.server = watch.result()
    result.seconds = time.monotonic() - began
    return result


def shares(plan: LoadPlan, processes: int) -> list[tuple[LoadPlan, int]]:
    """The plan in as many parts, each with the index of its first call."""
    made, first = [], 0
    for index in range(processes):
        calls = plan.calls // processes + (index < plan.calls % processes)
        made.append((replace(plan, calls=calls), first))
        first += calls
    return [(part, start) for part, start in made if part.calls]


class LoadProcesses:
    """The processes that make the calls. They never see Ctrl-C: they are told to stop, and hand in what they have."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._stop = self._context.Event()
        self._workers: list[SpawnProcess] = []
        self._waiting: set[Connection] = set()

    def start(self, plan: LoadPlan, script: Script, processes: int) -> None:
        """Start the processes."""
        for part, first in shares(plan, processes):
            receiver, sender = self._context.Pipe(duplex=False)
            worker = self._context.Process(target=_part, args=(part, script, first, self._stop, sender), daemon=True)
            worker.start()
            sender.close()
            self._workers.append(worker)
            self._waiting.add(receiver)

    def collect(self, measures: Measures, tick: Callable[[], None]) -> None:
        """Wait for all that is still out."""
        while self._waiting:
            tick()
            for receiver in wait(list(self._waiting), timeout=_SAMPLE):
                assert isinstance(receiver, Connection)
                try:
                    measures.absorb(receiver.recv())
                except EOFError:
                    measures.errors["a process of the generator died"] += 1
                receiver.close()
                self._waiting.discard(receiver)

    def stop(self) -> None:
        """Ask for what was measured so far."""
        self._stop.set()

    def dismiss(self) -> None:
        """End every process."""
        for worker in self._workers:
            worker.join(_DISMISSAL)
            if worker.is_alive():
                worker.kill()
                worker.join()


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back; a process started meanwhile never gets it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows: a process there sees Ctrl-C, and what it measured is lost
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _part(plan: LoadPlan, script: Script, first: int, stop: Event, results: Connection) -> None:
    """In a process of its own: make a part of the calls."""
    measures = Measures()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(fleet(plan, script, measures, first=first, stopped=stop.is_set))
    results.send(measures)


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on Windows
        return None
    return uvloop.Loop

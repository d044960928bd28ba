"""All calls of a load, in this process or spread over several, with an eye on whether the generator keeps up."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event
from typing import cast

from providers.emulator.load.environment import LoadClock
from providers.emulator.load.measures import Measures
from providers.emulator.load.plan import LoadPlan
from providers.emulator.load.script import Script
from providers.emulator.load.server_monitor import ServerMonitor, ServerUsage
from providers.emulator.load.simulated_call import simulate_call

_SAMPLE = 0.5
"""Seconds between two looks at the server's process, and at whether to stop."""
_DISMISSAL = 5.0
"""Seconds a process has to end when its work is done."""


@dataclass(slots=True)
class LoadResult:
    """One load and what came of it."""

    plan: LoadPlan
    measures: Measures
    seconds: float = 0.0
    server: ServerUsage | None = None
    interrupted: bool = False
    processes: int = 1
    speech: bool = True
    """False when the calls carried a noise without words, which needs no transcript."""

    @property
    def saturation(self) -> str | None:
        """Why the generator's figures say more about itself than about the server; None when it kept up."""
        endurance = self.plan.endurance
        busiest = max(self.measures.cpu, default=0.0)
        if busiest > endurance.busy:
            return f"the generator used {busiest:.0%} of a core; --processes {self.processes + 1} gives it another"
        late = self.measures.lateness.percentile(0.99)
        if late > endurance.punctual:
            shown = f"one frame in a hundred left {late * 1000:.0f} ms late"
            return f"{shown} though the generator used {busiest:.0%} of a core: this machine is busy otherwise"
        return None

    @property
    def errors(self) -> Counter[str]:
        """All errors, among them what was planned and of which nothing was measured."""
        found = Counter(self.measures.errors)
        found.update(dict.fromkeys(self._nothing_measured(), 1))
        lost = len(self.measures.transcriber.lags.open) - self.measures.transcriber.unmatched
        if lost > 0:
            found["transcriber: no final for an utterance"] = lost
        return found

    def _nothing_measured(self) -> Iterator[str]:
        plan, measures = self.plan, self.measures
        if plan.transcriber is not None and not measures.transcriber.opened.values:
            yield "transcriber: no call was opened, nothing was measured"
        elif plan.transcriber is not None and self.speech and not measures.transcriber.lags.values:
            yield "transcriber: no final could be matched with what was said, no lag was measured"
        if plan.voice is not None and not measures.voice.first_byte.values:
            yield "voice: no answer came, nothing was measured"
        asked = measures.transcriber.finals + measures.transcriber.partials > 0
        if plan.endpointing is not None and asked and not measures.endpointing.values:
            yield "endpointing: no answer came, nothing was measured"


async def make_calls(
    plan: LoadPlan, script: Script, measures: Measures, *, first: int = 0, stopped: Callable[[], bool] = lambda: False
) -> None:
    """Make all calls of a plan in this process, until their time is over or ``stopped`` says so."""
    clock = LoadClock(plan.ramp + plan.duration, plan.endurance.drain)
    marks = [(time.perf_counter(), time.process_time())]

    async def mark_full_load() -> None:
        for wait_for in (plan.ramp, plan.duration):
            await asyncio.sleep(wait_for)
            marks.append((time.perf_counter(), time.process_time()))

    async def begin(index: int) -> None:
        await asyncio.sleep(plan.ramp * index / plan.calls)
        await simulate_call(plan, script, measures, clock, index=first + index)

    calls = [asyncio.create_task(mark_full_load()), *(asyncio.create_task(begin(index)) for index in range(plan.calls))]
    try:
        while not all(call.done() for call in calls) and not stopped():
            await asyncio.wait(calls, timeout=_SAMPLE)
    finally:
        for call in calls:
            call.cancel()
        if len(marks) < 3:
            marks.append((time.perf_counter(), time.process_time()))
        (began, before), (ended, after) = marks[-2:]
        measures.cpu.append((after - before) / max(1e-9, ended - began))
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
    for fault in outcomes:
        if isinstance(fault, Exception):
            raise fault


def run(
    plan: LoadPlan,
    script: Script,
    *,
    processes: int = 1,
    pid: int | None = None,
    on_tick: Callable[[float], None] | None = None,
) -> LoadResult:
    """Make all calls, and measure; Ctrl-C ends the load early, and what was measured until then is the result.

    ``on_tick`` hears at least twice a second how many seconds have passed.
    """
    result = LoadResult(plan, Measures(), processes=processes, speech=script.speech)
    began = time.monotonic()
    watch = ServerMonitor(pid)

    def tick() -> None:
        passed = time.monotonic() - began
        if plan.ramp < passed <= plan.ramp + plan.duration + _SAMPLE:  # at full load
            watch.look()
        if on_tick is not None:
            on_tick(passed)

    workers = LoadProcesses()
    try:
        with _without_interrupts():
            workers.start(plan, script, processes)
        workers.collect(result.measures, tick)
    except KeyboardInterrupt:
        result.interrupted = True
        workers.stop()
        workers.collect(result.measures, tick)
    finally:
        workers.dismiss()
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
            for receiver in cast(list[Connection], wait(list(self._waiting), timeout=_SAMPLE)):
                try:
                    measures.absorb(receiver.recv())
                except EOFError:
                    measures.error("a process of the generator died", 0.0)
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
        runner.run(make_calls(plan, script, measures, first=first, stopped=stop.is_set))
    results.send(measures)


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on Windows
        return None
    return uvloop.Loop

"""Probe of the event loop: the longest time in which it served no other task.

It runs on the loop that it watches, beside what a test does there::

    probe = StallProbe()
    with serving(voice=…, background=probe.watch):
        …
    assert probe.processor < TOLERATED_STALL

Two figures are kept. The processor time of the loop's thread tells what our own code does between two turns. The time
blocked also sees locks, files and other threads that hold the interpreter: it is the wall clock's, less the time in
which the thread was ready and the machine was busy elsewhere. Neither depends on the machine's load.

`probed_server` runs the default stack in a process of its own, as ``serve`` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import psutil

from providers import assembly, server
from providers.app import create_app
from providers.operations import logs
from providers.settings import Settings

LONGEST_STALL = 0.020
"""Seconds: one frame of audio. What the server keeps to, measured by the benchmark ``fuzz``."""

TOLERATED_STALL = 5 * LONGEST_STALL
"""Seconds: what a test tolerates on a machine that others use too. A loop that is held by mistake is held longer."""

_PERIOD = 0.001
"""Seconds between two looks."""


class StallProbe:
    """Longest stalls of one loop, in seconds."""

    def __init__(self) -> None:
        self.processor = 0.0
        """By the processor time of the loop's thread."""
        self.blocked = 0.0
        """By the wall clock, without the waits for a processor."""

    def reset(self) -> None:
        """Forget what was seen so far."""
        self.processor = self.blocked = 0.0

    async def watch(self) -> None:
        """Look at the clocks until cancelled."""
        with Path("/proc/thread-self/schedstat").open() as schedule:  # noqa: ASYNC230  # made of the kernel's memory
            while True:
                wall, processor, queued = time.perf_counter(), time.thread_time(), _queued(schedule)
                await asyncio.sleep(_PERIOD)
                queued = _queued(schedule) - queued
                self.blocked = max(self.blocked, time.perf_counter() - wall - _PERIOD - queued)
                self.processor = max(self.processor, time.thread_time() - processor)


def _queued(schedule: TextIO) -> float:
    """Seconds in which the thread was ready and waited for a processor."""
    schedule.seek(0)
    return int(schedule.read().split()[1]) / 1e9


class ProbedServer:
    """A server in a process of its own, with a probe on its loop, so that its callers' work is not measured."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.base = str(self._told()["base"])

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def stalls(self) -> tuple[float, float]:
        """Longest stalls since the last question, in seconds: processor time, and time blocked."""
        assert self._process.stdin is not None
        self._process.stdin.write("?\n")
        self._process.stdin.flush()
        told = self._told()
        return float(told["processor"]), float(told["blocked"])

    def memory(self) -> int:
        """Bytes of the server process that are in memory, its workers left out."""
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def _told(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server ended"
        told: dict[str, Any] = json.loads(line)
        return told


@contextlib.contextmanager
def probed_server(**values: Any) -> Iterator[ProbedServer]:
    """Run the server with the engines that these settings choose; without any it is the default stack."""
    # What is measured is the loop under attack, so it must not refuse the attack for its lag.
    gate = {"max_loop_lag_seconds": 0, "max_backlog_seconds": 0, "max_loop_share": 0}
    chosen = {"secret": "correct-horse-battery", "drain_seconds": 1, "log_level": "error", **gate, **values}
    command = [sys.executable, "-m", "benchmarks.stall", json.dumps(chosen)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield ProbedServer(process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        finally:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                pipe.close()


def _serve(values: dict[str, Any]) -> None:
    """The server's process: tells its URL, then its stalls for every line that comes in."""
    chosen = Settings.of(port=0, **values)
    logs.configure(chosen.logs.format, chosen.logs.level)
    probe = StallProbe()
    voice, transcriber = assembly.make_voice(chosen), assembly.make_transcriber(chosen)
    app = create_app(chosen, voice=voice, transcriber=transcriber, background=lambda: _answer(probe))
    drain = app.state.endpoints.drain
    server.run(app, chosen, server.bind(chosen), announce=lambda base: _tell(base=base), drain=drain)


async def _answer(probe: StallProbe) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    watching = asyncio.create_task(probe.watch())
    try:
        while await lines.readline():
            _tell(processor=probe.processor, blocked=probe.blocked)
            probe.reset()
    finally:
        watching.cancel()


def _tell(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve(json.loads(sys.argv[1]))

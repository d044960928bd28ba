"""Contenders side by side: one process each, rounds interleaved; those that cannot take part are named and left out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.case import Contender
from benchmarks.worker import Answer

ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
"""A call has one core to itself; libraries that spread out would be compared by their number of threads."""

HOME = Path(__file__).parents[1]
"""Where ``benchmarks`` can be imported from."""

EXIT_SECONDS = 5.0
"""How long a worker may take to leave once its stdin is closed."""


@dataclass
class Absences:
    """Contenders that could not take part, and why."""

    missing: dict[str, str] = field(default_factory=dict)
    """Contender to the module it lacks."""
    failed: dict[str, str] = field(default_factory=dict)
    """Case and contender to what went wrong."""

    def sentences(self) -> list[str]:
        """Sentences for people."""
        told = [f"{name} FAILED: {why}" for name, why in sorted(self.failed.items())]
        if self.missing:
            names = ", ".join(f"{name} (no module {lacks})" for name, lacks in sorted(self.missing.items()))
            told.append(f"Skipped, not installed: {names}. See pip install '.[local,bench]'.")
        return told


class ContenderProcess:
    """The parent's end of one contender's process."""

    def __init__(self, process: subprocess.Popen[str], contender: Contender) -> None:
        self.contender = contender
        self._process = process

    def ask(self, request: Answer) -> Answer:
        """Send one request and wait for its answer; a process that died answers with an error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            return {"error": f"its process ended with code {self._process.wait()}"}
        answer: Answer = json.loads(line)
        return answer


@contextmanager
def workers(
    task: str, module: str, case_name: str, contenders: Sequence[Contender]
) -> Iterator[list[ContenderProcess]]:
    """A process per contender for as long as the block lasts."""
    with ExitStack() as stack:
        yield [stack.enter_context(_worker(task, module, case_name, contender)) for contender in contenders]


@contextmanager
def _worker(task: str, module: str, case_name: str, contender: Contender) -> Iterator[ContenderProcess]:
    command = [sys.executable, "-m", "benchmarks.worker", task, module, case_name, contender.name]
    environment = os.environ | ONE_THREAD
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=HOME,
        text=True,
    )
    try:
        yield ContenderProcess(process, contender)
    finally:
        _end(process)


def _end(process: subprocess.Popen[Any]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    try:
        process.wait(EXIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def took_part(answer: Answer, worker: ContenderProcess, case_name: str, absences: Absences) -> bool:
    """Whether the answer holds figures; if not, note why."""
    if "missing" in answer:
        absences.missing[worker.contender.name] = answer["missing"]
    if "error" in answer:
        absences.failed[f"{case_name}, {worker.contender.name}"] = answer["error"]
    return not answer.keys() & {"missing", "unfit", "error"}


def interleave(
    pool: Sequence[ContenderProcess], request: Answer, rounds: int, case_name: str, absences: Absences
) -> dict[str, list[Answer]]:
    """Ask every contender in turn, ``rounds`` times over, so that a noisy moment hits all alike.

    A first round warms everyone up and is not counted. Who fails is left out, so that everyone who is in the answer
    has the same number of rounds.
    """
    answers: dict[str, list[Answer]] = {}
    for worker in pool:
        first = worker.ask(request)
        if took_part(first, worker, case_name, absences):
            answers[worker.contender.name] = []
    fit = [worker for worker in pool if worker.contender.name in answers]
    for _ in range(rounds):
        for worker in tuple(fit):
            answer = worker.ask(request)
            if took_part(answer, worker, case_name, absences):
                answers[worker.contender.name].append(answer)
                continue
            fit.remove(worker)
            del answers[worker.contender.name]
    return answers

"""The queue in front of the log, on real pipes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TextIO

from providers.operations.log_queue import LogQueue

HANG = 10.0
"""Seconds until a test counts as hanging."""


class Pipe:
    """A pipe with a stream at either end."""

    def __init__(self) -> None:
        out, inner = os.pipe()
        self.out: TextIO = os.fdopen(out)
        self.stream: TextIO = os.fdopen(inner, "w")

    def lines(self, number: int) -> list[str]:
        """The next lines that come out."""
        return [self.out.readline().rstrip() for _ in range(number)]


@contextlib.contextmanager
def piped() -> Iterator[Pipe]:
    pipe = Pipe()
    try:
        yield pipe
    finally:
        pipe.stream.close()
        pipe.out.close()


def told(lines: int) -> str:
    return f"lost {lines}\n"


def test_lines_come_out_in_order() -> None:
    with piped() as pipe:
        queue = LogQueue(pipe.stream, told)
        for number in range(5000):
            queue.write(f"{number}\n")
        assert pipe.lines(5000) == [str(number) for number in range(5000)]
        assert queue.drain(HANG)


def test_a_full_queue_drops_lines_and_says_how_many_where_they_were() -> None:
    with piped() as pipe:
        queue = LogQueue(pipe.stream, told, most=50)
        for number in range(1000):
            queue.write(f"{number:04} {'x' * 4000}\n")
        assert not queue.drain(0)
        expected = losses = 0
        while expected < 1000:
            (line,) = pipe.lines(1)
            if line.startswith("lost "):
                expected += int(line.removeprefix("lost "))
                losses += 1
                continue
            assert int(line[:4]) == expected
            expected += 1
        assert losses
        assert queue.drain(HANG)


def test_a_queue_whose_reader_left_counts_the_lines_and_waits_for_nothing() -> None:
    with piped() as pipe:
        queue = LogQueue(pipe.stream, told)
        pipe.out.close()
        for number in range(3):
            queue.write(f"{number}\n")
        assert queue.drain(HANG)
        out, inner = os.pipe()
        os.dup2(inner, pipe.stream.fileno())
        os.close(inner)
        pipe.out = os.fdopen(out)
        queue.write("again\n")
        assert pipe.lines(2) == ["lost 3", "again"]


def test_a_stream_that_does_not_block_is_waited_for() -> None:
    with piped() as pipe:
        os.set_blocking(pipe.stream.fileno(), False)
        queue = LogQueue(pipe.stream, told)
        for _ in range(200):
            queue.write("x" * 999 + "\n")
        assert len(pipe.lines(200)) == 200


SCRIPT = """
import logging, sys, structlog
from providers.operations import logs
logs.configure("json", "info")
log = structlog.get_logger()
for number in range(2000):
    log.info("event", number=number)
    logging.getLogger("library").warning("message %d", number)
"""


def test_what_waits_at_exit_is_written() -> None:
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=HANG * 3, check=True)
    lines = ended.stderr.splitlines()
    assert len(lines) == 4000
    assert '"number": 1999' in lines[-2]
    assert "message 1999" in lines[-1]


def test_an_exit_waits_a_second_for_a_reader_that_never_reads() -> None:
    out, inner = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT + "print('done', flush=True)"], stdout=subprocess.PIPE, stderr=inner
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"done\n"
        begun = time.monotonic()
        assert process.wait(HANG) == 0
        assert time.monotonic() - begun >= 0.9, "it did not wait"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        os.close(inner)
        os.close(out)

"""Queue of log lines in front of a stream, so that a reader of the log that stops reading stops nothing else."""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

_MOST_LINES = 10_000
"""Lines that wait to be written; 2 MB of usual ones, and the log of 5,000 requests."""

_LINES_PER_WRITE = 100

_SECONDS_AT_EXIT = 1.0
"""Until the lines that still wait are given up: the reader of the log may never read again."""


class LogQueue:
    """Bounded queue of lines that one daemon thread writes, in order.

    A line that finds the queue full is dropped and counted. The next line that finds room has one before it that says
    how many were lost there. The thread writes to the file descriptor itself: an interpreter that ends aborts when a
    thread holds the stream's own lock.

    Parameters
    ----------
    stream
        Where the lines go; it must have a file descriptor.
    lost
        Makes the line that says how many are missing.
    """

    def __init__(self, stream: TextIO, lost: Callable[[int], str], *, most: int = _MOST_LINES) -> None:
        self._stream = stream
        self._tell_lost = lost
        self._most = most
        self._lines: deque[tuple[str, int]] = deque()
        """Each with the lines that are missing when it is: one, or the number that it tells."""
        self._lost = 0
        self._awake = False
        self._changed = threading.Condition(threading.Lock())
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def write(self, line: str) -> int:
        """Put a line into the queue; never waits for the stream."""
        with self._changed:
            if len(self._lines) >= self._most:
                self._lost += 1
                return len(line)
            if self._lost:
                self._queue_loss(self._lines)
            self._lines.append((line, 1))
            if not self._awake:
                self._awake = True
                self._changed.notify_all()
        return len(line)

    def flush(self) -> None:
        """Part of a stream's interface; the thread writes without being asked."""

    def drain(self, seconds: float = _SECONDS_AT_EXIT) -> bool:
        """Wait until all lines are written, at most so long; True when they are."""
        end = time.monotonic() + seconds
        with self._changed:
            while self._lines or self._awake:
                left = end - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def _queue_loss(self, lines: deque[tuple[str, int]] | list[tuple[str, int]]) -> None:
        lines.append((self._tell_lost(self._lost), self._lost))
        self._lost = 0

    def _run(self) -> None:
        while True:
            lines = self._next()
            try:
                self._write_all("".join(line for line, _ in lines).encode(errors="backslashreplace"))
            except (OSError, ValueError):  # the other end is closed, the disk is full, or the stream was closed
                with self._changed:
                    self._lost += sum(missing for _, missing in lines)

    def _next(self) -> list[tuple[str, int]]:
        """The lines to write next, once there are some."""
        with self._changed:
            self._awake = False
            while not self._lines:
                self._changed.notify_all()  # to `drain`
                self._changed.wait()
            self._awake = True
            lines = [self._lines.popleft() for _ in range(min(len(self._lines), _LINES_PER_WRITE))]
            if self._lost and not self._lines:
                self._queue_loss(lines)
            return lines

    def _write_all(self, data: bytes) -> None:
        descriptor = self._stream.fileno()
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(descriptor, rest) :]
            except BlockingIOError:  # another process that shares the stream made it so
                select.select([], [descriptor], [])

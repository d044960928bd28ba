"""What the server's processes use during a load, where they run on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from providers.emulator.processes import Usage, usage


@dataclass(frozen=True, slots=True)
class ServerUsage:
    """What the server used: its process and all below it."""

    cores: float
    """CPU seconds per second."""
    memory: int
    """Bytes resident at the highest."""


class ServerMonitor:
    """The server's process and all below it, looked at now and then."""

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
        if self._last is not None and seen.cpu < self._last[1].cpu:  # a process ended while it was looked at
            seen = replace(seen, cpu=self._last[1].cpu)
        self._last = (time.monotonic(), seen)
        self._first = self._first or self._last
        self._highest = max(self._highest, seen.memory)

    def result(self) -> ServerUsage | None:
        """What was used between the first and the last look."""
        if self._first is None or self._last is None or self._last[0] == self._first[0]:
            return None
        cores = (self._last[1].cpu - self._first[1].cpu) / (self._last[0] - self._first[0])
        return ServerUsage(cores, self._highest)

"""Process of a worker as its supervisor sees it: its channel, its slot, and how much it has in hand."""

from __future__ import annotations

import socket
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess

from providers.workers.channel import Announcement, Lines
from providers.workers.slots import Slot, WorkerState

__all__ = ["SupervisedWorker"]

_FRESH_SECONDS = 1.0
"""How long a connection counts before what it brings shows in the worker's slot."""


@dataclass(slots=True, eq=False)
class SupervisedWorker:
    """One worker as the supervisor sees it."""

    process: BaseProcess
    channel: socket.socket
    slot: Slot
    delay: float
    """Seconds to wait before its successor is started, should it not come up."""
    replaces: SupervisedWorker | None = None
    begun: float = field(default_factory=time.monotonic)
    lines: Lines = field(default_factory=Lines)
    ready: Announcement | None = None
    handed: int = 0
    fresh: deque[float] = field(default_factory=deque)
    """Times at which connections were handed over, the last second's."""
    succeeded: bool = False
    """Whether another worker takes its place already."""

    @property
    def serving(self) -> bool:
        """Whether it takes connections."""
        return self.ready is not None and self.slot.state is WorkerState.READY

    def load(self, now: float) -> tuple[int, int]:
        """What it has in hand; less is better."""
        while self.fresh and self.fresh[0] < now - _FRESH_SECONDS:
            self.fresh.popleft()
        return self.slot.calls + self.slot.answers + len(self.fresh), self.handed

    def send(self, command: bytes, connection: socket.socket | None = None) -> bool:
        """Send a command; False when it cannot be taken now."""
        try:
            if connection is None:
                self.channel.send(command)
            else:
                socket.send_fds(self.channel, [command], [connection.fileno()])
        except OSError:
            return False
        return True

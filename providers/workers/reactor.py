"""Reactor of the supervisor: readable sockets, signals and timers in one thread.

The supervisor forks, and a process that forks must have no other thread and no running event loop.
"""

from __future__ import annotations

import heapq
import itertools
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["Reactor"]

_Callback = Callable[[], object]


class Reactor:
    """A small loop. Signals are taken from `catch` on, until `close`."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, _Callback]] = []
        self._order = itertools.count()
        self._signals: list[int] = []
        self._handlers: dict[int, _Callback] = {}
        self._before: dict[int, Any] = {}
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ, self._take_signals)

    def add_reader(self, fd: socket.socket | int, callback: _Callback, /) -> None:
        """Call back when it can be read."""
        self._selector.register(fd, selectors.EVENT_READ, callback)

    def remove_reader(self, fd: socket.socket | int, /) -> None:
        """Call back no longer."""
        self._selector.unregister(fd)

    def reads(self, fd: socket.socket, /) -> bool:
        """Whether it is called back for."""
        return fd in self._selector.get_map()

    def call_later(self, seconds: float, callback: _Callback) -> None:
        """Call back once, after so many seconds."""
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), callback))

    def catch(self, handlers: dict[int, _Callback]) -> None:
        """Call back on signals."""
        self._handlers = handlers
        for number in handlers:
            self._before[number] = signal.signal(number, lambda number, frame: self._signals.append(number))
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)

    def run(self, over: Callable[[], bool]) -> None:
        """Run until it is over."""
        while not over():
            wait = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
            for key, _ in self._selector.select(wait):
                if self._selector.get_map().get(key.fd) is key:  # an earlier callback may have removed it
                    key.data()
            while self._timers and self._timers[0][0] <= time.monotonic():
                heapq.heappop(self._timers)[2]()

    def close(self, *, ignored: Iterable[int] = ()) -> None:
        """Close it and set the signals' handlers back; those of ``ignored`` are ignored from now on."""
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if number in ignored else handler)
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _take_signals(self) -> None:
        try:
            os.read(self._wake_read, 4096)
        except BlockingIOError:
            return
        signals, self._signals = self._signals, []
        for number in signals:
            self._handlers[number]()

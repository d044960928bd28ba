"""Supervisor: starts the workers, accepts connections for them, and replaces the ones that end.

::

    listening socket ──accept──► WorkerSupervisor ──SCM_RIGHTS──► the worker with the least in hand
                                     │
       SIGTERM, SIGINT, POST /drain: drain them all    SIGHUP: a new worker first, then its predecessor drains

Why the supervisor accepts and not the kernel's SO_REUSEPORT: the kernel chooses by a hash of the addresses, so one
worker may be full while another one is empty, and what waits in a worker's queue is refused when that worker ends. Here
calls go to the worker that has fewest, whatever waits is served by the next worker, and the one socket can be handed to
another process.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from providers.takeover import Offer
from providers.workers.channel import CONNECTION, DRAIN, END, HAND_OVER, HURRY, Announcement, Report
from providers.workers.process import SupervisedWorker
from providers.workers.reactor import Reactor
from providers.workers.slots import Board, Slot, WorkerState

__all__ = ["WorkerEvents", "WorkerSupervisor", "WorkerMain"]

log = structlog.get_logger()

WorkerMain = Callable[[socket.socket, Slot, Board], int]
"""Runs in a new worker's process: its end of the channel, its slot, all slots; returns the exit code."""

_SLOTS = 1024
"""Workers at once, those that drain included."""
_ACCEPTS_AT_ONCE = 64
_FIRST_DELAY, _LONGEST_DELAY = 0.25, 30.0
"""Seconds before a worker that did not come up is started again; they double each time."""
_STEADY_SECONDS = 10.0
"""A worker that has served so long did come up: its successor starts at once."""


@dataclass(slots=True)
class WorkerEvents:
    """What the supervisor tells."""

    up: Callable[[list[Announcement]], None]
    """All workers serve."""
    taken: Callable[[], None]
    """Another process has taken the listening socket over."""
    ended: Callable[[int], None]
    """The process with this id has ended."""


class WorkerSupervisor:
    """The supervisor of some workers, in a process without threads and without an event loop.

    Parameters
    ----------
    listening
        The socket whose connections the workers get.
    count
        Number of workers.
    main
        What a worker runs.
    secret
        The secret that was made for this run, for the process that takes over.
    """

    def __init__(
        self, listening: socket.socket, count: int, main: WorkerMain, events: WorkerEvents, *, secret: str | None
    ) -> None:
        self._listening = listening
        self._count = count
        self._main = main
        self._events = events
        self._reactor = Reactor()
        self._board = Board(_SLOTS)
        self._workers: list[SupervisedWorker] = []
        self._offer = Offer(listening, self._reactor, secret=secret, taken=self._hand_over)
        self._was_up = False
        self._signals = 0
        self._draining = False
        self.fault = ""
        """Why it did not come up."""

    def run(self) -> bool:
        """Supervise until all workers have ended; True when it had come up."""
        self._listening.setblocking(False)
        handlers: dict[int, Callable[[], object]] = {signal.SIGHUP: self._roll}
        handlers |= {number: self._signalled(number) for number in (signal.SIGTERM, signal.SIGINT)}
        self._reactor.catch(handlers)
        try:
            for _ in range(self._count):
                self._start()
            self._reactor.run(over=lambda: not self._workers and (self._draining or bool(self.fault)))
        finally:
            self._offer.close()
            for worker in self._workers:
                worker.process.kill()
                worker.process.join()
            self._listening.close()
            self._reactor.close(ignored=(signal.SIGTERM, signal.SIGINT))
        return self._was_up

    # Workers

    def _start(self, delay: float = _FIRST_DELAY, replaces: SupervisedWorker | None = None) -> None:
        """Fork a worker."""
        if self._draining or self.fault:
            return
        slot = self._board.claim()
        if slot is None:
            log.error("no worker started", reason=f"{_SLOTS} workers run or drain")
            return
        ours, theirs = socket.socketpair()
        # The process is a fork on purpose: it shares what has been loaded here, and is there in milliseconds.
        process = multiprocessing.get_context("fork").Process(target=self._be_worker, args=(ours, theirs, slot))
        process.start()
        theirs.close()
        ours.setblocking(False)
        worker = SupervisedWorker(process, ours, slot, delay, replaces)
        self._workers.append(worker)
        self._reactor.add_reader(ours, lambda: self._read(worker))
        self._reactor.add_reader(process.sentinel, lambda: self._ended(worker))

    def _be_worker(self, ours: socket.socket, theirs: socket.socket, slot: Slot) -> None:
        """Be a worker: in its process, without what belongs to the supervisor."""
        self._reactor.close(ignored=(signal.SIGINT,))
        self._offer.forget()
        for other in self._workers:
            other.channel.close()
        ours.close()
        self._listening.close()
        raise SystemExit(self._main(theirs, slot, self._board))

    def _read(self, worker: SupervisedWorker) -> None:
        try:
            data = worker.channel.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._reactor.remove_reader(worker.channel)  # its end is told by the sentinel
            return
        for report in worker.lines.feed(data):
            self._take(worker, report)

    def _take(self, worker: SupervisedWorker, report: Report) -> None:
        if report.ready is not None:
            self._serves(worker, report.ready)
        if report.fault:
            log.error("worker could not start", pid=worker.process.pid, reason=report.fault)
            if not self._was_up:
                self.fault = self.fault or report.fault
                self._tell_all(END)
        if report.drain:
            self._drain(report.drain)
        if report.draining and not worker.succeeded:
            worker.succeeded = True
            self._start()

    def _serves(self, worker: SupervisedWorker, ready: Announcement) -> None:
        worker.ready = ready
        if self._draining or self.fault:
            worker.send(END)
            return
        self._accept_again()
        if worker.replaces is not None:
            worker.replaces.send(HAND_OVER)  # its place is taken: who is on the way to it is still let in
            worker.replaces = None
        if not self._was_up and sum(one.serving for one in self._workers) == self._count:
            self._was_up = True
            self._offer.open()
            self._events.up([one.ready for one in self._workers if one.ready is not None])

    def _ended(self, worker: SupervisedWorker) -> None:
        worker.process.join()
        code, lasted = worker.process.exitcode, time.monotonic() - worker.begun
        self._reactor.remove_reader(worker.process.sentinel)
        with contextlib.suppress(KeyError):
            self._reactor.remove_reader(worker.channel)
        worker.channel.close()
        self._workers.remove(worker)
        expected = worker.succeeded or self._draining or bool(self.fault)
        if not expected or code:
            log.warning("worker ended", pid=worker.process.pid, code=code, calls_lost=worker.slot.calls)
        worker.slot.clear(WorkerState.FREE)
        if worker.process.pid is not None:
            self._events.ended(worker.process.pid)
        if not self._was_up and not self._draining:
            self.fault = self.fault or f"a worker could not start: its process ended with code {code}"
            self._tell_all(END)
        if not expected:
            self._replace(worker, lasted)

    def _replace(self, worker: SupervisedWorker, lasted: float) -> None:
        """Start the successor of a worker that has ended: at once, or later when it ended soon."""
        if worker.replaces is not None and worker.replaces in self._workers:
            worker.replaces.succeeded = False
            return  # its predecessor still serves
        if worker.ready is not None and lasted > _STEADY_SECONDS:
            self._start()
            return
        soon = 0.0 if worker.ready is not None and worker.delay == _FIRST_DELAY else worker.delay
        self._reactor.call_later(soon, lambda: self._start(min(2 * worker.delay, _LONGEST_DELAY)))

    def _roll(self) -> None:
        """Replace every worker: a new one first, then its predecessor drains."""
        if self._draining or not self._was_up:
            return
        log.info("rolling restart", workers=len(self._workers))
        for worker in [worker for worker in self._workers if worker.serving and not worker.succeeded]:
            worker.succeeded = True
            self._start(replaces=worker)

    # Connections

    def _accept_again(self) -> None:
        if self._listening.fileno() >= 0 and not self._reactor.reads(self._listening):
            self._reactor.add_reader(self._listening, self._accept)

    def _stop_accepting(self) -> None:
        if self._reactor.reads(self._listening):
            self._reactor.remove_reader(self._listening)

    def _accept(self) -> None:
        for _ in range(_ACCEPTS_AT_ONCE):
            takers = self._takers()
            if not takers:
                self._stop_accepting()  # what comes waits in the socket's queue
                return
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                self._hand(connection, takers)

    def _takers(self) -> list[SupervisedWorker]:
        """Workers that take connections, the one with the least in hand first."""
        takers = [worker for worker in self._workers if worker.serving]
        if not takers:
            takers = [worker for worker in self._workers if worker.ready is not None]  # all drain, and still speak
        now = time.monotonic()
        return sorted(takers, key=lambda worker: worker.load(now))

    def _hand(self, connection: socket.socket, takers: list[SupervisedWorker]) -> None:
        for worker in takers:
            if worker.send(CONNECTION, connection):
                worker.handed += 1
                worker.fresh.append(time.monotonic())
                return
        log.warning("connection refused", reason="no worker takes it")

    # The end

    def _signalled(self, number: signal.Signals) -> Callable[[], None]:
        def take() -> None:
            self._signals += 1
            if self._signals == 1:
                idle = not any(worker.slot.calls or worker.slot.answers for worker in self._workers)
                self._drain(number.name, command=END if number == signal.SIGINT and idle else DRAIN)
            elif self._signals == 2:
                self._tell_all(HURRY)
            else:
                for worker in self._workers:
                    worker.process.kill()

        return take

    def _drain(self, because: str, *, command: bytes = DRAIN) -> None:
        if self._draining:
            return
        self._draining = True
        calls = sum(worker.slot.calls for worker in self._workers)
        log.info("workers draining", because=because, workers=len(self._workers), calls=calls)
        self._tell_all(command)

    def _hand_over(self) -> None:
        """Another process serves the listening socket now."""
        self._stop_accepting()
        self._offer.close()
        self._listening.close()
        self._events.taken()
        self._drain("takeover", command=HAND_OVER)

    def _tell_all(self, command: bytes) -> None:
        for worker in self._workers:
            if worker.ready is not None:
                worker.send(command)
            elif command != HURRY:
                worker.process.terminate()  # it has not come up, and no call is on it

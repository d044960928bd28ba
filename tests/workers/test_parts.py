"""The parts of the supervisor: slots, reports, the reactor, and the number of cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
from pathlib import Path

import msgspec
import pytest

from providers.settings.server import core_count, worker_count
from providers.workers.channel import CONNECTION, DRAIN, Lines, Report, receive, send_report
from providers.workers.reactor import Reactor
from providers.workers.slots import Board, Slot, WorkerState


def test_what_a_forked_process_writes_into_its_slot_is_read_by_all() -> None:
    board = Board(2)
    slot = board.claim()
    assert slot is not None

    def write(slot: Slot) -> None:
        slot.state = WorkerState.READY
        slot.write(calls=3, answers=2, limit=None, refusal=1)
        slot.take()

    process = multiprocessing.get_context("fork").Process(target=write, args=(slot,))
    process.start()
    process.join()
    assert (slot.state, slot.calls, slot.answers, slot.limit, slot.refusal, slot.taken) == (
        WorkerState.READY, 3, 2, None, 1, 1,
    )  # fmt: skip
    assert [each.calls for each in board] == [3]


def test_a_slot_is_free_again_once_it_is_cleared() -> None:
    board = Board(1)
    slot = board.claim()
    assert slot is not None
    assert board.claim() is None
    slot.write(calls=9, answers=0, limit=4, refusal=0)
    slot.clear(WorkerState.FREE)
    again = board.claim()
    assert again is not None
    assert (again.calls, list(board)) == (0, [again])


def test_reports_are_put_together_from_any_pieces() -> None:
    sent = [Report(fault="no engine"), Report(drain="POST /drain"), Report(draining=True)]
    data = b"".join(msgspec.json.encode(report) + b"\n" for report in sent)
    for step in (1, 7, len(data)):
        lines = Lines()
        assert [report for at in range(0, len(data), step) for report in lines.feed(data[at : at + step])] == sent


def test_commands_and_connections_come_in_order_and_then_the_end() -> None:
    ours, theirs = socket.socketpair()
    with theirs, socket.create_server(("127.0.0.1", 0)) as passed:
        ours.setblocking(False)
        assert receive(ours) is None
        socket.send_fds(theirs, [CONNECTION], [passed.fileno()])
        theirs.send(DRAIN)
        command, connection = receive(ours) or (b"", None)
        assert command == CONNECTION
        assert connection is not None
        with connection:
            assert connection.getsockname() == passed.getsockname()
        assert receive(ours) == (DRAIN, None)
        theirs.close()
        assert receive(ours) == (b"", None)
    with ours:
        send_report(ours, Report(draining=True))  # nobody reads it, and nothing is raised


def test_the_reactor_calls_back_for_timers_in_order_sockets_and_signals() -> None:
    told: list[str] = []
    reactor = Reactor()
    before = signal.getsignal(signal.SIGUSR1)
    ours, theirs = socket.socketpair()

    def read() -> None:
        told.append("read")
        reactor.remove_reader(ours)
        reactor.call_later(0.0, lambda: told.append("late"))

    def interrupted() -> None:
        told.append("signal")
        theirs.send(b"x")

    try:
        reactor.catch({signal.SIGUSR1: interrupted})
        reactor.add_reader(ours, read)
        assert reactor.reads(ours)
        reactor.call_later(0.02, lambda: told.append("second"))
        reactor.call_later(0.01, lambda: told.append("first"))
        reactor.run(over=lambda: len(told) == 2)
        reactor.call_later(0.0, lambda: os.kill(os.getpid(), signal.SIGUSR1))
        reactor.run(over=lambda: len(told) == 5)
        assert not reactor.reads(ours)
    finally:
        reactor.close()
        ours.close()
        theirs.close()
    assert told == ["first", "second", "signal", "read", "late"]
    assert signal.getsignal(signal.SIGUSR1) == before


@pytest.mark.parametrize(
    ("quota", "least", "most"),
    [("max 100000", 1, None), ("100000 100000", 1, 1), ("10000 100000", 1, 1), ("?", 1, None)],
)
def test_a_containers_quota_bounds_the_cores(quota: str, least: int, most: int | None, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    cores = core_count(str(tmp_path / "cpu.max"))
    assert cores >= least
    assert most is None or cores <= most
    assert worker_count("3") == 3

"""Records of calls: bounded, ordered, and forgotten when they are many."""

from __future__ import annotations

from providers.calls.events import CallEvent
from providers.calls.record import CallRecord
from providers.calls.registry import Calls


def test_beyond_its_limit_a_record_loses_replaced_partials_first() -> None:
    record = CallRecord("one", limit=100)
    record.note(CallEvent(0.0, "opened"))
    for turn in range(30):
        for part in range(10):
            record.note(CallEvent(turn + part / 100, "partial", text=f"{turn} {part}"))
        record.note(CallEvent(turn + 0.5, "final", text=str(turn)))
    assert len(record.events) <= 100
    assert [event.text for event in record.events if event.kind == "final"] == [str(turn) for turn in range(30)]
    assert record.dropped == 331 - len(record.events)


def test_a_record_keeps_its_beginning_and_its_newest_events() -> None:
    record = CallRecord("one", limit=100)
    record.note(CallEvent(0.0, "opened"))
    for number in range(1000):
        record.note(CallEvent(float(number), "final", text="x" * 5000))
    assert len(record.events) <= 100
    assert record.events[0].kind == "opened"
    assert record.events[-1].at == 999.0
    assert all(len(event.text) <= 2000 for event in record.events)


def test_finished_calls_are_bounded_and_their_names_forgotten() -> None:
    now = [0.0]
    calls = Calls(finished=5, clock=lambda: now[0])
    for number in range(20):
        socket = calls.open_socket(f"call=k{number}".encode())
        calls.endpointing(f"id-{number}", f"call=k{number}".encode(), "")
        calls.close_socket(socket, code=1000, by="caller")
    assert len(list(calls.table.finished())) == 5
    assert calls.table.get("id-0") is None
    assert calls.table.get("k0") is None
    assert calls.table.get("id-19") is calls.table.get("k19") is not None


def test_a_call_without_a_socket_ends_when_nothing_comes_for_it() -> None:
    now = [0.0]
    calls = Calls(clock=lambda: now[0])
    calls.voice("id", b"", "Hello.", 8000)
    assert len(list(calls.live())) == 1
    now[0] += 200
    assert len(list(calls.live())) == 0
    assert calls.table.get("id") is not None


def test_a_request_that_names_no_call_is_in_no_list() -> None:
    calls = Calls()
    calls.voice("", b"", "Hello.", 8000).ended("complete", 100)
    assert list(calls.live()) == []


def test_the_events_of_both_halves_of_a_call_are_in_order() -> None:
    now = [0.0]
    calls = Calls(clock=lambda: now[0])
    socket = calls.open_socket(b"")
    for step in range(6):
        now[0] += 1
        if step % 2:
            calls.voice("id", b"", f"text {step}", 8000)
        else:
            socket.sent(f"one two three four {step}", final=True)
    calls.endpointing("id", b"", "one two three four 4")
    texts = [event.text[-1] for event in socket.record.events if event.text]
    assert texts == ["0", "1", "2", "3", "4", "5"]
    assert calls.table.get("id") is socket.record

"""The play-out clock by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.emulator.conversation.commands import PlayedSpan
from providers.emulator.conversation.playout import Playout, PlayoutEvent


def spans(playout: Playout) -> list[PlayedSpan]:
    return [PlayedSpan(round(s.at, 6), s.request, round(s.offset, 6), round(s.seconds, 6)) for s in playout.spans()]


def told(events: list[PlayoutEvent]) -> list[tuple[float, int, str]]:
    return [(round(event.at, 6), event.request, event.kind) for event in events]


def test_sounds_are_heard_one_after_the_other_in_the_order_of_their_requests() -> None:
    playout = Playout()
    playout.expect(0)
    playout.expect(1)
    playout.advance(1.0)
    playout.receive(1, 2.0)
    playout.complete(1)
    playout.advance(2.0)
    playout.receive(0, 1.0)
    playout.complete(0)
    assert told(playout.advance(9.0)) == [
        (2.0, 0, "started"),
        (3.0, 0, "finished"),
        (3.0, 1, "started"),
        (5.0, 1, "finished"),
    ]
    assert spans(playout) == [PlayedSpan(2.0, 0, 0.0, 1.0), PlayedSpan(3.0, 1, 0.0, 2.0)]


def test_a_sound_that_runs_out_goes_on_with_what_arrives() -> None:
    playout = Playout()
    playout.expect(0)
    playout.receive(0, 1.0)
    assert told(playout.advance(2.0)) == [(0.0, 0, "started"), (1.0, 0, "underrun")]
    playout.receive(0, 0.5)
    playout.complete(0)
    assert told(playout.advance(9.0)) == [(2.5, 0, "finished")]
    assert spans(playout) == [PlayedSpan(0.0, 0, 0.0, 1.0), PlayedSpan(2.0, 0, 1.0, 0.5)]


@pytest.mark.parametrize(
    ("wait", "not_before", "block", "begins"), [(0.4, 0.0, 0.0, 1.4), (0.0, 2.0, 0.0, 2.0), (0.4, 0.0, 3.0, 3.0)]
)
def test_a_sound_waits_for_its_wait_its_moment_and_the_block(
    wait: float, not_before: float, block: float, begins: float
) -> None:
    playout = Playout()
    playout.expect(0, wait=wait, not_before=not_before)
    playout.block(block)
    playout.advance(1.0)
    playout.receive(0, 1.0)
    playout.advance(9.0)
    assert spans(playout)[0].at == begins


def test_a_request_that_takes_the_place_of_another_is_heard_in_its_turn() -> None:
    playout = Playout()
    playout.expect(0)
    playout.expect(1)
    playout.replace(0, 2)
    for request in (1, 2):
        playout.receive(request, 1.0)
        playout.complete(request)
    playout.advance(9.0)
    assert [span.request for span in spans(playout)] == [2, 1]


def test_nothing_of_what_was_cleared_is_heard() -> None:
    playout = Playout()
    playout.expect(0)
    playout.receive(0, 5.0)
    playout.advance(1.0)
    playout.clear()
    assert told(playout.advance(9.0)) == []
    assert spans(playout) == [PlayedSpan(0.0, 0, 0.0, 1.0)]


_arrivals = st.lists(st.tuples(st.floats(0.0, 5.0), st.integers(0, 2), st.floats(0.01, 1.5)), max_size=12)


@given(_arrivals, st.lists(st.floats(0.0, 12.0), max_size=30), st.floats(0.0, 1.0))
def test_how_often_the_clock_is_asked_changes_nothing(
    arrivals: list[tuple[float, int, float]], asked: list[float], wait: float
) -> None:
    def played(moments: list[float]) -> tuple[list[PlayedSpan], list[tuple[float, int, str]]]:
        playout = Playout()
        events: list[PlayoutEvent] = []
        for request in range(3):
            playout.expect(request, wait=wait)
        happenings = [(at, index, request, seconds) for index, (at, request, seconds) in enumerate(sorted(arrivals))]
        for at, _, request, seconds in sorted(happenings + [(at, -1, -1, 0.0) for at in moments]):
            events += playout.advance(at)
            if request >= 0:
                playout.receive(request, seconds)
        events += playout.advance(13.0)
        for request in range(3):
            playout.complete(request)
        events += playout.advance(40.0)
        return spans(playout), [event for event in told(events) if event[2] != "underrun"]

    often, once = played(asked), played([])
    assert often[1] == once[1]
    assert [(span.request, round(span.seconds, 4)) for span in often[0]] == [
        (span.request, round(span.seconds, 4)) for span in once[0]
    ]

"""Parts of a turn's delay, and the cause that is named for it."""

from __future__ import annotations

import pytest

from providers.calls.causes import explain
from providers.calls.events import CallEvent, CallEventKind
from providers.calls.latency import turns


def event(
    at: float, kind: CallEventKind, text: str = "", *, seconds: float | None = None, detail: str = ""
) -> CallEvent:
    return CallEvent(at, kind, at, text, seconds, detail)


def call(
    *more: CallEvent, final: str = "A table, please.", final_at: float = 10.3, wait: float = 0.1
) -> list[CallEvent]:
    """One turn: the caller stops at 10 s, the model takes 0.5 s, first audio comes after 0.1 s."""
    over = final_at + wait
    return [
        event(0, "opened"),
        event(1, "voice-asked", "How can I help you today?"),
        event(9, "speech-started", detail="customer"),
        event(9.2, "partial", "a table", detail="customer"),
        event(10, "speech-stopped", detail="customer"),
        event(final_at, "final", final, detail="customer"),
        event(final_at, "endpointing", final, seconds=wait, detail="punctuation"),
        event(over + 0.5, "voice-asked", "For how many?"),
        event(over + 0.6, "first-audio", seconds=0.1),
        event(over + 0.9, "speech-started", detail="assistant"),
        *more,
    ]


def test_the_four_parts_add_up_to_what_the_caller_waited() -> None:
    (turn,) = turns(call())
    parts = turn.parts
    assert (parts.transcriber, parts.endpointing, parts.model, parts.voice) == pytest.approx((0.3, 0.1, 0.5, 0.4))
    assert parts.total == pytest.approx(turn.heard - turn.stopped)
    assert explain(turn).cause == "none"


def test_without_an_endpointing_request_the_platforms_own_rules_count() -> None:
    events = [one for one in call(final="a table", wait=1.5) if one.kind != "endpointing"]
    (turn,) = turns(events)
    assert turn.parts.endpointing == pytest.approx(1.5)
    why = explain(turn)
    assert (why.cause, why.part) == ("no-closing-mark", "endpointing")
    assert why.sentence == "the caller waited 2.7 s because the final had no closing mark (endpointing 1.5 s)"


def test_without_a_socket_the_reply_counts_from_what_was_sent() -> None:
    events = [one for one in call() if one.kind not in ("speech-started", "speech-stopped")]
    (turn,) = turns(events)
    assert turn.stopped == turn.final.at
    assert turn.heard == turn.first_audio.at if turn.first_audio else False


def test_the_end_of_the_words_stands_in_for_the_end_of_speech() -> None:
    events = [one for one in call() if one.kind != "speech-stopped"]
    events[4] = CallEvent(10.3, "final", 20.0, "A table, please.", 19.6, "customer")
    (turn,) = turns(events)
    assert turn.stopped == pytest.approx(9.9)


def test_parts_of_one_reply_are_one_turn_and_each_turn_has_its_own() -> None:
    first = call(event(12.5, "voice-asked", "One moment."), event(12.6, "first-audio", seconds=0.1))
    second = [
        event(15, "speech-stopped", detail="customer"),
        event(15.2, "final", "Four.", detail="customer"),
        event(15.2, "endpointing", "Four.", seconds=0.1, detail="punctuation"),
        event(18, "voice-asked", "Very well."),
        event(18.1, "first-audio", seconds=0.1),
    ]
    found = turns([*first, *second])
    assert [turn.words for turn in found] == ["A table, please.", "Four."]
    assert explain(found[1]).cause == "model"


def test_a_refused_voice_request_and_its_next_try_are_one_reply() -> None:
    events = [one for one in call() if one.at < 10.95]
    events += [
        event(10.91, "voice-ended", detail="refused", seconds=0.0),
        event(12.4, "voice-asked", "For how many?"),
        event(12.5, "first-audio", seconds=0.1),
    ]
    (turn,) = turns(events)
    assert explain(turn).cause == "voice-refused"


@pytest.mark.parametrize(
    ("more", "final_at", "wait", "final", "cause"),
    [
        ([event(11.0, "engine", detail="lost deepgram")], 12.0, 0.1, "Yes please.", "recogniser-lost"),
        ([event(11.5, "stall", seconds=1.4)], 12.0, 0.1, "Yes please.", "stall"),
        ([], 12.0, 0.1, "Yes please.", "recogniser-late"),
        ([], 10.3, 1.5, "It is 447", "number"),
        ([], 10.3, 1.5, "I would like", "no-closing-mark"),
        ([], 10.3, 1.5, "I would like and.", "endpointing"),
        ([], 10.3, 0.1, "help you today", "echo"),
    ],
)
def test_the_cause_of_a_long_part_is_named(
    more: list[CallEvent], final_at: float, wait: float, final: str, cause: str
) -> None:
    (turn,) = turns(call(*more, final_at=final_at, wait=wait, final=final))
    assert explain(turn).cause == cause


def test_a_call_without_turns_has_none() -> None:
    assert turns([]) == []
    assert turns([event(0, "opened"), event(1, "final", "Hello.", detail="customer")]) == []

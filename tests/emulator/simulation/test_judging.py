"""Every expectation: one take of which it holds, and one of which it does not."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from providers.emulator.conversation.commands import ConversationEvent, PlayedSpan
from providers.emulator.simulation.judging import JUDGES, judged
from providers.emulator.simulation.scenario import Expectation, Scenario
from providers.emulator.simulation.take import SpokenLine, Take, summary

EVENTS: tuple[tuple[float, str, dict[str, Any]], ...] = (
    (2.6, "transcript", {"text": "I would", "final": False}),
    (4.3, "transcript", {"text": "I would like a table.", "final": True}),
    (4.4, "turn-ended", {"turn": 1}),
    (4.4, "model-asked", {"request": 0}),
    (4.8, "model-first-word", {"request": 0}),
    (4.9, "voice-asked", {"request": 1}),
    (5.1, "first-audio", {"request": 1}),
    (5.3, "speech-started", {}),
    (7.0, "interrupted", {}),
    (7.0, "speech-stopped", {"text": "Sure, for how many people?", "interrupted": True}),
    (7.5, "tool-called", {"name": "book"}),
)


def take(expectation: dict[str, Any], *, sound: bool = False, **changes: Any) -> Take:
    scenario = msgspec.convert({"caller": [], "expect": [expectation]}, Scenario)
    fields: dict[str, Any] = {
        "scenario": scenario,
        "number": 1,
        "parts": ((0, SpokenLine("I would", 2.0, 2.8)), (0, SpokenLine("like a table.", 3.4, 4.0))),
        "events": tuple(ConversationEvent(at, kind, detail) for at, kind, detail in EVENTS),
        "played": (PlayedSpan(5.3, 1, 0.0, 1.7),),
        "messages": (),
        "ended": "customer-ended-call",
        "seconds": 9.0,
        "sound": np.zeros((160, 2), np.float32) if sound else None,
    }
    return Take(**(fields | changes))


@pytest.mark.parametrize(
    ("holds", "fails", "fault"),
    [
        ({"heard": "Like a TABLE"}, {"heard": "two tables"}, "finals were “I would like a table.”"),
        ({"said": "how many people"}, {"said": "how much"}, "heard to say “Sure, for how many people?”"),
        ({"not_said": "goodbye"}, {"not_said": "sure"}, "heard to say"),
        ({"reply_within": 1.4}, {"reply_within": 1.2}, "the slowest reply took 1.30 s"),
        ({"first_audio_within": 0.3}, {"first_audio_within": 0.1}, "the slowest first sound took 0.20 s"),
        ({"turns": 1}, {"turns": 2}, "found 1"),
        ({"interruptions": 1}, {"interruptions": 0}, "found 1"),
        ({"ended": "customer-ended-call"}, {"ended": "silence-timed-out"}, "ended with customer-ended-call"),
        ({"tool": "book"}, {"tool": "cancel"}, "called were book"),
        ({"event": "first-audio"}, {"event": "hang"}, "it did not happen"),
        ({"no_event": "hang"}, {"no_event": "interrupted"}, "it happened at 7.00 s"),
    ],
)
def test_an_expectation_holds_or_says_why_not(holds: dict[str, Any], fails: dict[str, Any], fault: str) -> None:
    assert judged(take(holds))[0].fault is None
    assert fault in str(judged(take(fails))[0].fault)


def test_sound_that_goes_on_after_an_interruption_is_found() -> None:
    expectation = {"silent_within": 0.1}
    assert judged(take(expectation))[0].fault is None
    late = take(expectation, played=(PlayedSpan(5.3, 1, 0.0, 2.2),))
    assert "until 0.50 s after the interruption at 7.00 s" in str(judged(late)[0].fault)


def test_speech_into_a_pause_is_a_cut_off_and_over_a_word_an_overlap_too() -> None:
    for at, cut, over in ((3.1, True, False), (3.7, True, True), (5.3, False, False)):
        events = (ConversationEvent(at, "speech-started"),)
        assert (judged(take({"cut_offs": 0}, events=events))[0].fault is not None) is cut
        assert (judged(take({"overlaps": 0}, events=events))[0].fault is not None) is over


def test_a_line_without_a_final_or_with_too_many_is_found() -> None:
    expectation = {"finals": "one each"}
    assert judged(take(expectation))[0].fault is None
    finals = tuple(ConversationEvent(at, "transcript", {"text": "x", "final": True}) for at in (2.9, 4.1, 4.3))
    assert judged(take(expectation, events=finals))[0].fault == "3 for line 1"
    assert judged(take(expectation, events=()))[0].fault == "0 for line 1"


def test_words_that_are_played_as_silence_were_not_said() -> None:
    assert judged(take({"said": "sure"}, sound=True))[0].fault == "the voice's answers hold silence alone"


def test_every_expectation_has_its_judge() -> None:
    assert set(JUDGES) == set(Expectation.__struct_fields__)


def test_a_turn_that_was_taken_back_is_none() -> None:
    taken_back = tuple(
        ConversationEvent(at, kind)
        for at, kind in ((2.9, "turn-ended"), (3.2, "answer-cancelled"), (4.4, "turn-ended"))
    )
    assert [event.at for event in take({"turns": 1}, events=taken_back).answered()] == [4.4]


def test_latencies_have_the_platforms_names() -> None:
    found = summary([take({"turns": 1})])
    assert found["turnCount"] == 1
    named = {name: found[f"avg{name}"] for name in ("Turn", "Transcriber", "Endpointing", "Model", "Voice")}
    assert named == {"Turn": 1300, "Transcriber": 300, "Endpointing": 100, "Model": 400, "Voice": 200}
    assert found["p95Turn"] == 1300

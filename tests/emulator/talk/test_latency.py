"""Where a wait went."""

from __future__ import annotations

import pytest

from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.talk.latency import TurnClock, TurnWait


def waits(*entries: tuple[float, str] | tuple[float, str, bool]) -> list[TurnWait]:
    clock = TurnClock()
    found = []
    for at, kind, *speaking in entries:
        wait = clock.take(ConversationEvent(at, kind, {"speaking": speaking[0]} if speaking else {}))
        if wait is not None:
            found.append(wait)
    return found


def test_the_published_timeline_is_told_in_the_platforms_names() -> None:
    [wait] = waits(
        (9.0, "caller-speech", True),
        (10.0, "caller-speech", False),
        (10.3, "transcript"),
        (10.6, "turn-ended"),
        (11.4, "model-first-word"),
        (11.9, "first-audio"),
        (12.3, "speech-started"),
    )
    assert [round(value, 3) for _, value in wait.parts()] == [0.3, 0.3, 0.8, 0.5, 0.4]
    assert wait.total == pytest.approx(2.3)
    assert sum(value for _, value in wait.parts()) == pytest.approx(wait.total)


def test_a_final_before_the_detector_ends_the_speech_leaves_no_negative_part() -> None:
    [wait] = waits(
        (1.0, "caller-speech", True),
        (2.0, "transcript"),
        (2.1, "caller-speech", False),
        (2.2, "turn-ended"),
        (2.3, "model-first-word"),
        (2.4, "first-audio"),
        (2.8, "speech-started"),
    )
    assert wait.transcriber == 0
    assert wait.total == pytest.approx(0.8)


def test_a_turn_that_goes_on_counts_from_its_last_words() -> None:
    [wait] = waits(
        (1.0, "transcript"),
        (1.5, "turn-ended"),
        (1.6, "model-first-word"),
        (2.0, "transcript"),
        (2.5, "turn-ended"),
        (2.6, "model-first-word"),
        (2.7, "first-audio"),
        (3.0, "speech-started"),
    )
    assert wait.total == pytest.approx(1.0)
    assert wait.model == pytest.approx(0.1)


def test_a_final_that_comes_after_the_end_of_turn_changes_nothing() -> None:
    [wait] = waits(
        (1.0, "transcript"),
        (1.5, "turn-ended"),
        (1.6, "transcript"),
        (1.7, "model-first-word"),
        (1.8, "first-audio"),
        (2.2, "speech-started"),
    )
    assert wait.total == pytest.approx(1.2)


def test_a_greeting_and_an_idle_message_are_no_answers() -> None:
    assert waits((0.1, "first-audio"), (0.1, "speech-started"), (9.0, "first-audio"), (9.1, "speech-started")) == []

"""What happens while nobody speaks, and when a call is over by the clock."""

from __future__ import annotations

import pytest

from providers.emulator.conversation.virtual_parts import CallerLine
from tests.emulator.conversation.scenes import assistant, moments, played, replies, said, said_by, wishes

GREETING = "Hello."  # 0.4 s of sound, from 0.2 s on
IDLE = {"idleMessages": ["Are you there?"], "idleTimeoutSeconds": 5, "idleMessageMaxSpokenCount": 2}
SPOKEN = len("Are you there?") / 15


def test_an_idle_message_comes_after_its_seconds_and_at_most_so_often() -> None:
    record = played(assistant(firstMessage=GREETING, messagePlan=IDLE), until=29.0)
    first = 0.6 + 5.0
    second = first + 0.2 + SPOKEN + 5.0
    assert [at for _, at in moments(record, "idle-message")] == pytest.approx([first, second], abs=2e-3)
    assert said_by(record, "assistant") == [GREETING, "Are you there?", "Are you there?"]


def test_several_idle_messages_take_turns() -> None:
    plan = IDLE | {"idleMessages": ["Are you there?", "Still here?"]}
    record = played(assistant(firstMessage=GREETING, messagePlan=plan), until=29.0)
    assert said_by(record, "assistant") == [GREETING, "Are you there?", "Still here?"]


def test_the_callers_speech_resets_the_idle_timer_and_the_count() -> None:
    plan = IDLE | {"idleMessageMaxSpokenCount": 1}
    line = said("Yes.", 7.5)
    record = played(assistant(firstMessage=GREETING, messagePlan=plan), [line], model=replies("Good."), until=25.0)
    assert len(record.of_kind("idle-message")) == 2
    kept = plan | {"idleMessageResetCountOnUserSpeechEnabled": False}
    record = played(assistant(firstMessage=GREETING, messagePlan=kept), [line], model=replies("Good."), until=25.0)
    assert len(record.of_kind("idle-message")) == 1


def test_no_idle_message_comes_while_the_caller_makes_a_sound() -> None:
    noise = CallerLine("", at=2.0, seconds=10.0, heard=())
    record = played(assistant(firstMessage=GREETING, messagePlan=IDLE), [noise], until=16.0)
    assert record.of_kind("idle-message") == []


def test_no_idle_message_comes_while_a_tool_is_at_work() -> None:
    who = assistant(
        messagePlan=IDLE,
        model={"tools": [{"type": "function", "function": {"name": "find"}}]},
        silenceTimeoutSeconds=30,
    )
    record = played(
        who,
        [said("Find it.", 1.0)],
        model=wishes("find", then="Found."),
        tools=lambda name, given: (12.0, "x"),
        until=16.0,
    )
    assert record.of_kind("idle-message") == []
    assert said_by(record, "assistant")[-1] == "Found."


def test_silence_ends_the_call() -> None:
    record = played(assistant(firstMessage=GREETING, silenceTimeoutSeconds=12), until=60.0)
    assert record.ended_reason == "silence-timed-out"
    assert record.seconds == pytest.approx(0.6 + 12.0)


def test_silence_is_what_is_not_understood() -> None:
    """A caller who speaks to a deaf transcriber is silent to the platform."""
    noises = [CallerLine("", at=at, seconds=1.0, heard=()) for at in (2.0, 5.0, 9.0)]
    record = played(assistant(firstMessage=GREETING, silenceTimeoutSeconds=12), noises, until=60.0)
    assert record.seconds == pytest.approx(0.6 + 12.0)


def test_words_of_the_caller_and_of_the_assistant_reset_the_silence_timeout() -> None:
    record = played(
        assistant(firstMessage=GREETING, silenceTimeoutSeconds=12),
        [said("Yes.", 8.0)],
        model=replies("Good."),
        until=60.0,
    )
    over = record.of_kind("speech-stopped")[-1].at
    assert record.seconds == pytest.approx(over + 12.0)


def test_last_words_come_before_the_end_by_silence() -> None:
    who = assistant(
        firstMessage=GREETING, silenceTimeoutSeconds=12, messagePlan={"silenceTimeoutMessage": "Goodbye then."}
    )
    record = played(who, until=60.0)
    assert said_by(record, "assistant") == [GREETING, "Goodbye then."]
    assert record.ended_reason == "silence-timed-out"


def test_the_longest_duration_ends_the_call_at_once() -> None:
    record = played(assistant(firstMessage=GREETING, maxDurationSeconds=10), until=60.0)
    assert (record.ended_reason, record.seconds) == ("exceeded-max-duration", 10.0)

"""What the client of a call may ask for."""

from __future__ import annotations

from typing import Any

import pytest

from providers.emulator.conversation import commands, inputs
from providers.emulator.conversation.virtual import VirtualCall, VirtualRecord, VirtualWorld
from providers.emulator.conversation.virtual_parts import CallerLine
from tests.emulator.conversation.scenes import assistant, replies, said, said_by

LONG = "I can help you book a table for tonight, tomorrow or any other day of this week."


def told(
    *messages: tuple[float, dict[str, Any]], lines: list[CallerLine] | None = None, **fields: Any
) -> VirtualRecord:
    """A call whose client says something at moments."""
    call = VirtualCall(assistant(**fields), VirtualWorld(model=replies("All right.", "Indeed.")), lines or [])
    for at, message in messages:
        call.schedule(at, inputs.ClientMessage(message))
    return call.run(20.0)


@pytest.mark.parametrize(("kind", "reason"), [("hangup", "customer-ended-call"), ("end-call", "assistant-ended-call")])
def test_hangup_and_end_call_end_the_call(kind: str, reason: str) -> None:
    record = told((2.0, {"type": kind}), firstMessage=LONG)
    assert (record.ended_reason, record.seconds) == (reason, 2.0)


def test_say_waits_for_what_is_being_said() -> None:
    record = told((1.0, {"type": "say", "content": "By the way."}), firstMessage="Hello, how can I help you today?")
    assert said_by(record, "assistant") == ["Hello, how can I help you today?", "By the way."]


def test_say_takes_the_place_of_what_is_being_said_where_told_so() -> None:
    message = {"type": "say", "content": "By the way.", "interruptAssistantEnabled": True}
    record = told((1.0, message), firstMessage=LONG)
    assert said_by(record, "assistant") == [LONG[:12].rpartition(" ")[0], "By the way."]


def test_say_ends_the_call_after_it_where_told_so() -> None:
    record = told((1.0, {"type": "say", "content": "Goodbye.", "endCallAfterSpoken": True}))
    assert record.ended_reason == "assistant-ended-call-after-message-spoken"
    assert said_by(record, "assistant") == ["Goodbye."]


@pytest.mark.parametrize("enabled", [True, False])
def test_say_is_interrupted_unless_it_may_not_be(enabled: bool) -> None:
    message = {"type": "say", "content": LONG, "interruptionsEnabled": enabled}
    record = told((0.1, message), lines=[said("Stop.", 1.0)])
    assert len(record.of_kind("interrupted")) == int(enabled)


@pytest.mark.parametrize("enabled", [True, False])
def test_a_message_is_added_and_answered_unless_it_is_not_to_be(enabled: bool) -> None:
    message = {"type": "add-message", "message": {"role": "system", "content": "The caller is Ada."}}
    record = told((1.0, message if enabled else message | {"triggerResponseEnabled": False}))
    assert said_by(record, "system") == ["The caller is Ada."]
    assert said_by(record, "assistant") == (["All right."] if enabled else [])


def test_a_muted_assistant_falls_silent_and_does_not_answer() -> None:
    record = told(
        (1.0, {"type": "control", "control": "mute-assistant"}),
        (6.0, {"type": "control", "control": "unmute-assistant"}),
        lines=[said("Hello?", 2.0), said("And now?", 7.0)],
        firstMessage=LONG,
    )
    assert record.spans[-1].at > 7.0
    assert not [span for span in record.spans if 1.0 < span.at < 7.0]
    assert said_by(record, "assistant")[1:] == ["All right."]


def test_a_muted_customer_is_not_heard() -> None:
    call = VirtualCall(assistant(firstMessage=LONG, firstMessageInterruptionsEnabled=True), VirtualWorld())
    call.schedule(0.5, inputs.ClientMessage({"type": "control", "control": "mute-customer"}))
    call.schedule(1.0, inputs.CallerSpeech(speaking=True))
    record = call.run(4.0)
    assert call.conversation.customer_muted
    assert record.of_kind("interrupted", "caller-speech") == []
    call.schedule(4.5, inputs.ClientMessage({"type": "control", "control": "unmute-customer"}))
    call.run(5.0)
    assert not call.conversation.customer_muted


def test_the_first_message_is_said_when_told_so() -> None:
    message = {"type": "control", "control": "say-first-message"}
    record = told((1.0, message), firstMessage="Hello.", firstMessageMode="assistant-waits-for-user")
    assert said_by(record, "assistant") == ["Hello."]


def test_a_transfer_hands_the_call_on_after_its_words() -> None:
    destination = {"type": "number", "number": "+15550100"}
    message = {"type": "transfer", "destination": destination, "content": "One moment."}
    record = told((1.0, message), clientMessages=["transfer-update"])
    assert record.ended_reason == "assistant-forwarded-call"
    assert said_by(record, "assistant") == ["One moment."]
    assert record.messages("transfer-update") == [{"type": "transfer-update", "destination": destination}]


def test_a_transport_message_is_an_event() -> None:
    record = told((1.0, {"type": "send-transport-message", "message": {"a": 1}}))
    assert record.of_kind("transport-message")[0].detail == {"message": {"a": 1}}


@pytest.mark.parametrize(
    "message",
    [
        {"type": "later"},
        {},
        {"type": "say"},
        {"type": "say", "content": 7},
        {"type": "add-message", "message": "x"},
        {"type": "control", "control": "dance"},
        {"type": "transfer", "destination": "x"},
    ],
)
def test_what_is_unknown_or_has_no_sense_is_ignored(message: dict[str, Any]) -> None:
    record = told((1.0, message), firstMessage="Hello.")
    assert record.ended_reason is None
    assert said_by(record, "assistant") == ["Hello."]


def test_nothing_is_taken_in_after_the_end() -> None:
    call = VirtualCall(assistant(firstMessage="Hello."), VirtualWorld(), hang_up_after=2.0)
    call.run()
    call.conversation.receive(inputs.ClientMessage({"type": "say", "content": "More."}), 3.0)
    assert call.conversation.commands() == []
    assert call.conversation.events() == []
    assert call.conversation.next_timer() is None
    assert isinstance(call.record.asked[-1][1], commands.End)


def test_a_muted_assistant_has_no_idle_messages_and_no_last_words_and_still_hangs_up() -> None:
    record = told(
        (1.0, {"type": "control", "control": "mute-assistant"}),
        (3.0, {"type": "say", "content": "By the way."}),
        firstMessage="Hello.",
        silenceTimeoutSeconds=12,
        messagePlan={
            "idleMessages": ["Are you there?"],
            "idleTimeoutSeconds": 5,
            "silenceTimeoutMessage": "Goodbye then.",
        },
    )
    assert said_by(record, "assistant") == ["Hello."]
    assert record.ended_reason == "silence-timed-out"
    assert record.of_kind("idle-message") == []

"""The platform's messages: who gets which, in what order, with what in them."""

from __future__ import annotations

from typing import Any

import pytest

from providers.emulator.conversation.behaviour import Behaviour
from providers.emulator.conversation.context import DEFAULT_SERVER_MESSAGES
from providers.emulator.conversation.virtual import VirtualRecord
from providers.emulator.conversation.virtual_parts import VoicePlan
from tests.emulator.conversation.scenes import assistant, only, played, replies, said

EVERYTHING = [
    *("assistant.started", "assistant.speechStarted", "conversation-update", "end-of-call-report", "hang"),
    *("model-output", "speech-update", "status-update", "transcript", "tool-calls", "user-interrupted", "voice-input"),
]


def one_turn(**fields: Any) -> VirtualRecord:
    """A greeting, a question, an answer, and the end by length."""
    who = assistant(**({"firstMessage": "Hello.", "maxDurationSeconds": 10} | fields))
    line = said("A table.", 2.0, partials=[0.5])
    return played(who, [line], model=replies("For two people, or for more than two? Tell me."))


def order(record: VirtualRecord) -> list[str]:
    def named(message: dict[str, Any]) -> str:
        return " ".join(
            str(message[key]) for key in ("type", "role", "status", "transcriptType") if message.get(key) is not None
        )

    return [named(send.message) for _, send in record.sent]


def test_the_messages_of_a_turn_come_in_the_published_order() -> None:
    assert order(one_turn(serverMessages=EVERYTHING)) == [
        "status-update in-progress",
        "assistant.started",
        "voice-input",
        "speech-update assistant started",
        "assistant.speechStarted",
        "speech-update assistant stopped",
        "transcript assistant final",
        "conversation-update",
        "speech-update user started",
        "transcript user partial",
        "speech-update user stopped",
        "transcript user final",
        "conversation-update",
        "model-output",
        "voice-input",
        "voice-input",
        "speech-update assistant started",
        "assistant.speechStarted",
        "assistant.speechStarted",
        "speech-update assistant stopped",
        "transcript assistant final",
        "conversation-update",
        "status-update ended",
        "end-of-call-report",
    ]


def test_status_update_comes_before_every_transcript() -> None:
    found = order(one_turn(serverMessages=EVERYTHING))
    first = next(index for index, name in enumerate(found) if name.startswith("transcript"))
    assert found.index("status-update in-progress") < first


def test_speech_started_comes_at_play_out_once_for_each_chunk_with_the_whole_text_so_far() -> None:
    record = one_turn(serverMessages=EVERYTHING)
    started = [(at, send.message) for at, send in record.sent if send.message["type"] == "assistant.speechStarted"]
    chunks = record.of_kind("chunk-started")
    assert [at for at, _ in started] == [event.at for event in chunks]
    assert [(message["turn"], message["source"], message["text"]) for _, message in started] == [
        (0, "force-say", "Hello."),
        (2, "custom-voice", "For two people, or for more than two?"),
        (2, "custom-voice", "For two people, or for more than two? Tell me."),
    ]


def test_no_speech_started_comes_after_an_interruption() -> None:
    long = "I can help you book a table for tonight, tomorrow or any other day of this week. " * 2
    who = assistant(firstMessage=long, firstMessageInterruptionsEnabled=True, serverMessages=EVERYTHING)
    record = played(who, [said("Tomorrow", 1.0)], until=2.5)
    moment = record.of_kind("interrupted")[0].at
    later = [send.message["type"] for at, send in record.sent if at >= moment]
    assert "assistant.speechStarted" not in later


def test_by_default_the_published_messages_go_to_the_server_and_others_to_the_client() -> None:
    record = one_turn()
    to_server = {send.message["type"] for _, send in record.sent if send.to_server}
    to_client = {send.message["type"] for _, send in record.sent if send.to_client}
    assert to_server <= DEFAULT_SERVER_MESSAGES
    assert {"status-update", "speech-update", "conversation-update", "end-of-call-report"} <= to_server
    assert {"transcript", "model-output", "voice-input"} <= to_client
    assert "end-of-call-report" not in to_client
    assert "assistant.speechStarted" not in to_server | to_client


@pytest.mark.parametrize(
    ("listed", "kinds"), [("transcript", {"partial", "final"}), ('transcript[transcriptType="final"]', {"final"})]
)
def test_finals_alone_go_where_only_they_are_listed(listed: str, kinds: set[str]) -> None:
    record = one_turn(serverMessages=[listed])
    sent = [send.message for _, send in record.sent if send.to_server]
    assert {message["type"] for message in sent} == {"transcript"}
    assert {message["transcriptType"] for message in sent} == kinds


def test_a_conversation_update_holds_the_history_in_both_spellings() -> None:
    last = one_turn().messages("conversation-update")[-1]
    assert last["messagesOpenAIFormatted"] == [
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "A table."},
        {"role": "assistant", "content": "For two people, or for more than two? Tell me."},
    ]
    assert [message["role"] for message in last["messages"]] == ["bot", "user", "bot"]
    user = last["messages"][1]
    assert user["message"] == "A table."
    assert user["secondsFromStart"] == 2.5
    assert user["time"] == 1_790_000_002_500
    assert user["endTime"] > user["time"]


def test_the_report_holds_the_reason_and_the_transcript() -> None:
    (report,) = one_turn().messages("end-of-call-report")
    assert report["endedReason"] == "exceeded-max-duration"
    assert report["durationSeconds"] == 10.0
    assert (report["startedAt"], report["endedAt"]) == ("2026-09-21T14:13:20.000Z", "2026-09-21T14:13:30.000Z")
    assert report["artifact"]["transcript"].splitlines() == [
        "AI: Hello.",
        "User: A table.",
        "AI: For two people, or for more than two? Tell me.",
    ]


def test_turns_are_counted_from_zero_and_change_with_the_speaker() -> None:
    turns = [(m["role"], m["status"], m["turn"]) for m in one_turn().messages("speech-update")]
    assert turns == [
        ("assistant", "started", 0),
        ("assistant", "stopped", 0),
        ("user", "started", 1),
        ("user", "stopped", 1),
        ("assistant", "started", 2),
        ("assistant", "stopped", 2),
    ]


def test_hang_is_told_when_the_assistant_is_late() -> None:
    record = played(assistant(), [said("A table.", 1.0)], model=replies("Yes.", delay=7.0))
    assert [at for at, send in record.sent if send.message["type"] == "hang"] == [pytest.approx(2.2 + 5.0)]
    quick = played(assistant(), [said("A table.", 1.0)], model=replies("Yes."))
    assert quick.messages("hang") == []


def test_a_voice_that_falls_behind_leaves_a_silence_that_shows() -> None:
    def late(text: str, voice: int) -> VoicePlan:
        return VoicePlan(((0.1, 0.5), (0.61, 0.5), (1.5, 0.5)), 1.5)

    record = played(assistant(firstMessage="Good evening."), voice=late, until=9.0)
    event = only(record, "underrun")  # the ten milliseconds before the second piece are none
    assert event.at == 1.5
    assert event.detail["seconds"] == pytest.approx(1.5 - 1.11)
    assert record.of_kind("speech-stopped")[0].at == pytest.approx(2.0)


def test_the_source_of_words_that_a_custom_voice_says_is_what_it_is_set_to() -> None:
    def source(behaviour: Behaviour) -> str:
        who = assistant(serverMessages=["assistant.speechStarted"])
        record = played(who, [said("A table.", 1.0)], model=replies("Yes."), behaviour=behaviour)
        return str(record.messages("assistant.speechStarted")[0]["source"])

    assert source(Behaviour()) == "custom-voice"
    assert source(Behaviour(speech_source="model")) == "model"

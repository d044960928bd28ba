"""The start speaking plan: when the assistant begins."""

from __future__ import annotations

import pytest

from providers.emulator.conversation import commands
from providers.emulator.conversation.behaviour import Behaviour
from providers.emulator.conversation.virtual_parts import EndpointingPlan, SteadyVoice
from tests.emulator.conversation.scenes import assistant, moments, only, played, replies, said, said_by

CUSTOM = {"provider": "custom-endpointing-model", "server": {"url": "http://endpointing"}}


@pytest.mark.parametrize(
    ("text", "seconds", "reason"),
    [
        ("I want a table.", 0.1, "punctuation"),
        ("Really?", 0.1, "punctuation"),
        ("क्या आप हैं।", 0.1, "punctuation"),
        ("My number is 429", 0.5, "number"),
        ("I want a", 1.5, "no-punctuation"),
    ],
)
def test_the_transcription_plan_decides_by_the_end_of_the_text(text: str, seconds: float, reason: str) -> None:
    record = played(assistant(), [said(text, 1.0)], model=replies("All right."))
    waited = only(record, "endpointing")
    assert (waited.detail["seconds"], waited.detail["reason"]) == (seconds, reason)
    assert round(only(record, "turn-ended").at - waited.at, 3) == seconds


@pytest.mark.parametrize("provider", ["vapi", "livekit", "custom-endpointing-model"])
def test_a_rule_that_matches_comes_before_every_smart_plan(provider: str) -> None:
    plan = {
        "customEndpointingRules": [
            {"type": "customer", "regex": "never said", "timeoutSeconds": 9.0},
            {"type": "customer", "regex": r"\btable\b", "timeoutSeconds": 2.0},
        ],
        "smartEndpointingPlan": {"provider": provider, "server": {"url": "http://endpointing"}},
    }
    record = played(assistant(startSpeakingPlan=plan), [said("I want a table.", 1.0)], model=replies("All right."))
    assert only(record, "endpointing").detail == {"seconds": 2.0, "reason": "rule", "text": "I want a table."}
    assert record.of_kind("endpointing-asked") == []


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ({"type": "assistant", "regex": "account number"}, True),
        ({"type": "assistant", "regex": "ACCOUNT"}, False),
        ({"type": "assistant", "regex": "ACCOUNT", "regexOptions": [{"type": "ignore-case", "enabled": True}]}, True),
        ({"type": "assistant", "regex": "ccount", "regexOptions": [{"type": "whole-word", "enabled": True}]}, False),
        ({"type": "user", "regex": "^It is"}, True),
        ({"type": "both", "assistantRegex": "account", "customerRegex": "four"}, True),
        ({"type": "both", "assistantRegex": "account", "customerRegex": "five"}, False),
        ({"type": "user", "regex": "(unclosed"}, False),
    ],
)
def test_a_rule_looks_at_the_assistant_the_caller_or_both(rule: dict[str, object], matches: bool) -> None:
    who = assistant(
        firstMessage="What is your account number?",
        startSpeakingPlan={"customEndpointingRules": [rule | {"timeoutSeconds": 3.0}]},
    )
    record = played(who, [said("It is four four seven.", 4.0)], model=replies("Thank you."))
    assert (only(record, "endpointing").detail["reason"] == "rule") is matches


def test_the_wait_function_of_a_livekit_plan_decides() -> None:
    plan = {"smartEndpointingPlan": {"provider": "livekit", "waitFunction": "700 + 0 * x"}}
    record = played(assistant(startSpeakingPlan=plan), [said("I want a table.", 1.0)], model=replies("All right."))
    assert only(record, "endpointing").detail["seconds"] == pytest.approx(0.7)
    assert only(record, "endpointing").detail["reason"] == "livekit"


def test_each_transcript_resets_the_timer() -> None:
    line = said("I want a table.", 1.0, seconds=4.0, partials=[0.5, 1.8, 3.1])
    record = played(assistant(), [line], model=replies("All right."))
    assert moments(record, "endpointing", "turn-ended") == [
        ("endpointing", 1.5),
        ("endpointing", 2.8),
        ("endpointing", 4.1),
        ("endpointing", 5.1),
        ("turn-ended", 5.2),
    ]


def test_each_transcript_asks_the_endpointing_server_and_only_the_last_answer_counts() -> None:
    answers = iter([EndpointingPlan(0.5, 0.0), EndpointingPlan(0.05, 1.0)])
    record = played(
        assistant(startSpeakingPlan={"smartEndpointingPlan": CUSTOM}),
        [said("I want a table.", 1.0, partials=[0.8])],
        endpointing=lambda messages: next(answers),
        model=replies("All right."),
    )
    assert [event.detail["late"] for event in record.of_kind("endpointing-answered")] == [False, True]
    assert only(record, "turn-ended").at == pytest.approx(2.1 + 0.05 + 1.0)


def test_the_endpointing_request_holds_the_running_utterance() -> None:
    def asked(behaviour: Behaviour) -> list[str]:
        record = played(
            assistant(firstMessage="Hello.", startSpeakingPlan={"smartEndpointingPlan": CUSTOM}),
            [said("I want a table.", 2.0, partials=[0.5])],
            behaviour=behaviour,
            endpointing=lambda messages: EndpointingPlan(0.01, 2.0),
        )
        requests = [command for _, command in record.asked if isinstance(command, commands.AskEndpointing)]
        return [str(request.messages[-1]["content"]) for request in requests]

    assert asked(Behaviour()) == ["I want a table", "I want a table."]
    assert asked(Behaviour(running_utterance_in_messages=False)) == ["Hello.", "Hello."]


def test_a_repeated_partial_asks_again_only_where_told_so() -> None:
    def count(behaviour: Behaviour) -> int:
        record = played(
            assistant(startSpeakingPlan={"smartEndpointingPlan": CUSTOM}),
            [said("I want a table.", 1.0, seconds=2.0, partials=[0.5, 0.7, 0.9])],
            behaviour=behaviour,
            endpointing=lambda messages: EndpointingPlan(5.0, 1.0),
        )
        return len([e for e in record.of_kind("endpointing-asked") if e.detail["text"] == "I want a table"])

    assert count(Behaviour()) == 3
    assert count(Behaviour(repeated_partial_asks=False)) == 1


def test_until_a_late_endpointing_answer_the_transcription_plan_runs() -> None:
    record = played(
        assistant(startSpeakingPlan={"smartEndpointingPlan": CUSTOM}),
        [said("I want a", 1.0)],
        endpointing=lambda messages: EndpointingPlan(4.0, 0.0),
        model=replies("All right."),
    )
    assert moments(record, "turn-ended") == [("turn-ended", 3.6)]
    assert only(record, "turn-ended").detail["reason"] == "no-punctuation"
    assert only(record, "endpointing-answered").detail["late"] is True


def test_where_told_so_a_late_endpointing_answer_is_waited_for() -> None:
    record = played(
        assistant(startSpeakingPlan={"smartEndpointingPlan": CUSTOM}),
        [said("I want a", 1.0)],
        behaviour=Behaviour(late_endpointing="wait"),
        endpointing=lambda messages: EndpointingPlan(4.0, 0.2),
        model=replies("All right."),
    )
    assert moments(record, "turn-ended") == [("turn-ended", 6.3)]


@pytest.mark.parametrize("seconds", [None, -1.0, 15.1])
def test_an_endpointing_answer_that_is_none_leaves_the_transcription_plan(seconds: float | None) -> None:
    for late in ("plan", "wait"):
        record = played(
            assistant(startSpeakingPlan={"smartEndpointingPlan": CUSTOM}),
            [said("I want a table.", 1.0)],
            behaviour=Behaviour(late_endpointing=late),
            endpointing=lambda messages: EndpointingPlan(0.05, seconds),
            model=replies("All right."),
        )
        assert only(record, "turn-ended").detail["reason"] == "punctuation"


def test_the_seconds_of_an_answer_count_from_the_transcript_where_told_so() -> None:
    record = played(
        assistant(startSpeakingPlan={"smartEndpointingPlan": CUSTOM}),
        [said("I want a", 1.0)],
        behaviour=Behaviour(endpointing_from="transcript"),
        endpointing=lambda messages: EndpointingPlan(0.3, 0.5),
        model=replies("All right."),
    )
    assert moments(record, "turn-ended") == [("turn-ended", 2.6)]


def test_the_first_sound_waits_until_wait_seconds_after_the_end_of_the_turn_where_told_so() -> None:
    for delay, expected in ((0.1, 0.4), (0.9, 1.0)):
        record = played(
            assistant(),
            [said("I want a table.", 1.0)],
            behaviour=Behaviour(wait_from="end-of-turn"),
            model=replies("All right.", delay=delay),
            voice=SteadyVoice(first_audio=0.1),
        )
        assert only(record, "speech-started").at - only(record, "turn-ended").at == pytest.approx(expected)


def test_the_first_chunk_goes_out_at_thirty_characters_and_a_boundary_or_at_a_flush_tag() -> None:
    record = played(
        assistant(),
        [said("Hello.", 1.0)],
        model=replies("Yes. Yes, we have a table for you tonight. <flush/> Good.<flush/> Bye."),
    )
    texts = [event.detail["text"] for event in record.of_kind("voice-asked")]
    assert texts == ["Yes. Yes, we have a table for you tonight.", "Good.", "Bye."]


def test_words_that_come_before_the_answer_is_heard_replace_it() -> None:
    record = played(
        assistant(),
        [said("I want a table.", 1.0), said("For two.", 2.3, seconds=0.3)],
        model=replies("For how many?", "For two, all right."),
    )
    assert len(record.of_kind("answer-cancelled")) == 1
    assert said_by(record, "assistant") == ["For two, all right."]
    asked = [command for _, command in record.asked if isinstance(command, commands.AskModel)]
    assert asked[-1].messages[-1] == {"role": "user", "content": "I want a table. For two."}


def test_a_final_that_repeats_the_partial_on_which_the_turn_ended_is_no_new_turn() -> None:
    line = said("I want a table.", 1.0, seconds=1.0, partials=[0.4], final=2.0)
    record = played(assistant(), [line], model=replies("For how many?", "wrong"))
    assert len(record.of_kind("turn-ended")) == 1
    assert said_by(record, "assistant") == ["For how many?"]


@pytest.mark.parametrize(
    ("mode", "first"),
    [
        ("assistant-speaks-first", ["Hello."]),
        ("assistant-waits-for-user", []),
        ("assistant-speaks-first-with-model-generated-message", ["Good evening."]),
    ],
)
def test_the_first_message_mode_decides_who_speaks_first(mode: str, first: list[str]) -> None:
    record = played(assistant(firstMessage="Hello.", firstMessageMode=mode), model=replies("Good evening."), until=5.0)
    assert said_by(record, "assistant") == first


def test_a_first_message_has_its_variables_filled_in() -> None:
    record = played(assistant(firstMessage="Hello {{name}}.", variableValues={"name": "Ada"}), until=5.0)
    assert said_by(record, "assistant") == ["Hello Ada."]

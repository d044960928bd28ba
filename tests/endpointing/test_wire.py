"""JSON of the endpointing endpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.endpointing.plan import Pattern, PlanSeconds, Rule
from providers.endpointing.wire import Turn, parse, reply
from providers.errors import BadRequest, TooLarge
from providers.jsonbody import OtherMessage

OPENAI = [{"role": "assistant", "content": "Your number?"}, {"role": "user", "content": "four four"}]
PLATFORM = [{"role": "bot", "message": "Your number?", "time": 1}, {"role": "user", "message": "four four"}]


def read(**fields: Any) -> Turn | OtherMessage:
    return parse(json.dumps({"message": {"type": "call.endpointing.request", **fields}}).encode())


@pytest.mark.parametrize("fields", [{"messagesOpenAIFormatted": OPENAI}, {"messages": PLATFORM}])
def test_either_list_of_messages_is_enough(fields: dict[str, Any]) -> None:
    assert read(**fields, call={"id": "c"}) == Turn("four four", "Your number?", (), "c")


@pytest.mark.parametrize(("language", "read_as"), [("de", ("de",)), (None, ()), (["de"], ())])
def test_the_language_of_the_transcriber_is_read(language: Any, read_as: tuple[str, ...]) -> None:
    turn = read(messages=PLATFORM, assistant={"transcriber": {"provider": "any", "language": language}})
    assert isinstance(turn, Turn)
    assert turn.languages == read_as


def test_the_message_wrapper_may_be_absent() -> None:
    body = {"type": "call.endpointing.request", "messages": PLATFORM}
    assert parse(json.dumps(body).encode()) == Turn("four four", "Your number?", (), "")


def test_the_last_message_of_each_side_is_read() -> None:
    later = [*OPENAI, {"role": "tool", "content": "x"}, {"role": "user", "content": "seven"}]
    turn = read(messagesOpenAIFormatted=later)
    assert isinstance(turn, Turn)
    assert turn.user == "seven"


@pytest.mark.parametrize("content", [None, [{"type": "text", "text": "four"}, {"type": "text", "text": "four"}], 5])
def test_content_may_be_parts_or_missing(content: Any) -> None:
    turn = read(messagesOpenAIFormatted=[{"role": "user", "content": content}])
    assert isinstance(turn, Turn)
    assert turn.user == ("four four" if isinstance(content, list) else "")


def test_the_assistants_own_rules_are_read() -> None:
    rules = [
        {"type": "assistant", "regex": "a", "timeoutSeconds": 1},
        {"type": "customer", "regex": "u", "timeoutSeconds": 2.5, "regexOptions": []},
        {"type": "user", "regex": "u", "timeoutSeconds": 3},
        {"type": "both", "assistantRegex": "a", "customerRegex": "c", "timeoutSeconds": 4},
        {"type": "both", "regex": "b", "timeoutSeconds": 5},
    ]
    turn = read(messages=PLATFORM, assistant={"startSpeakingPlan": {"customEndpointingRules": rules}})
    assert isinstance(turn, Turn)
    a, b, c, u = Pattern("a"), Pattern("b"), Pattern("c"), Pattern("u")
    assert turn.rules == (Rule(1, a, None), Rule(2.5, None, u), Rule(3, None, u), Rule(4, a, c), Rule(5, b, b))


def test_the_options_of_a_pattern_are_read() -> None:
    options = [
        {"type": "ignore-case", "enabled": True},
        {"type": "whole-word"},
        {"type": "multi-line", "enabled": False},
    ]
    rules = [
        {"type": "user", "regex": "u", "regexOptions": options},
        {"type": "both", "assistantRegex": "a", "assistantRegexOptions": options[:1], "customerRegex": "c"},
    ]
    turn = read(messages=PLATFORM, assistant={"startSpeakingPlan": {"customEndpointingRules": rules}})
    assert isinstance(turn, Turn)
    assert turn.rules == (
        Rule(0, None, Pattern("u", ignore_case=True, whole_word=True)),
        Rule(0, Pattern("a", ignore_case=True), Pattern("c")),
    )


def test_the_assistants_seconds_and_wait_function_are_read() -> None:
    plan = {
        "transcriptionEndpointingPlan": {"onPunctuationSeconds": 0.2, "onNumberSeconds": 0, "unknown": {}},
        "smartEndpointingPlan": {"provider": "custom-endpointing-model", "waitFunction": "200 + 8000 * x"},
    }
    turn = read(messages=PLATFORM, assistant={"startSpeakingPlan": plan})
    assert isinstance(turn, Turn)
    assert turn.plan == PlanSeconds(punctuation=0.2, number=0)
    assert turn.wait_function == "200 + 8000 * x"


@pytest.mark.parametrize("plan", [None, {}, {"transcriptionEndpointingPlan": None, "smartEndpointingPlan": None}])
def test_a_plan_may_be_missing_or_null(plan: Any) -> None:
    turn = read(messages=PLATFORM, assistant={"startSpeakingPlan": plan})
    assert isinstance(turn, Turn)
    assert (turn.plan, turn.wait_function) == (PlanSeconds(), "")


def test_seconds_that_are_no_number_are_named() -> None:
    plan = {"transcriptionEndpointingPlan": {"onNumberSeconds": "soon"}}
    named = r"message\.assistant\.startSpeakingPlan\.transcriptionEndpointingPlan\.onNumberSeconds"
    with pytest.raises(BadRequest, match=named):
        read(messages=PLATFORM, assistant={"startSpeakingPlan": plan})


def test_at_most_a_hundred_rules_are_read_and_the_others_are_counted() -> None:
    rules = [{"type": "user", "regex": str(number)} for number in range(1000)]
    turn = read(messages=PLATFORM, assistant={"startSpeakingPlan": {"customEndpointingRules": rules}})
    assert isinstance(turn, Turn)
    assert len(turn.rules) == 100
    assert turn.rules_beyond == 900


@pytest.mark.parametrize("messages", [[{}] * 50_000, [[]] * 50_000, [1] * 250_000])
def test_more_values_than_a_conversation_has_are_refused(messages: list[Any]) -> None:
    with pytest.raises(TooLarge, match="body: expected at most"):
        read(messages=messages)


@pytest.mark.parametrize("content", ["a" * 66_000, {str(number): number for number in range(40_000)}])
def test_a_message_longer_than_speech_is_refused_by_name_only_where_it_is_asked_for(content: Any) -> None:
    long = {"role": "user", "content": content}
    with pytest.raises(TooLarge, match=r"^message\.messages\[1\]\.content: expected at most 65536 bytes, found \d+$"):
        read(messages=[{"role": "user", "content": "a"}, long])
    turn = read(messages=[long, {"role": "system", "content": content}, *OPENAI])
    assert isinstance(turn, Turn)
    assert turn.user == "four four"


def test_bytes_that_are_no_text_name_the_message() -> None:
    said = json.dumps({"message": {"type": "call.endpointing.request", "messages": OPENAI}}).encode()
    with pytest.raises(BadRequest, match=r"^message\.messages\[1\]\.content: expected well-formed JSON in UTF-8"):
        parse(said.replace(b"four four", b"four \xff"))


def test_a_message_of_another_type_is_recognised() -> None:
    assert parse(b'{"message":{"type":"status-update"}}') == OtherMessage("status-update")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "message.messagesOpenAIFormatted"),
        ({"messages": "hi"}, "message.messages"),
        ({"messagesOpenAIFormatted": [{"content": "x"}]}, r"message.messagesOpenAIFormatted\[0\]|message.messages"),
        ({"messages": [5]}, "message.messages"),
    ],
)
def test_a_malformed_body_names_the_field(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        read(**fields)


@pytest.mark.parametrize(("seconds", "said"), [(0.5, 0.5), (-1, 0), (99, 15), (float("inf"), 15)])
def test_the_answer_is_clamped_to_the_platforms_range(seconds: float, said: float) -> None:
    assert json.loads(reply(seconds)) == {"timeoutSeconds": said}


@given(st.binary(max_size=200))
def test_any_bytes_give_a_turn_or_one_named_error(body: bytes) -> None:
    try:
        parse(body)
    except BadRequest as error:
        assert ": " in str(error)

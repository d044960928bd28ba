"""Messages to the Server URL: every published shape is read, and nothing of theirs that is secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.errors import BadRequest
from providers.server_url.answers import BadAnswer, checked
from providers.server_url.messages import ANSWERED, TYPES, ServerMessage, ToolCalls
from providers.server_url.sources import method
from providers.server_url.tools import ToolCall
from providers.server_url.wire import parse
from tests.server_url.examples import ASKING, CALL, INFORMING, wrapped

EVERY = [*INFORMING, *(message for message, _ in ASKING)]


@pytest.mark.parametrize("message", EVERY, ids=lambda message: message["type"])
def test_every_published_example_is_read(message: dict[str, Any]) -> None:
    found = parse(json.dumps(wrapped(message)).encode())
    kind = "transcript" if message["type"].startswith("transcript") else message["type"]
    assert found.type == kind
    assert found.call_id == CALL["id"]
    assert "planted" not in found.told()
    assert type(found) is TYPES.get(kind, ServerMessage)


def test_the_examples_are_of_every_type() -> None:
    assert {message["type"].partition("[")[0] for message in EVERY} >= set(TYPES)
    assert set(ANSWERED) == {message["type"] for message, _ in ASKING}


@pytest.mark.parametrize(
    ("message", "answers"), ASKING, ids=lambda value: "" if isinstance(value, list) else value["type"]
)
def test_every_published_answer_passes(message: dict[str, Any], answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        assert checked(message["type"], answer) == answer


@pytest.mark.parametrize(
    ("kind", "answer", "told"),
    [
        ("assistant-request", {"assistantId": 5}, "assistantId: expected `str"),
        ("assistant-request", {}, "expected an assistant, a destination or an error, found none"),
        ("tool-calls", {"results": [{"result": "x"}]}, "toolCallId"),
        ("knowledge-base-request", {"documents": [{"content": "x"}]}, "similarity"),
        ("campaign.predial", {"eligible": "yes"}, "eligible"),
        ("campaign.predial", [], "expected an object, found list"),
    ],
)
def test_an_answer_that_the_platform_would_not_understand_is_refused(kind: str, answer: Any, told: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        checked(kind, answer)
    assert told in str(refused.value)


def test_tools_are_read_with_parameters_and_with_arguments() -> None:
    expected = [ToolCall("call_1", "findTable", {"people": 2, "day": "friday"})]
    for message, _ in ASKING:
        if message["type"] == "tool-calls":
            found = parse(json.dumps(wrapped(message)).encode())
            assert isinstance(found, ToolCalls)
            assert found.calls == expected
    only_second = {"type": "tool-calls", "toolWithToolCallList": ASKING[1][0]["toolWithToolCallList"]}
    second = parse(json.dumps(wrapped(only_second)).encode())
    assert isinstance(second, ToolCalls)
    assert second.calls == expected


def test_an_unknown_type_is_a_bare_message_and_a_body_may_come_unwrapped() -> None:
    found = parse(b'{"type": "of.another.year", "call": {"id": "c"}, "x": 1}')
    assert type(found) is ServerMessage
    assert (found.type, found.call_id) == ("of.another.year", "c")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"[]", "expected `object`, found `array`"),
        (b"{", "expected JSON"),
        (b'{"message": {}}', "message: expected field type, found none"),
        (b'{"message": {"type": 5}}', "message.type"),
        (b'{"message": {"type": "tool-calls", "toolCallList": 5}}', "message.toolCallList"),
        (b'{"message": {"type": "hang", "call": 5}}', "message.call"),
    ],
)
def test_what_is_no_message_is_named_and_not_quoted(body: bytes, told: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(body)
    assert told in str(refused.value)


def test_what_only_informs_is_not_refused_for_a_field() -> None:
    found = parse(b'{"message": {"type": "speech-update", "status": 7}}')
    assert found.type == "speech-update"


def test_the_methods_of_a_handler_are_named_after_the_types() -> None:
    assert {method(kind) for kind in ("tool-calls", "campaign.predial")} == {"tool_calls", "campaign_predial"}
    assert len({method(kind) for kind in TYPES}) == len(TYPES)
    assert all(method(kind).isidentifier() for kind in TYPES)

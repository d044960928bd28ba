"""The stream of a chat completion."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.emulator.conversation.ports import PortError, ToolWish
from providers.emulator.language_models.stream import CompletionStream


def delta(**fields: Any) -> str:
    return "data: " + json.dumps({"id": "x", "choices": [{"index": 0, "delta": fields, "finish_reason": None}]})


def call(index: int, arguments: str, name: str | None = None) -> dict[str, Any]:
    named = {"id": f"call_{index}", "type": "function"} if name else {}
    return {"index": index, **named, "function": {"arguments": arguments, **({"name": name} if name else {})}}


def test_text_comes_piece_by_piece() -> None:
    stream = CompletionStream()
    lines = [
        ": keep-alive",
        "",
        "event: x",
        delta(role="assistant"),
        delta(content="Hel"),
        "data:" + delta(content="lo")[6:],
    ]
    assert [stream.feed(line) for line in lines] == ["", "", "", "", "Hel", "lo"]
    assert not stream.done
    assert stream.feed("data: [DONE]") == ""
    assert stream.done
    assert stream.finish() == []


def test_the_arguments_of_tools_are_put_together() -> None:
    stream = CompletionStream()
    for line in (
        delta(tool_calls=[call(0, "", "book"), call(1, '{"n"', "find")]),
        delta(tool_calls=[call(0, '{"table": '), call(1, ": 2}")]),
        delta(tool_calls=[call(0, "7}")]),
        "data: [DONE]",
    ):
        assert stream.feed(line) == ""
    assert stream.finish() == [ToolWish("call_0", "book", {"table": 7}), ToolWish("call_1", "find", {"n": 2})]


def test_a_tool_without_arguments_has_none() -> None:
    stream = CompletionStream()
    stream.feed(delta(tool_calls=[call(0, "", "endCall")]))
    stream.feed("data: [DONE]")
    assert stream.finish() == [ToolWish("call_0", "endCall", {})]


def test_a_finish_reason_ends_a_stream_without_a_last_event() -> None:
    stream = CompletionStream()
    stream.feed('data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}')
    assert stream.finish() == []


def test_a_stream_that_breaks_off_is_an_error() -> None:
    stream = CompletionStream()
    stream.feed(delta(content="Hel"))
    with pytest.raises(PortError, match="broke off"):
        stream.finish()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("data: {", "expected events of a chat completion"),
        ('data: {"choices": 5}', "expected events of a chat completion"),
        ('data: {"error": {"message": "overloaded"}}', "the model failed: overloaded"),
        ('data: {"error": "overloaded"}', "the model failed: overloaded"),
        ("data: " + "x" * (1 << 20), "at most 1048576 are read"),
    ],
)
def test_a_line_that_is_no_event_is_an_error(line: str, message: str) -> None:
    with pytest.raises(PortError, match=message):
        CompletionStream().feed(line)


def test_arguments_that_are_no_object_are_an_error() -> None:
    stream = CompletionStream()
    stream.feed(delta(tool_calls=[call(0, "[1", "book")]))
    stream.feed("data: [DONE]")
    with pytest.raises(PortError, match="'book' are no JSON object"):
        stream.finish()

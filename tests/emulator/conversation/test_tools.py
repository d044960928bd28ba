"""Tools: the platform's own, and the customer's."""

from __future__ import annotations

from typing import Any

import pytest

from providers.emulator.conversation import commands, inputs
from providers.emulator.conversation.virtual import VirtualCall, VirtualRecord, VirtualWorld
from tests.emulator.conversation.scenes import assistant, only, played, said, said_by, wishes

FIND = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
HELLO = said("Hello.", 1.0)


def with_tools(*tools: dict[str, Any], **fields: Any) -> Any:
    return assistant(model={"tools": list(tools)}, **fields)


def test_a_tools_result_goes_back_to_the_model_which_says_the_rest() -> None:
    model = wishes("find", {"day": "Monday"}, text="Let me see.", then="There is a table.")
    record = played(with_tools(FIND), [HELLO], model=model, tools=lambda name, given: (0.5, f"{name} {given['day']}"))
    assert [text for text in said_by(record, "assistant") if text] == ["Let me see.", "There is a table."]
    asked = [command for _, command in record.asked if isinstance(command, commands.AskModel)]
    call, result = asked[1].messages[1:3]
    assert call["tool_calls"][0]["function"] == {"name": "find", "arguments": '{"day": "Monday"}'}
    assert result == {"role": "tool", "content": "find Monday", "tool_call_id": call["tool_calls"][0]["id"]}


def test_tool_calls_and_their_results_are_told_in_both_spellings() -> None:
    who = with_tools(FIND, clientMessages=["tool-calls", "tool-calls-result"])
    record = played(who, [HELLO], model=wishes("find", {"day": "Monday"}, then="Yes."))
    (message,) = record.messages("tool-calls")
    assert message["toolCallList"][0]["parameters"] == {"day": "Monday"}
    assert message["toolCallList"][0]["function"]["arguments"] == '{"day": "Monday"}'
    assert message["toolWithToolCallList"][0]["type"] == "function"
    assert record.messages("tool-calls-result")[0]["toolCallResult"]["result"] == "done"


def test_a_tools_own_messages_are_said_around_it() -> None:
    messages = [{"type": "request-start", "content": "One moment."}, {"type": "request-complete", "content": "Done."}]
    record = played(with_tools(FIND | {"messages": messages}), [HELLO], model=wishes("find", then="never said"))
    assert [text for text in said_by(record, "assistant") if text] == ["One moment.", "Done."]


def test_words_of_the_caller_while_a_tool_is_at_work_wait_for_its_end() -> None:
    record = played(
        with_tools(FIND),
        [HELLO, said("Still there?", 3.0)],
        model=wishes("find", then="Yes."),
        tools=lambda name, given: (4.0, "x"),
    )
    assert len(record.of_kind("tool-called")) == 1
    turns = record.of_kind("turn-ended")
    assert turns[1].at >= record.of_kind("tool-answered")[0].at


def test_end_call_ends_after_what_is_being_said() -> None:
    record = played(with_tools({"type": "endCall"}), [HELLO], model=wishes("endCall", text="Goodbye and good night."))
    assert record.ended_reason == "assistant-ended-call"
    assert [text for text in said_by(record, "assistant") if text] == ["Goodbye and good night."]
    assert record.of_kind("speech-stopped")[-1].detail["interrupted"] is False


def test_end_call_says_the_end_call_message() -> None:
    record = played(
        with_tools({"type": "endCall"}, endCallMessage="Thank you for calling."), [HELLO], model=wishes("endCall")
    )
    assert record.ended_reason == "assistant-ended-call"
    assert [text for text in said_by(record, "assistant") if text] == ["Thank you for calling."]


def test_an_end_call_phrase_of_the_assistants_ends_the_call() -> None:
    record = played(assistant(firstMessage="We are closed. Good Bye!", endCallPhrases=["good bye"]))
    assert record.ended_reason == "assistant-said-end-call-phrase"


NUMBER = {"type": "number", "number": "+15550100", "message": "I connect you."}
SIP = {"type": "sip", "sipUri": "sip:desk@example.com"}


def transferred(*destinations: dict[str, Any], parameters: dict[str, Any] | None = None) -> VirtualRecord:
    tool = {"type": "transferCall", "destinations": list(destinations)}
    return played(
        with_tools(tool, clientMessages=["transfer-update"]), [HELLO], model=wishes("transferCall", parameters)
    )


def test_transfer_call_goes_to_its_only_destination_after_the_message() -> None:
    record = transferred(NUMBER)
    assert record.ended_reason == "assistant-forwarded-call"
    assert record.messages("transfer-update")[0]["destination"] == NUMBER
    assert [text for text in said_by(record, "assistant") if text] == ["I connect you."]
    assert [m["status"] for m in record.messages("status-update")] == ["in-progress", "forwarding", "ended"]


def test_transfer_call_goes_where_the_model_says() -> None:
    record = transferred(NUMBER, SIP, parameters={"destination": "sip:desk@example.com"})
    assert record.messages("transfer-update")[0]["destination"] == SIP


def test_a_transfer_without_a_destination_asks_the_server() -> None:
    for destination in (SIP, None):
        world = VirtualWorld(model=wishes("transferCall", then="I cannot connect you."))
        call = VirtualCall(with_tools({"type": "transferCall"}, clientMessages=["transfer-update"]), world, [HELLO])
        record = call.run(2.5)
        asked = [command for _, command in record.asked if isinstance(command, commands.AskDestination)]
        call.schedule(3.0, inputs.DestinationAnswered(asked[0].tool_call_id, destination, "Hold on."))
        record = call.run(12.0)
        spoken = [text for text in said_by(record, "assistant") if text]
        assert spoken == (["Hold on."] if destination else ["I cannot connect you."])
        assert record.ended_reason == ("assistant-forwarded-call" if destination else None)


def test_dtmf_is_an_event_and_the_model_goes_on() -> None:
    record = played(with_tools({"type": "dtmf"}), [HELLO], model=wishes("dtmf", {"dtmf": "12#"}, then="Pressed."))
    assert only(record, "dtmf").detail == {"digits": "12#"}
    assert [text for text in said_by(record, "assistant") if text] == ["Pressed."]


def test_an_api_request_is_called_with_its_own_description() -> None:
    tool = {"type": "apiRequest", "name": "weather", "method": "GET", "url": "http://weather"}
    record = played(with_tools(tool), [HELLO], model=wishes("weather", then="It rains."))
    (called,) = [command for _, command in record.asked if isinstance(command, commands.CallTool)]
    assert (called.name, called.tool) == ("weather", tool)


def test_sms_is_not_played_and_the_model_is_told() -> None:
    record = played(with_tools({"type": "sms"}), [HELLO], model=wishes("sms", then="I cannot."))
    assert [text for text in said_by(record, "assistant") if text] == ["I cannot."]
    assert "not played" in said_by(record, "tool")[0]


@pytest.mark.parametrize(("more", "seconds"), [({}, 20.0), ({"server": {"url": "http://x", "timeoutSeconds": 3}}, 3.0)])
def test_a_tool_that_never_answers_is_given_up_and_the_model_is_told(more: dict[str, Any], seconds: float) -> None:
    record = played(
        with_tools(FIND | more),
        [HELLO],
        model=wishes("find", then="I am sorry."),
        tools=lambda name, given: (999.0, ""),
    )
    called, answered = only(record, "tool-called"), only(record, "tool-answered")
    assert answered.detail["error"] is True
    assert answered.at - called.at == pytest.approx(seconds)
    assert [text for text in said_by(record, "assistant") if text] == ["I am sorry."]

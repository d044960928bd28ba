"""Hooks: what an assistant does on events of the call."""

from __future__ import annotations

from typing import Any

import pytest

from providers.emulator.conversation import commands, inputs
from providers.emulator.conversation.conversation import Conversation
from providers.emulator.conversation.text.faults import PlanError
from providers.emulator.conversation.virtual import VirtualCall, VirtualWorld
from providers.emulator.conversation.virtual_parts import BrokenVoice
from tests.emulator.conversation.scenes import assistant, moments, only, played, replies, said, said_by

LONG = "I can help you book a table for tonight, tomorrow or any other day of this week."


def say(on: str, text: str, **more: Any) -> dict[str, Any]:
    return {"on": on, "do": [{"type": "say", "exact": text}], **more}


def test_assistant_speech_interrupted_fires_and_speaks_after_the_block() -> None:
    who = assistant(
        firstMessage=LONG,
        firstMessageInterruptionsEnabled=True,
        hooks=[say("assistant.speech.interrupted", "Go ahead.")],
    )
    record = played(who, [said("mmh", 1.0, seconds=0.3)], until=4.0)
    assert moments(record, "interrupted", "hook") == [("interrupted", 1.2), ("hook", 1.2)]
    assert record.of_kind("speech-started")[1].at >= 2.2
    assert said_by(record, "assistant")[1] == "Go ahead."


def test_customer_speech_interrupted_fires_where_the_assistant_begins_into_the_callers_speech() -> None:
    who = assistant(hooks=[say("customer.speech.interrupted", "Sorry.")], stopSpeakingPlan={"numWords": 5})
    line = said("I want a table.", 1.0, seconds=4.0, partials=[1.0])
    record = played(who, [line], model=replies(LONG), until=6.0)
    assert len(record.of_kind("hook")) == 1
    assert only(record, "hook").at == record.of_kind("speech-started")[0].at


@pytest.mark.parametrize("on", ["customer.speech.timeout", "customer.speech.timeout[timeoutSeconds=6]"])
def test_customer_speech_timeout_fires_after_its_seconds_and_at_most_so_often(on: str) -> None:
    options = {"triggerMaxCount": 2} | ({} if "[" in on else {"timeoutSeconds": 6})
    who = assistant(firstMessage="Hello.", hooks=[say(on, "Hm?", options=options)])
    record = played(who, until=29.0)
    spoken = 0.2 + len("Hm?") / 15
    assert [at for _, at in moments(record, "hook")] == pytest.approx([6.6, 6.6 + spoken + 6.0], abs=2e-3)


@pytest.mark.parametrize(("mode", "count"), [("never", 1), ("onUserSpeech", 2)])
def test_the_count_of_a_speech_timeout_is_reset_where_told_so(mode: str, count: int) -> None:
    options = {"timeoutSeconds": 5, "triggerMaxCount": 1, "triggerResetMode": mode}
    who = assistant(firstMessage="Hello.", hooks=[say("customer.speech.timeout", "Hm?", options=options)])
    record = played(who, [said("Yes.", 8.0)], model=replies("Good."), until=20.0)
    assert len(record.of_kind("hook")) == count


def test_call_time_elapsed_fires_once() -> None:
    who = assistant(firstMessage="Hello.", hooks=[say("call.timeElapsed", "One minute left.", options={"seconds": 4})])
    record = played(who, until=29.0)
    assert moments(record, "hook") == [("hook", 4.0)]
    assert said_by(record, "assistant") == ["Hello.", "One minute left."]


def test_a_prompt_lets_the_model_find_the_words() -> None:
    hook = {"on": "call.timeElapsed", "options": {"seconds": 4}, "do": [{"type": "say", "prompt": "Ask for patience."}]}
    record = played(assistant(hooks=[hook]), model=replies("A moment, please."), until=9.0)
    asked = [command for _, command in record.asked if isinstance(command, commands.AskModel)]
    assert asked[0].messages[-1] == {"role": "system", "content": "Ask for patience."}
    assert said_by(record, "assistant") == ["A moment, please."]


def test_a_message_is_added_and_answered_unless_it_is_not_to_be() -> None:
    for enabled in (True, False):
        action = {
            "type": "message.add",
            "message": {"role": "system", "content": "Wrap up."},
            "triggerResponseEnabled": enabled,
        }
        who = assistant(hooks=[{"on": "call.timeElapsed", "options": {"seconds": 2}, "do": [action]}])
        record = played(who, model=replies("To sum up."), until=9.0)
        assert said_by(record, "system") == ["Wrap up."]
        assert said_by(record, "assistant") == (["To sum up."] if enabled else [])


def test_call_ending_fires_for_the_reasons_of_its_filter_alone() -> None:
    hook = say(
        "call.ending",
        "Goodbye.",
        filters=[{"type": "oneOf", "key": "call.endedReason", "oneOf": ["silence-timed-out"]}],
    )
    silent = played(assistant(silenceTimeoutSeconds=10, hooks=[hook]), until=60.0)
    assert said_by(silent, "assistant") == ["Goodbye."]
    assert silent.ended_reason == "call.ending.hook-executed-say"
    long = played(assistant(maxDurationSeconds=10, silenceTimeoutSeconds=60, hooks=[hook]), until=60.0)
    assert long.ended_reason == "exceeded-max-duration"


def test_pipeline_error_stands_for_every_reason_that_is_one() -> None:
    tool = {"type": "function", "function": {"name": "log_error"}}
    hook = {
        "on": "call.ending",
        "filters": [{"type": "oneOf", "key": "call.endedReason", "oneOf": ["pipeline-error"]}],
        "do": [{"type": "say", "exact": "Sorry."}, {"type": "tool", "tool": tool}],
    }
    record = played(assistant(firstMessage="Hello.", hooks=[hook]), voice=BrokenVoice())
    assert record.ended_reason == "pipeline-error-custom-voice-failed"  # there is no voice to say sorry with
    called = [command for _, command in record.asked if isinstance(command, commands.CallTool)]
    assert [command.name for command in called] == ["log_error"]


def test_a_transfer_at_the_end_of_a_call_is_its_reason() -> None:
    destination = {"type": "number", "number": "+15550100"}
    tool = {"type": "transferCall", "destinations": [destination]}
    hook = {"on": "call.ending", "do": [{"type": "tool", "tool": tool}]}
    record = played(assistant(silenceTimeoutSeconds=10, hooks=[hook]), until=60.0)
    assert record.ended_reason == "call.ending.hook-executed-transfer"
    assert record.messages("transfer-update")[0]["destination"] == destination


def test_a_caller_who_hung_up_is_not_spoken_to() -> None:
    call = VirtualCall(assistant(hooks=[say("call.ending", "Goodbye.")]), VirtualWorld())
    call.schedule(2.0, inputs.HungUp())
    record = call.run(9.0)
    assert (record.ended_reason, record.seconds) == ("customer-ended-call", 2.0)
    assert record.of_kind("voice-asked") == []


def test_a_hook_that_says_nothing_is_refused_before_the_call() -> None:
    hook = {"on": "call.ending", "do": [{"type": "say"}]}
    with pytest.raises(PlanError, match=r"hooks\[0\].do\[0\]"):
        Conversation(assistant(hooks=[hook]), "call")


def test_last_words_that_are_interrupted_end_the_call_all_the_same() -> None:
    who = assistant(silenceTimeoutSeconds=10, hooks=[say("call.ending", LONG)])
    record = played(who, [said("Stop!", 11.5)], until=60.0)
    assert len(record.of_kind("interrupted")) == 1
    assert record.ended_reason == "call.ending.hook-executed-say"
    assert record.seconds == record.of_kind("interrupted")[0].at

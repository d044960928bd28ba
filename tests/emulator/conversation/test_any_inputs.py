"""A conversation survives whatever its driver says, in any order."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from providers.emulator.conversation import commands, inputs
from providers.emulator.conversation.conversation import Conversation
from tests.emulator.conversation.scenes import assistant

_ids = st.integers(0, 4)
_texts = st.sampled_from(["", "Yes.", "I want a", "stop", "okay", "My number is 42", "One. Two, three and four! Five?"])
_names = st.sampled_from(["endCall", "transferCall", "dtmf", "find", "sms", "weather"])
_messages: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"type": "say", "content": "By the way."},
        {"type": "say", "content": "Now.", "interruptAssistantEnabled": True, "endCallAfterSpoken": True},
        {"type": "add-message", "message": {"role": "user", "content": "Hm."}},
        {"type": "control", "control": "mute-assistant"},
        {"type": "control", "control": "unmute-assistant"},
        {"type": "control", "control": "mute-customer"},
        {"type": "control", "control": "say-first-message"},
        {"type": "transfer", "destination": {"type": "number", "number": "+15550100", "message": "Bye."}},
        {"type": "end-call"},
        {},
    ]
)
_inputs: st.SearchStrategy[inputs.Input] = st.one_of(
    st.just(inputs.Ringing()),
    st.just(inputs.Answered()),
    st.builds(inputs.CallerSpeech, st.booleans()),
    st.builds(inputs.TranscriptHeard, _texts, st.booleans()),
    st.builds(inputs.EndpointingAnswered, _ids, st.none() | st.floats(-1, 20)),
    st.builds(inputs.ModelText, _ids, _texts),
    st.builds(inputs.ModelToolCall, _ids, st.sampled_from(["a", "b"]), _names),
    st.builds(inputs.ModelDone, _ids, st.none() | st.just("down")),
    st.builds(inputs.ToolAnswered, st.sampled_from(["a", "b"]), _texts, st.booleans()),
    st.builds(inputs.DestinationAnswered, st.sampled_from(["a", "b"]), st.none() | st.just({"number": "+1"})),
    st.builds(inputs.VoiceAudio, _ids, st.floats(0, 3)),
    st.builds(inputs.VoiceDone, _ids, st.none() | st.just("HTTP 502")),
    st.builds(inputs.TranscriberLost, st.integers(0, 2), st.just("lost"), st.none() | st.just(1000)),
    st.builds(inputs.ClientMessage, _messages),
)
_hooks = [
    {"on": "call.ending", "do": [{"type": "say", "exact": "Goodbye."}]},
    {"on": "assistant.speech.interrupted", "do": [{"type": "say", "prompt": "Say sorry."}]},
    {"on": "customer.speech.timeout", "options": {"timeoutSeconds": 1}, "do": [{"type": "say", "exact": "Hm?"}]},
    {"on": "call.timeElapsed", "options": {"seconds": 3}, "do": [{"type": "tool", "tool": {"type": "endCall"}}]},
]


@given(
    st.lists(st.tuples(st.floats(0, 4), _inputs), max_size=60),
    st.booleans(),
    st.sets(st.sampled_from(range(len(_hooks)))),
)
@settings(max_examples=60, deadline=None)
def test_any_inputs_in_any_order_leave_a_call_that_ends_once(
    given_inputs: list[tuple[float, inputs.Input]], smart: bool, hooks: set[int]
) -> None:
    plan = {"provider": "custom-endpointing-model", "server": {"url": "http://x"}}
    who = assistant(
        firstMessage="Hello. How can I help you today?",
        firstMessageInterruptionsEnabled=True,
        voice={"fallbackPlan": {"voices": [{}]}},
        transcriber={"fallbackPlan": {"transcribers": [{}]}},
        startSpeakingPlan={"smartEndpointingPlan": plan} if smart else {},
        messagePlan={"idleMessages": ["Are you there?"], "idleTimeoutSeconds": 5},
        hooks=[_hooks[index] for index in sorted(hooks)],
    )
    conversation = Conversation(who, "any", epoch=0.0)
    at, ended = 0.0, 0
    conversation.receive(inputs.Answered(), at)
    for delay, each in given_inputs:
        at += delay
        conversation.receive(each, at)
        ended += sum(isinstance(command, commands.End) for command in conversation.commands())
        due = conversation.next_timer()
        assert due is None or due >= at
    conversation.receive(inputs.HungUp(), at)
    ended += sum(isinstance(command, commands.End) for command in conversation.commands())
    assert ended == 1
    assert conversation.status == "ended"
    moments = [event.at for event in conversation.events()]
    assert moments == sorted(moments)


def test_nothing_is_said_or_understood_before_the_call_is_answered() -> None:
    conversation = Conversation(assistant(firstMessage="Hello."), "early", epoch=0.0)
    conversation.receive(inputs.Ringing(), 0.0)
    conversation.receive(inputs.TranscriptHeard("Hello?", final=True), 1.0)
    conversation.receive(inputs.CallerSpeech(speaking=True), 1.5)
    conversation.receive(inputs.ClientMessage({"type": "say", "content": "Early."}), 2.0)
    conversation.advance(30.0)
    assert [event.kind for event in conversation.events()] == ["status"]
    conversation.receive(inputs.Answered(), 30.0)
    assert [event.kind for event in conversation.events()] == ["status", "transcriber-opened", "voice-asked"]


def test_a_call_that_is_never_answered_can_be_ended() -> None:
    conversation = Conversation(assistant(firstMessage="Hello."), "early", epoch=0.0)
    conversation.receive(inputs.HungUp("customer-did-not-answer"), 20.0)
    assert conversation.ended_reason == "customer-did-not-answer"

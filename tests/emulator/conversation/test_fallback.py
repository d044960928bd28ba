"""Voices and transcribers that fail, and those that take over."""

from __future__ import annotations

import pytest

from providers.emulator.conversation import commands, inputs
from providers.emulator.conversation.behaviour import Behaviour
from providers.emulator.conversation.virtual import VirtualCall, VirtualWorld
from providers.emulator.conversation.virtual_parts import BrokenVoice, SteadyVoice, VoicePlan
from tests.emulator.conversation.scenes import PACE, assistant, moments, only, played, said_by

GREETING = "Good evening, how can I help you today?"
TWO_VOICES = {"fallbackPlan": {"voices": [{"server": {"url": "http://second"}}]}}


def second_voice(first: BrokenVoice) -> object:
    """The first voice fails, the second one speaks."""
    steady = SteadyVoice(seconds_per_character=PACE)
    return lambda text, voice: first(text, voice) if voice == 0 else steady(text, voice)


@pytest.mark.parametrize("error", ["HTTP 502", "HTTP 404", "no connection"])
def test_a_voice_that_fails_gives_way_to_the_next_of_its_plan(error: str) -> None:
    record = played(
        assistant(firstMessage=GREETING, voice=TWO_VOICES), voice=second_voice(BrokenVoice(error)), until=9.0
    )
    assert only(record, "voice-failed").detail == {"request": 0, "error": error, "voice": 0, "next": 1}
    asked = [event.detail["voice"] for event in record.of_kind("voice-asked")]
    assert asked == [0, 1]
    assert said_by(record, "assistant") == [GREETING]


def test_the_next_voice_stays_for_the_rest_of_the_call() -> None:
    who = assistant(
        firstMessage=GREETING,
        voice=TWO_VOICES,
        messagePlan={"idleMessages": ["Are you there?"], "idleTimeoutSeconds": 5},
    )
    record = played(who, voice=second_voice(BrokenVoice()), until=12.0)
    assert [event.detail["voice"] for event in record.of_kind("voice-asked")] == [0, 1, 1]


def test_without_a_next_voice_the_call_ends_with_the_voices_failure() -> None:
    record = played(assistant(firstMessage=GREETING), voice=BrokenVoice())
    assert record.ended_reason == "pipeline-error-custom-voice-failed"
    assert said_by(record, "assistant") == []


def test_an_answer_without_sound_is_a_failure() -> None:
    record = played(assistant(firstMessage=GREETING), voice=lambda text, voice: VoicePlan((), 0.1))
    assert only(record, "voice-failed").detail["error"] == "no sound"
    assert record.ended_reason == "pipeline-error-custom-voice-failed"


@pytest.mark.parametrize(
    ("server", "seconds"), [({"url": "http://x"}, 20.0), ({"url": "http://x", "timeoutSeconds": 3}, 3.0)]
)
def test_a_voice_without_sound_within_its_servers_timeout_has_failed(server: dict[str, object], seconds: float) -> None:
    record = played(
        assistant(firstMessage=GREETING, voice={"server": server}), voice=lambda text, voice: VoicePlan((), None)
    )
    assert moments(record, "voice-failed") == [("voice-failed", seconds)]
    assert (seconds, commands.CancelVoice(0)) in record.asked
    assert record.ended_reason == "pipeline-error-custom-voice-failed"


def test_a_body_that_breaks_off_is_said_to_its_end_by_the_next_voice() -> None:
    record = played(
        assistant(firstMessage=GREETING, voice=TWO_VOICES),
        voice=second_voice(BrokenVoice("broke off", delay=1.05, heard=0.0)),
        until=9.0,
    )
    assert said_by(record, "assistant") == [GREETING]

    def breaks(text: str, voice: int) -> VoicePlan:
        if voice == 1:
            return SteadyVoice(seconds_per_character=PACE)(text, voice)
        return VoicePlan(((0.1, 1.0),), 1.05, "broke off")

    record = played(assistant(firstMessage=GREETING, voice=TWO_VOICES), voice=breaks, until=9.0)
    first, rest = (event.detail["text"] for event in record.of_kind("voice-asked"))
    assert first == GREETING
    assert rest == "how can I help you today?"
    assert said_by(record, "assistant") == [GREETING]


def test_where_told_so_a_body_that_breaks_off_ends_its_chunk() -> None:
    record = played(
        assistant(firstMessage=GREETING),
        voice=lambda text, voice: VoicePlan(((0.1, 1.0),), 0.5, "broke off"),
        behaviour=Behaviour(aborted_voice="end"),
        until=9.0,
    )
    assert record.of_kind("voice-failed") == []
    assert record.ended_reason is None


def lost(*codes: int | None, fallbacks: int = 0) -> VirtualCall:
    """A call whose transcribers are lost one after the other."""
    plan = {"transcribers": [{"server": {"url": "ws://next"}}] * fallbacks}
    call = VirtualCall(assistant(transcriber={"fallbackPlan": plan}), VirtualWorld())
    for index, code in enumerate(codes):
        call.schedule(1.0 + index, inputs.TranscriberLost(index, "lost", code))
    return call


@pytest.mark.parametrize("code", [None, 1006, 1011, 1008])
def test_a_transcriber_that_refuses_or_closes_with_another_code_than_1000_gives_way(code: int | None) -> None:
    record = lost(code, fallbacks=1).run(5.0)
    opened = [command.transcriber for _, command in record.asked if isinstance(command, commands.OpenTranscriber)]
    assert opened == [0, 1]
    assert record.ended_reason is None


def test_without_a_next_transcriber_the_call_ends_with_the_transcribers_failure() -> None:
    assert lost(1006).run(5.0).ended_reason == "pipeline-error-custom-transcriber-failed"
    assert lost(1006, 1011, fallbacks=1).run(5.0).ended_reason == "pipeline-error-custom-transcriber-failed"


def test_a_transcriber_that_closes_with_1000_starts_no_fallback() -> None:
    record = lost(1000, fallbacks=1).run(5.0)
    assert len([command for _, command in record.asked if isinstance(command, commands.OpenTranscriber)]) == 1
    assert record.ended_reason is None


def test_a_transcriber_that_was_given_up_already_is_not_lost_again() -> None:
    call = lost(1006, fallbacks=2)
    call.schedule(1.5, inputs.TranscriberLost(0, "again", 1006))
    assert len(call.run(5.0).of_kind("transcriber-lost")) == 1

"""The stop speaking plan: when the assistant falls silent."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from providers.emulator.conversation import commands
from providers.emulator.conversation.virtual import VirtualRecord
from providers.emulator.conversation.virtual_parts import CallerLine, Heard, SteadyVoice
from tests.emulator.conversation.scenes import PACE, assistant, moments, only, played, replies, said, said_by

LONG = "I can help you book a table for tonight, tomorrow or any other day of this week."
VOICE = 0.2
"""Seconds to the first sound of the scenes' voice."""


def interrupted(*lines: CallerLine, plan: Mapping[str, object] | None = None, until: float = 4.0) -> VirtualRecord:
    """An assistant that speaks from 0.2 on, and a caller who says something."""
    who = assistant(firstMessage=LONG, firstMessageInterruptionsEnabled=True, stopSpeakingPlan=plan or {})
    return played(who, lines, until=until)


@pytest.mark.parametrize("words", ["Okay.", "Mm-hmm.", "Yeah, okay.", "Right, right.", "I got it."])
def test_words_all_within_the_acknowledgements_never_interrupt(words: str) -> None:
    for plan in ({"numWords": 1}, {"numWords": 0, "voiceSeconds": 0.5}):
        line = CallerLine(words, at=1.0, seconds=0.4, heard=(Heard(0.3, words, False), Heard(0.5, words, True)))
        record = interrupted(line, plan=plan, until=9.0)
        assert record.of_kind("interrupted") == []
        assert only(record, "acknowledged").detail == {"text": words}
        assert said_by(record, "assistant") == [LONG]
        assert record.of_kind("model-asked") == []


def test_an_acknowledgement_that_the_voice_detector_hears_first_does_not_interrupt() -> None:
    line = CallerLine("Okay.", at=1.0, seconds=0.6, heard=(Heard(0.1, "Okay", False), Heard(0.7, "Okay.", True)))
    assert interrupted(line).of_kind("interrupted") == []


@pytest.mark.parametrize("words", ["stop", "no I mean", "Don't", "oh wait"])
def test_an_interruption_phrase_interrupts_at_once_whatever_the_number_of_words(words: str) -> None:
    record = interrupted(said(words, 1.0, seconds=2.0, partials=[0.4]), plan={"numWords": 10})
    assert moments(record, "interrupted") == [("interrupted", 1.4)]
    assert only(record, "interrupted").detail["reason"] == "phrase"


def test_own_phrases_replace_the_published_ones() -> None:
    plan = {"numWords": 5, "interruptionPhrases": ["halt"], "acknowledgementPhrases": ["so so"]}
    assert interrupted(said("stop", 1.0, partials=[0.4]), plan=plan).of_kind("interrupted") == []
    assert len(interrupted(said("halt", 1.0, partials=[0.4]), plan=plan).of_kind("interrupted")) == 1


@pytest.mark.parametrize(("seconds", "expected"), [(0.0, 1.0), (0.2, 1.2), (0.5, 1.5)])
def test_with_no_number_of_words_the_voice_interrupts_once_it_has_lasted(seconds: float, expected: float) -> None:
    record = interrupted(said("Tomorrow.", 1.0, seconds=2.0), plan={"voiceSeconds": seconds})
    assert moments(record, "interrupted") == [("interrupted", expected)]
    assert only(record, "interrupted").detail["reason"] == "voice"


def test_a_noise_shorter_than_voice_seconds_does_not_interrupt() -> None:
    noise = CallerLine("", at=1.0, seconds=0.15, heard=())
    assert interrupted(noise, plan={"voiceSeconds": 0.2}).of_kind("interrupted") == []


def test_with_no_number_of_words_transcribed_words_interrupt_as_well() -> None:
    record = interrupted(said("Tomorrow.", 1.0, seconds=2.0, partials=[0.1]), plan={"voiceSeconds": 0.5})
    assert moments(record, "interrupted") == [("interrupted", 1.1)]


@pytest.mark.parametrize(("number", "expected"), [(1, 1.3), (2, 1.6), (3, 1.9)])
def test_a_number_of_words_interrupts_once_they_are_transcribed_partial_or_final(number: int, expected: float) -> None:
    heard = (Heard(0.3, "about", False), Heard(0.6, "about tomorrow", False), Heard(0.9, "about tomorrow then", True))
    line = CallerLine("about tomorrow then", at=1.0, seconds=0.8, heard=heard)
    record = interrupted(line, plan={"numWords": number})
    assert moments(record, "interrupted") == [("interrupted", expected)]


def test_nothing_interrupts_while_no_assistant_is_heard() -> None:
    record = played(assistant(), [said("Stop!", 1.0, partials=[0.3])], model=replies("All right."))
    assert record.of_kind("interrupted") == []


def test_a_first_message_is_not_interrupted_unless_it_may_be() -> None:
    record = played(assistant(firstMessage=LONG), [said("Stop!", 1.0, partials=[0.3])], model=replies("Yes?"))
    assert record.of_kind("interrupted") == []
    assert said_by(record, "assistant") == [LONG, "Yes?"]


def test_the_voice_request_is_cancelled_and_the_message_cut_to_what_was_played() -> None:
    slow = SteadyVoice(first_audio=VOICE, speed=1.0, seconds_per_character=PACE)
    who = assistant(firstMessage=LONG, firstMessageInterruptionsEnabled=True)
    record = played(who, [said("Tomorrow.", 1.0)], voice=slow, until=3.0)
    event = only(record, "interrupted")
    heard = LONG[: int((event.at - VOICE) / PACE + 1e-6)].rpartition(" ")[0]
    assert event.detail["text"] == heard
    assert said_by(record, "assistant")[0] == heard
    assert (event.at, commands.CancelVoice(1)) in record.asked or (event.at, commands.CancelVoice(0)) in record.asked
    assert (event.at, commands.StopPlaying()) in record.asked


def test_an_interruption_tells_of_itself_and_of_the_end_of_speech() -> None:
    record = interrupted(said("Tomorrow.", 1.0))
    moment = only(record, "interrupted").at
    sent = [send.message for at, send in record.sent if at == moment]
    assert [message["type"] for message in sent[:2]] == ["user-interrupted", "speech-update"]
    assert (sent[1]["status"], sent[1]["role"]) == ("stopped", "assistant")


def test_the_turn_of_an_interruption_is_the_one_of_the_models_output() -> None:
    record = played(
        assistant(), [said("Hello.", 1.0), said("Tomorrow.", 4.0)], model=replies(LONG, "All right."), until=8.0
    )
    outputs = {message["turnId"] for message in record.messages("model-output")}
    assert record.messages("user-interrupted")[0]["turnId"] in outputs


@pytest.mark.parametrize("backoff", [0.0, 1.0, 4.0])
def test_after_an_interruption_sound_is_blocked_for_backoff_seconds(backoff: float) -> None:
    who = assistant(
        firstMessage=LONG,
        firstMessageInterruptionsEnabled=True,
        stopSpeakingPlan={"backoffSeconds": backoff},
        startSpeakingPlan={"waitSeconds": 0.0},
    )
    record = played(who, [said("Stop.", 1.0, seconds=0.3, final=0.0)], model=replies("Very well.", delay=0.0))
    event = only(record, "interrupted")
    later = [span.at for span in record.spans if span.at > event.at + 1e-6]
    assert later[0] >= event.at + backoff - 1e-9
    assert said_by(record, "assistant")[-1] == "Very well."


def test_too_few_words_are_answered_once_the_assistant_has_finished() -> None:
    record = played(
        assistant(firstMessage=LONG, firstMessageInterruptionsEnabled=True, stopSpeakingPlan={"numWords": 3}),
        [said("Tomorrow.", 1.0)],
        model=replies("All right."),
    )
    assert record.of_kind("interrupted") == []
    stopped, ended = record.of_kind("speech-stopped")[0], only(record, "turn-ended")
    assert ended.at == stopped.at
    assert said_by(record, "assistant") == [LONG, "All right."]

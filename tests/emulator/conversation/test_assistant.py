"""The assistant as it comes over the wire, and what the pages leave open."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.behaviour import Behaviour
from providers.emulator.failures import EmulatorError
from providers.emulator.options import behaviour_of
from tests.emulator.conversation.scenes import assistant, only, played, replies, said

COPIED: dict[str, Any] = {
    "id": "5b0a4a08-133c-4146-9315-0984f8c6be80",
    "orgId": "org",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "name": "Front desk",
    "firstMessage": "Hello.",
    "voicemailDetection": "off",
    "backgroundSound": "office",
    "backgroundSpeechDenoisingPlan": {"smartDenoisingPlan": {"enabled": True}},
    "analysisPlan": {"summaryPlan": {"enabled": False}},
    "model": {
        "provider": "openai",
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": "Be kind."}],
        "toolIds": ["x"],
        "emotionRecognitionEnabled": True,
    },
    "voice": {"provider": "11labs", "voiceId": "burt", "stability": 0.5, "chunkPlan": {"minCharacters": 20}},
    "transcriber": {"provider": "deepgram", "model": "nova-3", "language": "en", "keyterm": ["table"]},
    "startSpeakingPlan": {"smartEndpointingPlan": {"provider": "krisp", "threshold": 0.5}, "waitSeconds": 0.4},
    "hooks": [{"on": "session.created", "do": [{"type": "later"}], "when": "always"}],
    "silenceTimeoutSeconds": 30,
}


def test_an_assistant_copied_from_the_platform_can_be_used_as_it_is() -> None:
    record = played(msgspec.convert(COPIED, Assistant), [said("A table.", 2.0)], model=replies("Yes."))
    assert only(record, "endpointing").detail["reason"] == "punctuation"
    assert [event.detail["text"] for event in record.of_kind("speech-stopped")] == ["Hello.", "Yes."]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"stopSpeakingPlan": {"voiceSeconds": 0.6}}, "stopSpeakingPlan.voiceSeconds"),
        ({"stopSpeakingPlan": {"numWords": 11}}, "stopSpeakingPlan.numWords"),
        ({"stopSpeakingPlan": {"backoffSeconds": -1}}, "stopSpeakingPlan.backoffSeconds"),
        ({"startSpeakingPlan": {"waitSeconds": 5.1}}, "startSpeakingPlan.waitSeconds"),
        ({"voice": {"chunkPlan": {"minCharacters": 81}}}, "voice.chunkPlan.minCharacters"),
        ({"voice": {"server": {"url": "http://x", "timeoutSeconds": 301}}}, "voice.server.timeoutSeconds"),
        ({"messagePlan": {"idleTimeoutSeconds": 4}}, "messagePlan.idleTimeoutSeconds"),
        ({"messagePlan": {"idleMessageMaxSpokenCount": 11}}, "messagePlan.idleMessageMaxSpokenCount"),
        ({"maxDurationSeconds": 9}, "maxDurationSeconds"),
    ],
)
def test_a_value_outside_the_published_range_is_refused_with_its_place(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=place.replace(".", r"\.")):
        assistant(**fields)


def test_what_the_pages_leave_open_is_set_by_name() -> None:
    found = behaviour_of(
        [
            "late-endpointing=wait",
            "hang_seconds=2.5",
            "repeated-partial-asks=false",
            "normal-transcriber-codes=1000, 1001",
        ]
    )
    assert found == Behaviour(
        late_endpointing="wait",
        hang_seconds=2.5,
        repeated_partial_asks=False,
        normal_transcriber_codes=(1000, 1001),
    )
    assert behaviour_of([]) == Behaviour()


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ("later=1", "found 'later'"),
        ("late-endpointing=never", r"late_endpointing"),
        ("hang-seconds=61", r"hang_seconds"),
        ("hang-seconds", r"hang_seconds"),
    ],
)
def test_a_setting_that_is_none_is_refused_with_its_name(pair: str, told: str) -> None:
    with pytest.raises(EmulatorError, match=told):
        behaviour_of([pair])

"""The platform's published timelines, to the millisecond."""

from __future__ import annotations

from providers.emulator.conversation.virtual_parts import EndpointingPlan, SteadyVoice
from tests.emulator.conversation.scenes import assistant, moments, played, replies, said

CUSTOM = {"provider": "custom-endpointing-model", "server": {"url": "http://endpointing"}}


def test_the_published_turn() -> None:
    """Stop 0.0, endpointing 0.6, model 1.4, voice 1.9, speech 2.3."""
    stop = 3.0
    record = played(
        assistant(startSpeakingPlan={"smartEndpointingPlan": CUSTOM}),
        [said("I want to book a table.", stop - 1.0)],
        endpointing=lambda messages: EndpointingPlan(0.0, 0.5),
        model=replies("At what time would you like to come?", delay=0.8),
        voice=SteadyVoice(first_audio=0.5),
    )
    kinds = ("turn-ended", "model-first-word", "first-audio", "speech-started")
    assert moments(record, *kinds) == [
        ("turn-ended", stop + 0.6),
        ("model-first-word", stop + 1.4),
        ("first-audio", stop + 1.9),
        ("speech-started", stop + 2.3),
    ]


def test_the_published_interruption() -> None:
    """Interruption 1.2, ready 2.2, user 2.5, endpointing 3.0, voice 3.8, speech 4.2."""
    begin = 0.2
    record = played(
        assistant(
            firstMessage="I can help you book a table for tonight, tomorrow or any other day of this week.",
            firstMessageInterruptionsEnabled=True,
        ),
        [
            said("Actually, wait", begin + 1.0, seconds=0.6),
            said("What about tomorrow?", begin + 2.5, seconds=0.4, final=0.0, partials=[0.2]),
        ],
        model=replies("For tomorrow there is a table at six.", delay=0.3),
        voice=lambda text, voice: SteadyVoice(first_audio=0.2 if text.startswith("I can") else 0.5)(text, voice),
    )
    kinds = ("interrupted", "turn-ended", "first-audio", "speech-started")
    found = [(kind, moment) for kind, moment in moments(record, *kinds) if moment >= begin + 1.0]
    assert found == [
        ("interrupted", begin + 1.2),
        ("turn-ended", begin + 3.0),
        ("first-audio", begin + 3.8),
        ("speech-started", begin + 4.2),
    ]
    assert record.of_kind("interrupted")[0].detail["seconds"] == 1.0  # until 2.2


def test_the_blocked_second_is_over_before_the_wait_begins() -> None:
    """Backoff and wait follow each other: an answer that is ready early is heard when both are over."""
    record = played(
        assistant(
            firstMessage="I can help you book a table for tonight, tomorrow or any other day of this week.",
            firstMessageInterruptionsEnabled=True,
            stopSpeakingPlan={"backoffSeconds": 3.0},
        ),
        [said("Tomorrow.", 1.0, seconds=0.4, final=0.0)],
        model=replies("Very well.", delay=0.1),
        voice=SteadyVoice(first_audio=0.1),
    )
    interrupted, started = record.of_kind("interrupted")[0], record.of_kind("speech-started")[1]
    assert round(started.at - interrupted.at, 3) == 3.0

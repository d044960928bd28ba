"""The group ``conversation``: its cells, from conversations that are known."""

from __future__ import annotations

from benchmarks.conversations import SCENARIO, Held
from benchmarks.groups.conversation import MODES
from providers.emulator.conversation.commands import ConversationEvent, PlayedSpan
from providers.emulator.simulation.take import SpokenLine
from tests.emulator.simulation.test_judging import take


def test_waits_and_silences_are_those_of_all_takes() -> None:
    events = (
        ConversationEvent(4.3, "transcript", {"text": "x", "final": True}),
        ConversationEvent(4.4, "turn-ended"),
        ConversationEvent(5.0, "speech-started"),
        ConversationEvent(7.0, "interrupted"),
    )
    one = take({"overlaps": 0}, events=events, played=(PlayedSpan(6.98, 0, 0.0, 0.02), PlayedSpan(7.0, 0, 0.0, 0.02)))
    held = Held([one, one])
    assert held.waits == [1.0, 1.0]
    assert [round(seconds, 3) for seconds in held.silences] == [0.02, 0.02]
    assert (held.overlaps, held.cut_offs) == (0, 0)


def test_speech_over_the_caller_is_counted_in_every_take() -> None:
    line = ((0, SpokenLine("x", 4.0, 6.0)),)
    over = take({"overlaps": 0}, events=(ConversationEvent(5.0, "speech-started"),), parts=line)
    assert Held([over, over]).overlaps == 2


def test_the_conversation_is_held_by_every_mode() -> None:
    assert len(MODES) == 4
    assert any("interrupt" in line for line in SCENARIO["caller"])

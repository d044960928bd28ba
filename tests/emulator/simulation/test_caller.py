"""The scripted caller: what is said when."""

from __future__ import annotations

import msgspec

from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.simulation.caller import ScriptedCaller, Step, steps_of
from providers.emulator.simulation.clips import estimated
from providers.emulator.simulation.scenario import Scenario


def caller(*lines: dict[str, object], **assistant: object) -> ScriptedCaller:
    scenario = msgspec.convert({"caller": lines, "assistant": assistant}, Scenario)
    return ScriptedCaller(steps_of(scenario, estimated(scenario)))


def given(caller: ScriptedCaller) -> list[tuple[float, Step]]:
    return list(caller.next())


def test_a_line_begins_after_the_assistant_has_finished() -> None:
    speaker = caller({"say": "One."}, {"say": "Two.", "after": 1.0})
    assert given(speaker) == []
    speaker.follow(ConversationEvent(3.0, "speech-started"))
    assert given(speaker) == []
    speaker.follow(ConversationEvent(4.0, "speech-stopped", {"interrupted": False}))
    assert [(begin, step.text) for begin, step in given(speaker)] == [(4.6, "One.")]
    speaker.follow(ConversationEvent(9.0, "speech-stopped", {"interrupted": False}))
    assert [(begin, step.text) for begin, step in given(speaker)] == [(10.0, "Two.")]
    assert speaker.done


def test_an_interruption_begins_while_the_assistant_speaks_and_its_stop_is_no_end() -> None:
    speaker = caller({"say": "Stop.", "interrupt": 1.5}, {"say": "Two."})
    speaker.follow(ConversationEvent(3.0, "speech-started"))
    assert [(begin, step.text) for begin, step in given(speaker)] == [(4.5, "Stop.")]
    speaker.follow(ConversationEvent(4.8, "speech-stopped", {"interrupted": True}))
    assert given(speaker) == []


def test_pauses_divide_a_line() -> None:
    speaker = caller({"say": "one … two ... three", "pauses": [0.5]}, firstMessageMode="assistant-waits-for-user")
    begins = given(speaker)
    assert [step.text for _, step in begins] == ["one", "two", "three"]
    first, second, third = (begin for begin, _ in begins)
    assert first == 0.6
    assert round(second - first - begins[0][1].seconds, 6) == 0.5
    assert round(third - second - begins[1][1].seconds, 6) == 0.8


def test_silence_is_waited_for_whatever_the_assistant_does() -> None:
    speaker = caller({"silence": 10}, {"hangup": True}, firstMessageMode="assistant-waits-for-user")
    assert [(begin, step.kind) for begin, step in given(speaker)] == [(0.0, "silence"), (10.0, "hangup")]

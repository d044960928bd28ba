"""Whole conversations in virtual time."""

from __future__ import annotations

import time

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.virtual import VirtualCall, VirtualWorld
from providers.emulator.conversation.virtual_parts import CallerLine, ScriptedModel, SteadyVoice

REPLIES = ("Sure, I can help you book a table for two people. When would you like to come to us?",)


def test_ten_minutes_of_conversation_take_about_a_second() -> None:
    lines = [CallerLine("I would like to book a table for two.", after_reply=0.5) for _ in range(200)]
    world = VirtualWorld(model=ScriptedModel(REPLIES))
    call = VirtualCall(Assistant(first_message="Hello."), world, lines, hang_up_after=600)
    begin = time.process_time()
    record = call.run()
    assert record.seconds == 600.0
    assert len(record.of_kind("turn-ended")) > 50
    assert time.process_time() - begin < 2.0  # measured: 0.4 s on a machine that does other things as well


def test_an_answer_is_heard_when_its_wait_ends_at_the_moment_at_which_more_sound_arrives() -> None:
    """Pieces of 0.2 s come every 20 ms, and waitSeconds is a whole number of these."""
    world = VirtualWorld(model=ScriptedModel(REPLIES), voice=SteadyVoice(first_audio=0.15))
    assistant = Assistant(first_message="Front desk, how can I help?")
    record = VirtualCall(assistant, world, [CallerLine("A table, please.", after_reply=0.6)], hang_up_after=20).run()
    starts = record.of_kind("speech-started")
    assert len(starts) == 2
    assert sum(span.seconds for span in record.spans if span.at > starts[1].at) > 3

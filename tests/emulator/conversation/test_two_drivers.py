"""The live driver and the virtual one hold the same conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.conversation.live import Listeners, LiveCall
from providers.emulator.conversation.ports import Ports
from providers.emulator.conversation.virtual import VirtualCall, VirtualWorld
from providers.emulator.conversation.virtual_parts import CallerLine, Heard, ScriptedModel, SteadyVoice
from tests.emulator.conversation.scenes import assistant
from tests.emulator.conversation.test_live import (
    RATE,
    MemoryModel,
    MemoryTranscriber,
    MemoryVoice,
    ScriptedDetector,
)
from tests.virtual_time import run_virtual

SECONDS = 12.0
SLACK = 0.003
"""Seconds: a frame's sound is a whole number of samples, and a request's task begins a turn of the loop later."""
WORDS = ("Yes.", "I want a table.", "stop", "okay", "Tomorrow at five, for two")
REPLIES = ("Sure.", "For how many people would that be, please? Or would you like to sit outside?")
VOICE = SteadyVoice(first_audio=0.2031, seconds_per_character=0.0625, speed=7.0)


@st.composite
def scripts(draw: st.DrawFn) -> list[CallerLine]:
    """Lines that follow each other; nothing in them falls on a frame's end or on each other."""
    lines, at = [], 0.5
    for index in range(draw(st.integers(1, 3))):
        at = round(at + 0.02 * draw(st.integers(10, 120)), 2)
        seconds = 0.02 * draw(st.integers(5, 60))
        text = draw(st.sampled_from(WORDS))
        moment = 0.0071 + 0.0013 * index
        partial = Heard(seconds / 2 + moment, text.rstrip("."), final=False)
        final = Heard(seconds + 0.1 + moment, text, final=True)
        lines.append(CallerLine(text, at=at, seconds=seconds, heard=(partial, final)))
        at += seconds
    return lines


async def live(who: Assistant, lines: Sequence[CallerLine], replies: Sequence[str]) -> list[ConversationEvent]:
    events: list[ConversationEvent] = []
    changes = [(moment, on) for line in lines for moment, on in _changes(line)]
    heard = [Heard((line.at or 0) + h.delay, h.text, h.final) for line in lines for h in line.heard or ()]
    ports = Ports(MemoryVoice(VOICE), MemoryTranscriber(heard), MemoryModel(ScriptedModel(replies)))
    call = LiveCall(
        who,
        ports,
        call_id="virtual",
        rate=RATE,
        listeners=Listeners(on_event=events.append),
        detector=ScriptedDetector(changes),
    )
    asyncio.get_running_loop().call_at(SECONDS, call.hang_up)
    await call.run()
    return events


def _changes(line: CallerLine) -> list[tuple[float, bool]]:
    begin = line.at or 0.0
    return [(begin - 0.001, True), (begin + line.lasts - 0.001, False)]


@given(
    lines=scripts(),
    replies=st.lists(st.sampled_from(REPLIES), min_size=1, max_size=2),
    words=st.integers(0, 2),
    first=st.sampled_from([None, "Good evening, how can I help you today?"]),
)
@settings(max_examples=8, deadline=None)
def test_virtual_and_real_time_give_the_same_events(
    lines: list[CallerLine], replies: list[str], words: int, first: str | None
) -> None:
    who = assistant(firstMessage=first, firstMessageInterruptionsEnabled=True, stopSpeakingPlan={"numWords": words})
    real = run_virtual(live(who, lines, replies))
    world = VirtualWorld(voice=VOICE, model=ScriptedModel(replies))
    virtual = VirtualCall(who, world, lines, hang_up_after=SECONDS).run().events
    assert [event.kind for event in real] == [event.kind for event in virtual]
    for one, other in zip(real, virtual, strict=True):
        assert abs(one.at - other.at) < SLACK, (one, other)
        assert {k: v for k, v in one.detail.items() if k != "seconds"} == {
            k: v for k, v in other.detail.items() if k != "seconds"
        }

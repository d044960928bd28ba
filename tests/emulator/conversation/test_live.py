"""The live driver in virtual time, with clients in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.conversation.live import Listeners, LiveCall
from providers.emulator.conversation.live_audio import VoiceDetector
from providers.emulator.conversation.ports import OnClosed, OnTranscript, Ports
from providers.emulator.conversation.virtual import VirtualCall, VirtualWorld
from providers.emulator.conversation.virtual_parts import CallerLine, Heard, ModelPlan, ScriptedModel, SteadyVoice
from tests.virtual_time import run_virtual

RATE = 8000


class MemoryVoice:
    """A voice that does what a plan says, with a tone of one sample value for each request."""

    def __init__(self, part: SteadyVoice) -> None:
        self.part = part
        self.asked = 0

    async def speak(self, text: str, voice: int) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        self.asked += 1
        value = (1000 + self.asked).to_bytes(2, "little")
        begin, plan, made, due = loop.time(), self.part(text, voice), 0, 0.0
        for delay, seconds in plan.sound:
            await asyncio.sleep(begin + delay - loop.time())
            due += seconds
            count = round(due * RATE) - made
            made += count
            yield value * count
        await asyncio.sleep(begin + (plan.ends or 0.0) - loop.time())


class MemoryModel:
    def __init__(self, part: ScriptedModel) -> None:
        self.part = part

    async def answer(self, messages: Sequence[dict[str, Any]]) -> AsyncGenerator[str, None]:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        plan: ModelPlan = self.part(messages)
        for delay, piece in plan.words:
            await asyncio.sleep(begin + delay - loop.time())
            yield piece
        await asyncio.sleep(begin + plan.ends - loop.time())


class MemoryTranscriber:
    """A transcriber that says what a script says, whatever it hears."""

    def __init__(self, heard: Sequence[Heard]) -> None:
        self.heard = heard
        self.frames: list[bytes] = []

    async def open(self, transcriber: int, *, on_transcript: OnTranscript, on_closed: OnClosed) -> MemoryTranscriber:
        loop = asyncio.get_running_loop()
        for line in self.heard:
            loop.call_at(line.delay, on_transcript, line.text, line.final)
        return self

    async def send(self, frame: bytes) -> None:
        self.frames.append(frame)

    async def close(self) -> None:
        pass


class ScriptedDetector(VoiceDetector):
    """A detector that says when the caller speaks, whatever the sound."""

    def __init__(self, changes: Sequence[tuple[float, bool]]) -> None:
        self.changes = list(changes)
        self.index = 0

    def feed(self, frame: bytes) -> bool | None:
        self.index += 1
        if self.changes and self.changes[0][0] <= self.index / 50:
            return self.changes.pop(0)[1]
        return None


LINE = "I would like to book a table for two."
INTERRUPTION = "Actually wait a moment please."
REPLIES = ["Sure, I can help you book a table for two people. When would you like to come?", "Take your time."]
SCRIPT = [
    Heard(5.0, "I would like to", final=False),
    Heard(6.0, LINE, final=True),
    Heard(9.5, "Actually wait", final=False),
    Heard(10.0, INTERRUPTION, final=True),
]


def kinds(events: Sequence[ConversationEvent]) -> list[tuple[str, float]]:
    """Kinds and moments, without those of the voice's body, whose moments the size of samples moves a little."""
    return [(event.kind, round(event.at, 2)) for event in events]


async def live_events(assistant: Assistant) -> tuple[list[ConversationEvent], MemoryTranscriber, list[bytes]]:
    events: list[ConversationEvent] = []
    frames: list[bytes] = []
    transcriber = MemoryTranscriber(SCRIPT)
    voice = MemoryVoice(SteadyVoice(seconds_per_character=0.0625, speed=8.0))
    model = MemoryModel(ScriptedModel(REPLIES))
    ports = Ports(voice, transcriber, model)
    detector = ScriptedDetector([(4.0, True), (5.9, False), (9.0, True), (9.9, False)])
    listeners = Listeners(on_event=events.append, on_audio=frames.append)
    call = LiveCall(assistant, ports, call_id="virtual", rate=RATE, listeners=listeners, detector=detector)
    asyncio.get_running_loop().call_at(20.0, call.hang_up)
    await call.run()
    return events, transcriber, frames


def test_the_live_driver_and_the_virtual_one_tell_the_same() -> None:
    assistant = Assistant(first_message="Hello, how can I help you?")
    live, transcriber, frames = run_virtual(live_events(assistant))
    world = VirtualWorld(
        voice=SteadyVoice(seconds_per_character=0.0625, speed=8.0),
        model=ScriptedModel(REPLIES),
    )
    first = tuple(Heard(heard.delay - 4.0, heard.text, heard.final) for heard in SCRIPT[:2])
    second = tuple(Heard(heard.delay - 9.0, heard.text, heard.final) for heard in SCRIPT[2:])
    lines = [
        CallerLine(LINE, at=4.0, seconds=1.9, heard=first),
        CallerLine(INTERRUPTION, at=9.0, seconds=0.9, heard=second),
    ]
    virtual = VirtualCall(assistant, world, lines, hang_up_after=20.0).run()
    assert kinds(live) == kinds(virtual.events)
    heard = b"".join(frames)
    sent = b"".join(_right(frame) for frame in transcriber.frames)
    assert heard.startswith(sent)
    assert len(heard) - len(sent) <= 2 * RATE // 50  # the last frame is made as the call ends
    for request in (0, 1, 3):  # 2 was dropped by the interruption
        tone = (1001 + request).to_bytes(2, "little")
        played = sum(span.seconds for span in virtual.spans if span.request == request)
        count = sum(heard[at : at + 2] == tone for at in range(0, len(heard), 2))
        assert count == round(played * RATE)


def _right(frame: bytes) -> bytes:
    """Channel 1 of a stereo frame."""
    return b"".join(frame[at : at + 2] for at in range(2, len(frame), 4))

"""The live driver in virtual time, with clients in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.commands import AskDestination, CallTool, ConversationEvent
from providers.emulator.conversation.live import Listeners, LiveCall
from providers.emulator.conversation.live_audio import VoiceDetector
from providers.emulator.conversation.ports import OnClosed, OnTranscript, PortError, Ports, ToolWish
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


class SilentTranscriber(MemoryTranscriber):
    """A transcriber that reads nothing."""

    async def send(self, frame: bytes) -> None:
        await asyncio.Event().wait()


async def call_of(assistant: Assistant, transcriber: MemoryTranscriber, **more: Any) -> list[ConversationEvent]:
    """A call of ten seconds with a script of its own."""
    events: list[ConversationEvent] = []
    ports = Ports(MemoryVoice(SteadyVoice()), transcriber, MemoryModel(ScriptedModel(REPLIES)), **more)
    listeners = Listeners(on_event=events.append)
    call = LiveCall(assistant, ports, call_id="c", rate=RATE, listeners=listeners, detector=ScriptedDetector([]))
    asyncio.get_running_loop().call_at(10.0, call.hang_up)
    await call.run()
    return events


def test_sound_that_a_transcriber_does_not_take_shows() -> None:
    events = run_virtual(call_of(Assistant(), SilentTranscriber([])))
    (event,) = [event for event in events if event.kind == "sound-dropped"]
    assert event.detail == {"side": "transcriber"}
    assert 5.0 <= event.at <= 5.1


def test_sound_that_a_caller_sends_too_fast_shows() -> None:
    async def scenario() -> list[ConversationEvent]:
        events: list[ConversationEvent] = []
        ports = Ports(MemoryVoice(SteadyVoice()), MemoryTranscriber([]), MemoryModel(ScriptedModel(REPLIES)))
        call = LiveCall(Assistant(), ports, call_id="c", rate=RATE, listeners=Listeners(on_event=events.append))
        loop = asyncio.get_running_loop()
        loop.call_at(1.0, call.hear, bytes(2 * RATE))
        loop.call_at(1.01, call.hear, bytes(2 * RATE))
        loop.call_at(3.0, call.hang_up)
        await call.run()
        return events

    events = run_virtual(scenario())
    assert [event.detail for event in events if event.kind == "sound-dropped"] == [{"side": "caller"}]


def test_what_a_listener_gives_back_comes_after_what_it_was_told() -> None:
    async def scenario() -> list[str]:
        told: list[str] = []

        def listen(event: ConversationEvent) -> None:
            told.append(event.kind)
            if event.kind == "voice-asked":
                call.client_message({"type": "control", "control": "mute-customer"})
            if event.kind == "speech-stopped":
                call.hang_up()

        ports = Ports(MemoryVoice(SteadyVoice()), MemoryTranscriber([]), MemoryModel(ScriptedModel(REPLIES)))
        assistant = Assistant(first_message="Hello.")
        call = LiveCall(assistant, ports, call_id="c", rate=RATE, listeners=Listeners(on_event=listen))
        assert await call.run() == "customer-ended-call"
        return told

    assert run_virtual(scenario()) == [
        *("status", "transcriber-opened", "voice-asked", "control", "first-audio", "speech-started", "chunk-started"),
        *("voice-done", "speech-stopped", "status"),
    ]


class RecordingTools:
    """Tools that need a second."""

    def __init__(self) -> None:
        self.called: list[str] = []

    async def call(self, wanted: CallTool) -> str:
        await asyncio.sleep(1.0)
        self.called.append(wanted.name)
        return "done"

    async def destination(self, wanted: AskDestination) -> tuple[dict[str, Any] | None, str | None]:
        return None, None


def test_a_tool_that_the_end_of_the_call_wants_is_called() -> None:
    hook = {"on": "call.ending", "do": [{"type": "tool", "tool": {"type": "function", "function": {"name": "log"}}}]}
    tools = RecordingTools()
    run_virtual(call_of(msgspec.convert({"hooks": [hook]}, Assistant), MemoryTranscriber([]), tools=tools))
    assert tools.called == ["log"]


def test_cancelling_a_call_hangs_up() -> None:
    async def scenario() -> list[ConversationEvent]:
        events: list[ConversationEvent] = []
        ports = Ports(MemoryVoice(SteadyVoice()), MemoryTranscriber([]), MemoryModel(ScriptedModel(REPLIES)))
        call = LiveCall(Assistant(), ports, call_id="c", rate=RATE, listeners=Listeners(on_event=events.append))
        task = asyncio.create_task(call.run())
        await asyncio.sleep(2.0)
        task.cancel()
        await asyncio.wait([task])
        return events

    last = run_virtual(scenario())[-1]
    assert last.detail == {"status": "ended", "reason": "customer-ended-call"}


class FailingVoice(MemoryVoice):
    """The first voice fails; the second one speaks."""

    async def speak(self, text: str, voice: int) -> AsyncGenerator[bytes, None]:
        if voice == 0:
            raise PortError("HTTP 502")
        async with contextlib.aclosing(super().speak(text, voice)) as body:
            async for piece in body:
                yield piece


class LosingTranscriber(MemoryTranscriber):
    """The first transcriber refuses, the second one closes with 1011 after a second, the third one stays."""

    async def open(self, transcriber: int, *, on_transcript: OnTranscript, on_closed: OnClosed) -> MemoryTranscriber:
        if transcriber == 0:
            raise PortError("HTTP 403")
        if transcriber == 1:
            asyncio.get_running_loop().call_later(1.0, on_closed, 1011)
        return await super().open(transcriber, on_transcript=on_transcript, on_closed=on_closed)


class WishingModel:
    """A model that wants tools first, and fails in the end."""

    def __init__(self) -> None:
        self.asked: list[Sequence[dict[str, Any]]] = []

    async def answer(self, messages: Sequence[dict[str, Any]]) -> AsyncGenerator[str | ToolWish, None]:
        self.asked.append(messages)
        if len(self.asked) == 1:
            yield ToolWish("one", "find", {"day": "Monday"})
            yield ToolWish("two", "transferCall")
            return
        raise PortError("HTTP 500")


def test_the_live_driver_goes_from_voice_to_voice_and_from_transcriber_to_transcriber() -> None:
    async def scenario() -> list[ConversationEvent]:
        events: list[ConversationEvent] = []
        plans = {
            "firstMessage": "Good evening.",
            "voice": {"fallbackPlan": {"voices": [{}]}},
            "transcriber": {"fallbackPlan": {"transcribers": [{}, {}]}},
        }
        ports = Ports(FailingVoice(SteadyVoice()), LosingTranscriber([]), MemoryModel(ScriptedModel(REPLIES)))
        listeners = Listeners(on_event=events.append)
        assistant = msgspec.convert(plans, Assistant)
        call = LiveCall(assistant, ports, call_id="c", rate=RATE, listeners=listeners, detector=ScriptedDetector([]))
        asyncio.get_running_loop().call_at(5.0, call.hang_up)
        assert await call.run() == "customer-ended-call"
        return events

    events = run_virtual(scenario())
    lost = [(event.detail["transcriber"], event.detail["code"]) for event in events if event.kind == "transcriber-lost"]
    assert lost == [(0, None), (1, 1011)]
    failed = [event.detail["error"] for event in events if event.kind == "voice-failed"]
    assert failed == ["HTTP 502"]
    assert [event.detail["text"] for event in events if event.kind == "speech-stopped"] == ["Good evening."]


def test_the_live_driver_calls_tools_and_ends_with_a_model_that_fails() -> None:
    async def scenario() -> tuple[list[ConversationEvent], str, WishingModel]:
        events: list[ConversationEvent] = []
        model = WishingModel()
        smart = {"provider": "custom-endpointing-model", "server": {"url": "http://x"}}
        assistant = msgspec.convert({"startSpeakingPlan": {"smartEndpointingPlan": smart}}, Assistant)
        transcriber = MemoryTranscriber([Heard(1.0, "A table.", final=True)])
        ports = Ports(MemoryVoice(SteadyVoice()), transcriber, model, endpointing=None, tools=RecordingTools())
        listeners = Listeners(on_event=events.append)
        call = LiveCall(assistant, ports, call_id="c", rate=RATE, listeners=listeners, detector=ScriptedDetector([]))
        reason = await call.run()
        return events, reason, model

    events, reason, model = run_virtual(scenario())
    assert reason == "pipeline-error-custom-llm-llm-failed"
    answered = [event.detail["seconds"] for event in events if event.kind == "endpointing-answered"]
    assert answered == [None]  # there is no endpointing server to be asked
    assert [message["content"] for message in model.asked[1] if message["role"] == "tool"] == [
        "Transfer failed: no destination.",
        "done",
    ]

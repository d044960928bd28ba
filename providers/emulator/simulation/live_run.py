"""A scenario in real time: the caller's sound goes to real servers, frame after frame."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from dsp import decode_pcm16
from providers.emulator.conversation.assistant import (
    Assistant,
    FallbackTranscriber,
    FallbackVoice,
    Server,
    Transcriber,
    Voice,
    with_endpointing,
)
from providers.emulator.conversation.clients import CallIdentity, endpoints_of
from providers.emulator.conversation.commands import AskDestination, CallTool, ConversationEvent, PlayedSpan
from providers.emulator.conversation.live import Listeners, LiveCall, hold
from providers.emulator.conversation.live_audio import FRAME
from providers.emulator.conversation.ports import PortError, Ports
from providers.emulator.simulation.caller import ScriptedCaller, steps_of
from providers.emulator.simulation.clips import CallerClips
from providers.emulator.simulation.faulty_ports import behind_network
from providers.emulator.simulation.line_sound import LineSound
from providers.emulator.simulation.scenario import Scenario
from providers.emulator.simulation.script import ScriptedAnswers
from providers.emulator.simulation.take import SpokenLine, Take
from providers.emulator.targets import Targets


def aimed(assistant: Assistant, targets: Targets) -> Assistant:
    """An assistant whose servers are the targets, its fallback plans' too, where it names none of its own."""
    voice, ear, start = assistant.voice, assistant.transcriber, assistant.start_speaking_plan
    voices = tuple(_aimed(other, targets.voice) for other in voice.fallback_plan.voices)
    voice = msgspec.structs.replace(
        _aimed(voice, targets.voice), fallback_plan=msgspec.structs.replace(voice.fallback_plan, voices=voices)
    )
    ears = tuple(_aimed(other, targets.transcriber) for other in ear.fallback_plan.transcribers)
    ear = msgspec.structs.replace(
        _aimed(ear, targets.transcriber), fallback_plan=msgspec.structs.replace(ear.fallback_plan, transcribers=ears)
    )
    if start.smart_endpointing_plan is None and targets.endpointing is not None:
        assistant = with_endpointing(assistant, Server(url=targets.endpointing))
    return msgspec.structs.replace(assistant, voice=voice, transcriber=ear)


_Aimed = TypeVar("_Aimed", Voice, FallbackVoice, Transcriber, FallbackTranscriber)


def _aimed(part: _Aimed, target: str | None) -> _Aimed:
    if part.server is not None or target is None:
        return part
    return msgspec.structs.replace(part, server=Server(url=target))


class ScriptedTools:
    """Tools whose results stand in the scenario."""

    def __init__(self, results: dict[str, str]) -> None:
        self._results = results

    async def call(self, wanted: CallTool, /) -> str:
        """The result of a tool."""
        if wanted.name not in self._results:
            raise PortError(f"the scenario has no result for the tool {wanted.name}")
        return self._results[wanted.name]

    async def destination(self, wanted: AskDestination, /) -> tuple[None, None]:
        """Nowhere: a scenario transfers no call."""
        return None, None


async def run_live(scenario: Scenario, clips: CallerClips, folder: Path, targets: Targets, number: int) -> Take:
    """One take of a scenario against real servers."""
    run = _LiveRun(scenario, clips, folder, targets, number)
    try:
        return await run.take()
    finally:
        run.close()


@dataclass(slots=True)
class _Log:
    """What a take is made of, as it comes."""

    events: list[ConversationEvent] = field(default_factory=list)
    parts: list[tuple[int, SpokenLine]] = field(default_factory=list)
    played: list[PlayedSpan] = field(default_factory=list)
    stereo: list[bytes] = field(default_factory=list)


class _LiveRun:
    def __init__(self, scenario: Scenario, clips: CallerClips, folder: Path, targets: Targets, number: int) -> None:
        self._scenario, self._clips, self._number = scenario, clips, number
        self._caller = ScriptedCaller(steps_of(scenario, clips.seconds))
        self._sound = LineSound(scenario, clips, folder, scenario.seed + number)
        self._log = _Log()
        self._late = np.random.default_rng(scenario.seed + number)
        self._sent = 0.0
        """Moment of the loop's clock at which the last frame arrives: frames do not overtake each other."""
        call_id = str(uuid.uuid4())
        assistant = aimed(scenario.assistant, targets)
        rendered = scenario.behaviour.variables_in_urls
        identity = CallIdentity(call_id, scenario.rate, targets.credentials, renders_urls=rendered)
        self._endpoints = endpoints_of(assistant, identity)
        found = self._endpoints
        tools = ScriptedTools(scenario.model.tools)
        ports = Ports(found.voice, found.transcriber, ScriptedAnswers(scenario.model), found.endpointing, tools)
        listeners = Listeners(on_event=self._follow, on_audio=self._tick, on_stereo=self._log.stereo.append)
        self._call = LiveCall(
            assistant,
            behind_network(ports, scenario.faults, scenario.rate, lambda: self._sound.now),
            call_id=call_id,
            rate=scenario.rate,
            listeners=listeners,
            behaviour=scenario.behaviour,
        )

    async def take(self) -> Take:
        """Hold the call."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        limit = loop.call_later(self._scenario.longest, self._call.hang_up, "exceeded-max-duration")
        try:
            ended = await hold(self._call, self._begin())
        finally:
            limit.cancel()
        return Take(
            scenario=self._scenario,
            number=self._number,
            parts=tuple(self._log.parts),
            events=tuple(self._log.events),
            played=tuple(self._log.played),
            messages=tuple(self._call.history.platform()),
            ended=ended,
            seconds=loop.time() - began,
            sound=decode_pcm16(b"".join(self._log.stereo)).reshape(-1, 2),
        )

    def close(self) -> None:
        """Drop the connections."""
        self._endpoints.close()

    async def _begin(self) -> None:
        self._begin_steps()

    def _follow(self, event: ConversationEvent) -> None:
        self._log.events.append(event)
        self._caller.follow(event)
        self._begin_steps()

    def _begin_steps(self) -> None:
        loop = asyncio.get_running_loop()
        for begin, step in self._caller.next():
            begin = max(begin, self._sound.now)
            if step.kind == "hangup":
                loop.call_later(max(begin - self._sound.now, 0.0), self._call.hang_up)
            elif step.kind == "speak":
                self._sound.say(begin, self._clips.parts[step.line][step.part])
                self._log.parts.append((step.line, SpokenLine(step.text, begin, begin + step.seconds)))

    def _tick(self, played: bytes) -> None:
        """The assistant's frame was heard: note where it was sound, and send the caller's next one."""
        at = self._sound.now
        if any(played):
            self._log.played.append(PlayedSpan(at, 0, 0.0, FRAME))
        frame = self._sound.frame(played)
        loop = asyncio.get_running_loop()
        late = self._scenario.network.jitter / 1000 * float(self._late.random())
        self._sent = max(self._sent, loop.time() + late)
        if late:
            loop.call_at(self._sent, self._call.hear, frame)
        else:
            self._call.hear(frame)

"""A scenario in virtual time: scripted servers, no sound, no sockets; the same take every time."""

from __future__ import annotations

from providers.emulator.conversation import inputs
from providers.emulator.conversation.assistant import TranscriptionEndpointingPlan
from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.conversation.endpointing import by_transcription
from providers.emulator.conversation.virtual import VirtualCall, VirtualWorld
from providers.emulator.conversation.virtual_parts import (
    CallerLine,
    EndpointingPart,
    EndpointingPlan,
    Heard,
    Messages,
    SteadyEar,
    SteadyVoice,
    VoicePart,
    VoicePlan,
)
from providers.emulator.simulation.caller import ScriptedCaller, Step, steps_of
from providers.emulator.simulation.clips import estimated
from providers.emulator.simulation.scenario import EndpointingFault, Scenario, VoiceFault
from providers.emulator.simulation.script import ScriptedAnswers
from providers.emulator.simulation.take import SpokenLine, Take


def run_virtual(scenario: Scenario, number: int) -> Take:
    """One take of a scenario, without its noise, echo and network: they need sound."""
    return _VirtualRun(scenario).take(number)


class _VirtualRun:
    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._caller = ScriptedCaller(steps_of(scenario, estimated(scenario)))
        self._parts: list[tuple[int, SpokenLine]] = []
        stand, faults = scenario.stand, scenario.faults
        voice: VoicePart = SteadyVoice(first_audio=stand.first_audio)
        world = VirtualWorld(
            voice=voice if faults.voice is None else _FaultyVoice(voice, faults.voice),
            model=ScriptedAnswers(scenario.model).plan,
            endpointing=_endpointing(stand.endpointing, faults.endpointing),
            tools=lambda name, parameters: (0.2, scenario.model.tools.get(name, "done")),
        )
        self._ear = SteadyEar(partial_every=stand.partial_every, final_lag=stand.final_after)
        self._call = VirtualCall(scenario.assistant, world, behaviour=scenario.behaviour, on_event=self._follow)
        self._late = faults.transcriber.delay if faults.transcriber is not None else 0.0
        if faults.transcriber is not None and faults.transcriber.cut_at is not None:
            self._call.schedule(faults.transcriber.cut_at, inputs.TranscriberLost(0, "closed with 1006", 1006))

    def take(self, number: int) -> Take:
        """Play the call."""
        self._begin_steps()
        record = self._call.run(self._scenario.longest)
        return Take(
            scenario=self._scenario,
            number=number,
            parts=tuple(self._parts),
            events=tuple(record.events),
            played=tuple(record.spans),
            messages=tuple(self._call.conversation.history.platform()),
            ended=record.ended_reason,
            seconds=record.seconds,
        )

    def _follow(self, event: ConversationEvent) -> None:
        self._caller.follow(event)
        self._begin_steps()

    def _begin_steps(self) -> None:
        for begin, step in self._caller.next():
            if step.kind == "hangup":
                self._call.schedule(begin, inputs.HungUp())
            elif step.kind == "speak":
                self._parts.append((step.line, SpokenLine(step.text, begin, begin + step.seconds)))
                self._call.say(self._line(step), begin)

    def _line(self, step: Step) -> CallerLine:
        heard = tuple(Heard(one.delay + self._late, one.text, one.final) for one in self._ear(step.text, step.seconds))
        return CallerLine(step.text, seconds=step.seconds, heard=heard)


class _FaultyVoice:
    """A voice behind a network that delays, refuses or cuts."""

    def __init__(self, voice: VoicePart, fault: VoiceFault) -> None:
        self._voice, self._fault = voice, fault
        self._requests = 0

    def __call__(self, text: str, voice: int) -> VoicePlan:
        self._requests += 1
        fault, plan = self._fault, self._voice(text, voice)
        if not fault.hits(self._requests, voice):
            return plan
        if fault.status is not None:
            return VoicePlan((), fault.delay, f"HTTP {fault.status}")
        sound = tuple((delay + fault.delay, seconds) for delay, seconds in plan.sound)
        ends = None if plan.ends is None else plan.ends + fault.delay
        if fault.cut_after is None:
            return VoicePlan(sound, ends, plan.error)
        kept: list[tuple[float, float]] = []
        heard = 0.0
        for delay, seconds in sound:
            if heard + seconds > fault.cut_after:
                return VoicePlan(tuple(kept), delay, "the body broke off")
            kept.append((delay, seconds))
            heard += seconds
        return VoicePlan(sound, ends, plan.error)


def _endpointing(delay: float, fault: EndpointingFault | None) -> EndpointingPart:
    """An endpointing server that answers by the published transcription plan."""

    def answer(messages: Messages) -> EndpointingPlan:
        late = delay + (fault.delay if fault is not None else 0.0)
        if fault is not None and fault.status is not None:
            return EndpointingPlan(late, None)
        said = next((str(m["content"]) for m in reversed(messages) if m["role"] == "user"), "")
        return EndpointingPlan(late, by_transcription(TranscriptionEndpointingPlan(), said).seconds)

    return answer

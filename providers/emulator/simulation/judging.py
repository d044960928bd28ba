"""What each expectation of a scenario means, judged on one take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from providers.emulator.simulation.scenario import Expectation
from providers.emulator.simulation.take import SpokenLine, Take
from providers.emulator.sound import first_audible
from providers.emulator.utterances import words

_TOGETHER = 0.1
"""Seconds for which both may speak before it counts."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one expectation."""

    expectation: str
    """As it stands in the scenario."""
    fault: str | None
    """Why it does not hold; None where it does."""


Judge: TypeAlias = Callable[[Take, Any], str | None]
"""Says what is wrong, or nothing."""


def judged(take: Take) -> list[Verdict]:
    """A verdict for each expectation, in their order."""
    return [_verdict(take, expectation) for expectation in take.scenario.expect]


def _verdict(take: Take, expectation: Expectation) -> Verdict:
    name = next(name for name in expectation.__struct_fields__ if getattr(expectation, name) is not None)
    value = getattr(expectation, name)
    return Verdict(f"{name}: {value}", JUDGES[name](take, value))


def _contains(text: str, wanted: str) -> bool:
    """Whether the words of ``wanted`` stand in ``text``, in order and next to each other."""
    all_, some = words(text), words(wanted)
    return any(all_[at : at + len(some)] == some for at in range(len(all_) - len(some) + 1))


def _heard(take: Take, wanted: str) -> str | None:
    finals = " ".join(str(event.detail["text"]) for event in take.of_kind("transcript") if event.detail.get("final"))
    return None if _contains(finals, wanted) else f"the transcriber's finals were “{finals}”"


def _said_text(take: Take) -> str:
    return " ".join(text for _, _, text in take.speeches())


def _said(take: Take, wanted: str) -> str | None:
    """What was played, and in real time not as silence."""
    if not _contains(said := _said_text(take), wanted):
        return f"the assistant was heard to say “{said}”"
    if take.sound is not None and first_audible(take.sound[:, 1]) is None:
        return "the voice's answers hold silence alone"
    return None


def _not_said(take: Take, unwanted: str) -> str | None:
    return f"the assistant was heard to say “{said}”" if _contains(said := _said_text(take), unwanted) else None


def _reply_within(take: Take, limit: float) -> str | None:
    latencies = take.latencies()
    if not latencies:
        return "no turn of the caller's was answered"
    worst = max(latency.turn for latency in latencies)
    return f"the slowest reply took {worst:.2f} s" if worst > limit else None


def _first_audio_within(take: Take, limit: float) -> str | None:
    asked = {event.detail["request"]: event.at for event in take.of_kind("voice-asked")}
    taken = [event.at - asked[event.detail["request"]] for event in take.of_kind("first-audio")]
    if not taken:
        return "no voice request brought any sound"
    return f"the slowest first sound took {max(taken):.2f} s" if max(taken) > limit else None


def _silent_within(take: Take, limit: float) -> str | None:
    stops = [event.at for event in take.of_kind("interrupted")]
    if not stops:
        return "nothing was interrupted"
    for at in stops:
        later = [span.at + span.seconds for span in take.played if span.at <= at + limit < span.at + span.seconds]
        if later:
            return f"sound went on until {max(later) - at:.2f} s after the interruption at {at:.2f} s"
    return None


def _cut_offs(take: Take, limit: int) -> str | None:
    """A cut-off is the assistant beginning to speak before a line of the caller's is over, a pause in it included."""
    return _too_many(take, take.lines, limit)


def _overlaps(take: Take, limit: int) -> str | None:
    """An overlap is the assistant beginning to speak while the caller makes a sound."""
    return _too_many(take, [part for _, part in take.parts], limit)


def _too_many(take: Take, spoken: Sequence[SpokenLine], limit: int) -> str | None:
    moments = [
        f"{start:.2f}"
        for start, _, _ in take.speeches()
        if any(one.start + _TOGETHER < start < one.end - _TOGETHER for one in spoken)
    ]
    return None if len(moments) <= limit else f"{len(moments)}: at {', '.join(moments)} s"


def _count(kind: str) -> Judge:
    def judge(take: Take, wanted: int) -> str | None:
        found = len(take.of_kind(kind))
        return None if found == wanted else f"found {found}"

    return judge


def _turns(take: Take, wanted: int) -> str | None:
    found = len(take.answered())
    return None if found == wanted else f"found {found}"


def _finals(take: Take, _: str) -> str | None:
    """One final for each line, at most one for each of its parts, before the next line begins."""
    finals = [event.at for event in take.of_kind("transcript") if event.detail.get("final")]
    parts = Counter(number for number, _ in take.parts)
    faults = []
    for index, (line, most) in enumerate(zip(take.lines, parts.values(), strict=True)):
        until = take.lines[index + 1].start if index + 1 < len(take.lines) else take.seconds
        count = sum(line.start <= at < max(until, line.end) for at in finals)
        if not 1 <= count <= most:
            faults.append(f"{count} for line {index + 1}")
    return ", ".join(faults) or None


def _ended(take: Take, wanted: str) -> str | None:
    return None if take.ended == wanted else f"it ended with {take.ended or 'the longest time'}"


def _tool(take: Take, wanted: str) -> str | None:
    called = [str(event.detail["name"]) for event in take.of_kind("tool-called")]
    return None if wanted in called else f"called were {', '.join(called) or 'none'}"


def _event(take: Take, kind: str) -> str | None:
    return None if take.of_kind(kind) else "it did not happen"


def _no_event(take: Take, kind: str) -> str | None:
    found = take.of_kind(kind)
    return f"it happened at {found[0].at:.2f} s" if found else None


JUDGES: Mapping[str, Judge] = {
    "heard": _heard,
    "said": _said,
    "not_said": _not_said,
    "reply_within": _reply_within,
    "first_audio_within": _first_audio_within,
    "silent_within": _silent_within,
    "cut_offs": _cut_offs,
    "overlaps": _overlaps,
    "interruptions": _count("interrupted"),
    "turns": _turns,
    "finals": _finals,
    "ended": _ended,
    "tool": _tool,
    "event": _event,
    "no_event": _no_event,
}

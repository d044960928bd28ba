"""Cause of a turn's delay: one word for counting and one sentence for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from providers.calls.latency import Parts, TurnTimes, closing
from providers.calls.texts import normalised

__all__ = ["Cause", "Explanation", "explain"]

Cause: TypeAlias = Literal[
    "none",
    "echo",
    "stall",
    "recogniser-lost",
    "recogniser-late",
    "no-closing-mark",
    "number",
    "rule",
    "asked-late",
    "endpointing",
    "model",
    "voice-refused",
    "voice-failed",
    "cache-miss",
    "late-first-audio",
    "played-late",
]

PartName: TypeAlias = Literal["transcriber", "endpointing", "model", "voice"]

USUAL: dict[PartName, float] = {"transcriber": 0.5, "endpointing": 0.5, "model": 1.0, "voice": 0.8}
"""Seconds of each part that nobody asks about; the platform itself waits 0.4 s before it plays."""

_UNUSUAL = 0.25
"""Seconds above the usual from which a part is a delay."""

_SHARE = 0.4
"""Part of a delay that a stall has to explain."""

_ECHOED_WORDS = 3
"""Words of the assistant's in a row that nobody says by chance."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a caller waited."""

    cause: Cause
    part: PartName | None
    sentence: str


def explain(turn: TurnTimes, usual_first_audio: float | None = None) -> Explanation:
    """The cause of a turn's delay.

    Parameters
    ----------
    usual_first_audio
        Seconds that this server's voice usually takes for what is not cached; None when that is not known.
    """
    total = f"the caller waited {turn.parts.total:.1f} s"
    if _is_echo(turn):
        return Explanation("echo", None, f"{total} because the transcript repeated the assistant's own words (echo)")
    part, beyond = max(((name, _beyond(turn.parts, name)) for name in USUAL), key=lambda pair: pair[1])
    if beyond < _UNUSUAL:
        return Explanation("none", None, f"{total}; no part took longer than usual")
    seconds = getattr(turn.parts, part)
    cause, why = next(_CAUSES[part](turn, seconds, usual_first_audio))
    return Explanation(cause, part, f"{total} because {why} ({part} {seconds:.1f} s)")


def _beyond(parts: Parts, name: PartName) -> float:
    seconds: float = getattr(parts, name)
    return seconds - USUAL[name]


def _is_echo(turn: TurnTimes) -> bool:
    said, heard = normalised(turn.spoken_before), normalised(turn.words)
    return heard.count(" ") + 1 >= _ECHOED_WORDS and f" {heard} " in f" {said} "


_Causes = Iterator[tuple[Cause, str]]


def _transcriber(turn: TurnTimes, seconds: float, usual: float | None) -> _Causes:
    begin = next((event.at for event in turn.events if event.kind == "speech-started"), turn.events[0].at)
    if lost := _engine(turn, min(begin, turn.stopped), turn.final.at, "lost", "suspected", "took-over", "gap"):
        yield "recogniser-lost", f"the recogniser {lost} was lost or silent and had to be replaced"
    yield from _stalled(turn, turn.stopped, turn.final.at, seconds)
    yield "recogniser-late", "the final came late from the recogniser"


def _endpointing(turn: TurnTimes, seconds: float, usual: float | None) -> _Causes:
    asked, ending = turn.asked, closing(turn.final.text)
    yield from _stalled(turn, turn.final.at, turn.final.at + seconds, seconds)
    if asked is not None and asked.detail.startswith("rule"):
        yield "rule", f"the assistant's own {asked.detail} makes it wait {asked.seconds:.1f} s"
    if asked is not None and asked.at - turn.final.at > seconds * 0.6:
        yield "asked-late", f"the platform asked {asked.at - turn.final.at:.1f} s after the final when the turn is over"
    if ending == "number":
        yield "number", "the final ended in a number, and more digits may follow"
    if ending == "nothing":
        yield "no-closing-mark", "the final had no closing mark"
    why = f": {asked.detail}" if asked is not None and asked.detail else ""
    yield "endpointing", f"the caller might have gone on{why}"


def _model(turn: TurnTimes, seconds: float, usual: float | None) -> _Causes:
    yield from _stalled(turn, turn.voice.at - seconds, turn.voice.at, seconds)
    yield "model", "the model took long to answer"


def _voice(turn: TurnTimes, seconds: float, usual: float | None) -> _Causes:
    end = turn.heard
    yield from _stalled(turn, turn.voice.at, end, seconds)
    outcomes = {event.detail for event in turn.between(turn.voice.at, end, "voice-ended")}
    if "refused" in outcomes:
        yield "voice-refused", "every place for voice requests was taken"
    if engine := _engine(turn, turn.voice.at, end, "failed", "took-over", "hedged"):
        yield "voice-failed", f"the voice engine {engine} failed or was late and another one took over"
    if outcomes & {"failed", "aborted"}:
        yield "voice-failed", "a voice request failed"
    made = turn.first_audio.seconds or 0.0 if turn.first_audio is not None else seconds
    if seconds - made > made:
        yield "played-late", "the platform played the audio late that was already there"
    missed = _engine(turn, turn.voice.at, end, "miss")
    if missed and usual is not None and made <= 1.5 * usual:
        yield "cache-miss", "what was said was not in the cache"
    yield "late-first-audio", f"the first audio took {made:.1f} s"


_CAUSES: dict[PartName, Callable[[TurnTimes, float, float | None], _Causes]] = {
    "transcriber": _transcriber,
    "endpointing": _endpointing,
    "model": _model,
    "voice": _voice,
}


def _stalled(turn: TurnTimes, begin: float, end: float, seconds: float) -> _Causes:
    held = sum(event.seconds or 0.0 for event in turn.between(begin, end + 0.3, "stall"))
    if held >= _SHARE * seconds:
        yield "stall", f"the server's event loop was held for {held:.1f} s"


def _engine(turn: TurnTimes, begin: float, end: float, *kinds: str) -> str:
    """Name of the engine of the first such event; empty when there is none."""
    for event in turn.between(begin, end, "engine"):
        kind, _, name = event.detail.partition(" ")
        if kind in kinds:
            return name or "engine"
    return ""

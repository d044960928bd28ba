"""The group ``turns``: how long callers wait for an answer, and how often they are cut off."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.case import Bound, at_most
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table, balance
from benchmarks.turns import cost, detectors, driven, sweep
from benchmarks.turns.material import CURVE, LOOKS, Kind, Turn, load
from providers.turns.smart_turn import shipped_weights

COLUMNS = ("turns", "detector", "cut off @300 ms", "@600 ms", "dead air @5 %", "@10 %")
SETS: Mapping[Kind, str] = {
    "cut": "cut sentences", "pauses": "whole recordings", "eot-bench": "eot-bench", "digits": "spelled digits",
}  # fmt: skip
_RULES = "platform's text rules"
_FUSED = "words and sound"
_DETECTORS: Mapping[str, Callable[[Sequence[Turn]], sweep.BestPolicies]] = {
    _RULES: lambda turns: sweep.ruled(turns, detectors.platform_text),
    "silence only": lambda turns: sweep.swept(turns, detectors.silence),
    "words": lambda turns: sweep.swept(turns, detectors.text, sweep.CURVES),
    "sound": lambda turns: sweep.swept(turns, detectors.sound, sweep.CURVES),
    f"sound at {1000 * LOOKS[-1]:.0f} ms": lambda turns: sweep.swept(turns, detectors.sound_later, sweep.CURVES),
    _FUSED: lambda turns: sweep.swept(turns, detectors.fused, sweep.CURVES),
}
GOAL = 0.55
"""Dead air at 5 % cut-offs, in parts of the platform's text rules'."""
BUDGETS = (0.05, 0.10)
"""Shares of cut-offs that a wait function is chosen for on the tuning speakers."""
LENGTHS = 20
"""Lengths of the pause that each cut turn is judged with."""
CALLS = 200
CORES = 1.5
READING = (
    "Each detector is swept over thresholds, delays and time-outs, after eot-bench's method, and where there"
    " is a score over wait functions;"
    " a rule over a factor of its seconds and a least delay. Only turns of test speakers are shown; the weights were"
    " fitted on others. A recogniser's words are taken as known 200 ms into the pause."
    " cut: sentences cut inside, with artificial pauses;"
    f" each is judged with {LENGTHS} lengths at equal shares of eot-bench's published curve. pauses: recordings with"
    " their own pauses, read aloud, a whole recording as one turn."
)
WEIGHTS = "BENCHMARK_TURN_MODEL"
"""Environment variable that names the sound model's file."""


def _names() -> Sequence[str]:
    return [*SETS.values(), "cost"]


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Sweep the chosen sets."""
    material = load()
    notes = [READING, material.missing] if material.missing else [READING]
    swept: list[tuple[str, ...]] = []
    own: list[tuple[str, ...]] = []
    drives: list[tuple[str, ...]] = []
    records: list[Record] = []
    goals: list[tuple[str, float, Bound]] = []
    for step, (kind, name) in enumerate(SETS.items()):
        turns = [turn for turn in material.turns if turn.kind == kind and turn.test]
        judged = [one for turn in turns for one in with_lengths(turn)] if kind == "cut" else turns
        if not turns or not options.selects(name):
            continue
        progress.step(name, step, len(SETS) + 1)
        notes.append(_size(name, turns))
        found = {detector: figures(judged) for detector, figures in _DETECTORS.items()}
        swept += [(name, detector, *_cells(figures)) for detector, figures in found.items()]
        records += [{"case": name, "detector": detector, **vars(figures)} for detector, figures in found.items()]
        own += _own(name, judged, records)
        if kind == "cut":
            tuning = [
                one for turn in material.turns if turn.kind == kind and not turn.test for one in with_lengths(turn)
            ]
            own += _calibrated(name, tuning, judged, records, notes)
            drives = _driven(judged, records)
        goals += _goals(kind, name, turns, found)
    tables = [Table("Swept policies", COLUMNS, swept, left=frozenset(COLUMNS[:2]))] if swept else []
    if own:
        columns = ("turns", "answers", "cut off", "dead air")
        tables.append(Table("With the server's own seconds", columns, own, left=frozenset(columns[:2])))
    if drives:
        columns = ("final after", "turns", "cut off", "dead air")
        tables.append(Table("Cut sentences, asked and driven", columns, drives, left=frozenset(columns[:2])))
    if options.selects("cost"):
        progress.step("cost", len(SETS), len(SETS) + 1)
        tables += _cost(records, notes)
    notes += [f"{name}: {value:.3g}, target {bound}" for name, value, bound in goals]
    notes += balance(len(goals), [name for name, value, bound in goals if not bound.met(value)])
    return GroupReport(tables, records, notes)


def with_lengths(turn: Turn) -> list[Turn]:
    """A cut turn with each of several lengths of its artificial pause, at equal shares of eot-bench's curve."""
    shares, seconds = zip(*CURVE, strict=True)
    lengths = np.interp((np.arange(LENGTHS) + 0.5) / LENGTHS, shares, seconds).tolist()
    inside, *rest = turn.pauses
    replaced = (msgspec.structs.replace(inside, length=length) for length in lengths)
    return [msgspec.structs.replace(turn, pauses=(pause, *rest)) for pause in replaced]


def _size(name: str, turns: Sequence[Turn]) -> str:
    speakers = sorted({turn.speaker for turn in turns})
    inside = sum(len(turn.pauses) - 1 for turn in turns)
    languages = ", ".join(sorted({turn.language for turn in turns}))
    few = f" ({', '.join(speakers)})" if len(speakers) <= 12 else ""
    return f"{name}: {len(turns)} turns, {inside} pauses inside, {len(speakers)} speakers{few}; languages: {languages}"


def _cells(figures: sweep.BestPolicies) -> tuple[str, ...]:
    shares = (figures.cut_off_at_300, figures.cut_off_at_600)
    waits = (figures.dead_air_at_5, figures.dead_air_at_10)
    return (
        *("–" if share is None else f"{100 * share:.1f} %" for share in shares),
        *("–" if wait is None else f"{1000 * wait:.0f} ms" for wait in waits),
    )


def _own(name: str, turns: Sequence[Turn], records: list[Record]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    answers: Mapping[str, sweep.Wait] = {
        _RULES: detectors.platform_text,
        "text": partial(detectors.served, "text"),
        "text,acoustic": partial(detectors.served, "text,acoustic"),
    }
    for answer, wait in answers.items():
        outcome = sweep.as_it_is(turns, wait)
        rows.append((name, answer, f"{100 * outcome.cut_off:.1f} %", f"{1000 * outcome.dead_air:.0f} ms"))
        records.append({"case": name, "answers": answer, **vars(outcome)})
    return rows


def _calibrated(
    name: str, tuning: Sequence[Turn], turns: Sequence[Turn], records: list[Record], notes: list[str]
) -> list[tuple[str, ...]]:
    """What wait functions do to these turns that were chosen on the tuning speakers at a budget of cut-offs."""
    if not tuning:
        return []
    rows: list[tuple[str, ...]] = []
    tried = sweep.waited(tuning, detectors.fused)
    for budget in BUDGETS:
        curve = sweep.chosen(tried, budget)
        ((_, outcome),) = sweep.waited(turns, detectors.fused, [curve])
        answers = f"wait function for {100 * budget:.0f} %"
        rows.append((name, answers, f"{100 * outcome.cut_off:.1f} %", f"{1000 * outcome.dead_air:.0f} ms"))
        records.append({"case": name, "answers": answers, "expression": curve.expression(), **vars(outcome)})
        notes.append(f"{answers}, chosen on the tuning speakers: --turn-wait-function '{curve.expression()}'")
    return rows


def _driven(turns: Sequence[Turn], records: list[Record]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for lag, *outcomes in driven.outcomes(turns):
        for what, outcome in zip(("asked", "driven"), outcomes, strict=True):
            shown = (
                f"{1000 * lag:.0f} ms",
                what,
                f"{100 * outcome.cut_off:.1f} %",
                f"{1000 * outcome.dead_air:.0f} ms",
            )
            rows.append(shown)
            records.append({"case": "driven", "final_after": lag, "turns": what, **vars(outcome)})
    return rows


def _goals(
    kind: Kind, name: str, turns: Sequence[Turn], found: Mapping[str, sweep.BestPolicies]
) -> list[tuple[str, float, Bound]]:
    if kind == "digits":
        answers = ("text", "text,acoustic")
        cut = {one: sweep.as_it_is(turns, partial(detectors.served, one)).cut_off for one in answers}
        return [(f"{name} cut off, {one}, %", 100 * share, at_most(0)) for one, share in cut.items()]
    rules, fused = found[_RULES].dead_air_at_5, found[_FUSED].dead_air_at_5
    if not rules or fused is None:
        return []
    return [(f"{name}, dead air at 5 % in parts of the platform's text rules", fused / rules, at_most(GOAL))]


def _cost(records: list[Record], notes: list[str]) -> list[Table]:
    frame = cost.frame_seconds()
    heard = frame / cost.FRAME * CALLS
    rows = [(f"a frame of 20 ms at 16 kHz, and {CALLS} calls", f"{1e6 * frame:.0f} µs", f"{heard:.2f} cores")]
    records.append({"case": "cost", "frame_seconds": frame})
    named = os.environ.get(WEIGHTS)
    weights = Path(named) if named else shipped_weights()
    if weights is None:
        notes.append(f"cost of a judgement: no sound model; {WEIGHTS} may name one")
    else:
        judged = cost.judgement_seconds(weights)
        each = max(0.0, CORES - heard) / judged / CALLS * 60
        what = f"a judgement, and how many a minute {CORES:g} cores leave each call"
        rows.append((what, f"{1e3 * judged:.0f} ms", f"{each:.1f}"))
        records.append({"case": "cost", "judgement_seconds": judged})
    return [Table("Processor time", ("what", "each", f"at {CALLS} calls"), rows, left=frozenset({"what"}))]


GROUP = CaseGroup(
    name="turns",
    question="How long do callers wait for an answer, and how often are they cut off?",
    cases=_names,
    run=run,
    default=False,
)

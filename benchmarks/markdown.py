"""``python -m benchmarks.markdown FILE...``: the README's table, from the JSON of the groups dsp and quality."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.report import Record

HEAD = ("stage", "µs per 20 ms", "calls per core", "how good", "others: how good, their time over ours")
BULK = "1 MiB"
MISSING = "-"
NOTHING = re.compile(r"-(0(?:\.0+)?)(?![.\d])")
"""A zero that rounding or the text around it made negative."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    stage: str
    """A case of the group ``dsp``."""
    peers: Mapping[str, str]
    """Contender there to the contender in the group ``quality`` that is the same, or nothing."""
    case: str = ""
    """A case of the group ``quality``."""
    ours: str = ""
    """Our contender there."""
    figures: Mapping[str, str] = field(default_factory=dict)
    """Measure to how it is written, ``{}`` for the value."""
    bulk: bool = False
    """Whether the peers' time with 1 MiB at once is told, too."""


WORST = "resample, worst of all 42 pairs"
ALIAS = {"alias into the pass band, dB": "alias {:.0f} dB"}
ROWS = (
    Row("split stereo", {"audioop": "", "pydub": ""}, bulk=True),
    Row(
        "µ-law encode",
        {"audioop": ""},
        "G.711",
        "dsp",
        {"µ-law codes unlike audioop's": "{:.0f} codes differ"},
        bulk=True,
    ),
    Row(
        "resample 24→16 k",
        {"samplerate": "samplerate", "scipy": "scipy", "audioop": "audioop"},
        WORST,
        "dsp.Resampler",
        ALIAS,
    ),
    Row(
        "live resample 16→8 k",
        {"soxr HQ": "soxr HQ", "audioop": "audioop"},
        "resample 16→8 k",
        "dsp.LiveResampler",
        ALIAS | {"latency live, 20 ms frames, ms": "{:.0f} ms late"},
    ),
    Row(
        "level speech",
        {"WebRTC AGC": "WebRTC AGC"},
        "level",
        "dsp.Leveler",
        {
            "loudest to softest passage after, from second 2, dB": "passages {:.0f} dB apart",
            "true peak, dBTP": "peak {:.1f} dBTP",
        },
    ),
    Row(
        "voice activity",
        {"webrtcvad": "webrtcvad", "webrtc-noise-gain": "webrtc-noise-gain"},
        "voice activity, F1",
        "dsp.VoiceActivity",
        {"mean": "F1 {:.3f}"},
    ),
    Row(
        "denoise",
        {"WebRTC NS": "WebRTC NS", "webrtc-noise-gain": "webrtc-noise-gain"},
        "denoise",
        "dsp.FourierDenoiser",
        {
            "less office noise, dB": "noise -{:.0f} dB",
            "less another talker, dB": "other talker -{:.0f} dB",
            "caller in office noise, dB": "caller {:.1f} dB",
        },
    ),
    Row(
        "cancel echo",
        {"WebRTC AEC3": "WebRTC AEC3", "Speex": "Speex"},
        "echo",
        "dsp.EchoCanceller",
        {
            "echo removed after 2 s, median, dB": "echo -{:.0f} dB",
            "customer lost in double talk, worst, dB": "customer -{:.1f} dB",
        },
    ),
    Row("whole call 16 kHz", {"AEC3 + NS + webrtcvad": "AEC3 + NS + webrtcvad"}),
    Row("1,000 live calls 16 kHz", {"AEC3 + NS + webrtcvad": "AEC3 + NS + webrtcvad"}),
    Row("1,000 live calls 8 kHz", {"AEC3 + NS + webrtcvad": "AEC3 + NS + webrtcvad"}),
)


class RecordedFigures:
    """The records of a JSON file, by what they are about."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._groups: Mapping[str, Any] = document["groups"]

    def speed(self, stage: str, frame: str) -> dict[str, Record]:
        """Contender to its record; ours under ``ours``."""
        found = [one for one in self._records("dsp") if (one["stage"], one["frame"]) == (stage, frame)]
        return {("ours" if one["role"] == "ours" else one["contender"]): one for one in found}

    def quality(self, row: Row, contender: str) -> str:
        """The row's figures for one contender, written out."""
        values = {
            one["measure"]: one["value"]
            for one in self._records("quality")
            if (one["case"], one["contender"]) == (row.case, contender) and one["value"] is not None
        }
        told = ", ".join(how.format(values[name]) for name, how in row.figures.items() if name in values)
        return NOTHING.sub(r"\1", told)

    def _records(self, group: str) -> Sequence[Record]:
        records: Sequence[Record] = self._groups.get(group, {}).get("records", [])
        return records


def table(document: Mapping[str, Any], rows: Sequence[Row] = ROWS) -> Iterator[str]:
    """Lines of Markdown; a stage that was not measured is left out."""
    figures = RecordedFigures(document)
    yield _line(HEAD)
    yield _line(["---", "--:", "--:", "---", "---"])
    for row in rows:
        live, bulk = figures.speed(row.stage, "20 ms"), figures.speed(row.stage, BULK)
        if "ours" in live:
            yield _line(_cells(row, figures, live, bulk))


def _cells(row: Row, figures: RecordedFigures, live: Mapping[str, Record], bulk: Mapping[str, Record]) -> Iterator[str]:
    yield row.stage
    yield _short(live["ours"]["ns_per_frame"] / 1e3)
    yield f"{live['ours']['calls_per_core']:,}"
    yield figures.quality(row, row.ours) or MISSING
    yield "; ".join(_peers(row, figures, live, bulk)) or MISSING


def _peers(row: Row, figures: RecordedFigures, live: Mapping[str, Record], bulk: Mapping[str, Record]) -> Iterator[str]:
    for name, same in row.peers.items():
        if name in live:
            parts = [figures.quality(row, same), f"×{_short(live[name]['time_over_ours'])}"]
            if row.bulk and name in bulk:
                parts.append(f"×{_short(bulk[name]['time_over_ours'])} in bulk")
            yield f"{name} {', '.join(filter(None, parts))}"


def _short(value: float) -> str:
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def _line(cells: Sequence[str] | Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table of the files that are named; of a group that is in two of them, the later one counts."""
    if len(sys.argv) < 2:
        sys.exit("usage: python -m benchmarks.markdown FILE..., of python -m benchmarks dsp quality --json FILE")
    found: dict[str, Any] = {}
    for name in sys.argv[1:]:
        found |= json.loads(Path(name).read_text(encoding="utf-8"))["groups"]
    print("\n".join(table({"groups": found})))


if __name__ == "__main__":
    main()

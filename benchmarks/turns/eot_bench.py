"""``python -m benchmarks.turns.eot_bench``: turns from livekit's eot-bench data, for those who have it.

The data are the rows of the dataset ``livekit/eot-bench-data`` as Parquet files on this machine: ``id``, ``language``,
``audio`` (encoded bytes), ``silence_spans``, and, where present, ``messages`` and ``words``. Nothing is downloaded. A
word counts as known half a second after its end, as in livekit's own harness, but never later than the span's end.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import soxr

from benchmarks.turns.material import Pause, Turn, write
from dsp.stage import Samples
from providers.turns.smart_turn import RATE, SmartTurn, SoundModel, shipped_weights

SHORTEST = 0.1
"""Seconds; livekit's own bound of a span."""
LAG = 0.5
"""Seconds that a transcript is behind its audio."""
HEARD = 0.2
"""Seconds of a pause that the sound model hears."""


def turn_of(row: Mapping[str, Any], samples: Samples, model: SoundModel) -> Turn | None:
    """The turn of one row; ``samples`` are its audio at 16 kHz."""
    spans = [span for span in row["silence_spans"] if span["end"] - span["start"] >= SHORTEST]
    if not spans:
        return None
    pauses = [
        Pause(
            None if span is spans[-1] else round(span["end"] - span["start"], 3),
            _known(row.get("words") or (), span["start"] + HEARD - LAG),
            model.done(samples[: int((span["start"] + HEARD) * RATE)]),
        )
        for span in spans
    ]
    last = [said for said in row.get("messages") or () if said.get("role") == "assistant"]
    asked = str(last[-1].get("content") or "") if last else ""
    return Turn(str(row["id"]), str(row["id"]), str(row["language"]), "eot-bench", True, tuple(pauses), asked)


def _known(words: Sequence[Mapping[str, Any]], until: float) -> str:
    return " ".join(str(word.get("word", word.get("text", ""))) for word in words if word["end"] <= until)


def rows(folder: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of every Parquet file in a folder."""
    try:
        from pyarrow import parquet
    except ImportError:
        raise click.UsageError("Parquet files need pyarrow: pip install pyarrow") from None
    for path in sorted(folder.rglob("*.parquet")):
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=16):
            yield from batch.to_pylist()


def samples_of(audio: Mapping[str, Any]) -> Samples:
    """16 kHz mono of an audio field, decoded or not."""
    if audio.get("array") is not None:
        found, rate = np.asarray(audio["array"], dtype=np.float32), int(audio["sampling_rate"])
    else:
        import soundfile

        several, rate = soundfile.read(io.BytesIO(audio["bytes"]), dtype="float32", always_2d=True)
        found = several[:, 0]
    return np.asarray(soxr.resample(found, rate, RATE), dtype=np.float32)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", required=True, type=click.Path(path_type=Path, exists=True), help="Folder of Parquet files.")
@click.option("--turn-model", type=click.Path(path_type=Path), help="Smart-turn's ONNX file; else pipecat-ai's.")
@click.option("--language", default="", help="Only rows of this language: en.")
@click.option("--most", default=1_000_000, help="Rows to read.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write.")
def main(data: Path, turn_model: Path | None, language: str, most: int, out: Path) -> None:
    """Prepare eot-bench's turns for `python -m benchmarks turns`."""
    weights = turn_model or shipped_weights()
    if weights is None:
        raise click.UsageError("--turn-model: expected an ONNX file, found none")
    model = SmartTurn(weights)
    wanted = (row for row in rows(data) if not language or row["language"] == language)
    found = [turn_of(row, samples_of(row["audio"]), model) for row in itertools.islice(wanted, most)]
    turns = [turn for turn in found if turn is not None]
    write(out, turns)
    click.echo(f"{len(turns)} turns in {out}")


if __name__ == "__main__":
    main()

"""Real recordings: the manifest, the two sets, and what a benchmark says that lacks them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import recordings
from benchmarks.case import Unfit

HEAD = "path kind speaker rate seconds set licence source transcript".replace(" ", "\t")


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "conversation").mkdir()
    with wave.open(str(tmp_path / "conversation/a.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.full(8000, 8192, dtype="<i2").tobytes())
    (tmp_path / "conversation/a.rttm").write_text("SPEAKER a 1 0.25 0.5 <NA> <NA> x <NA> <NA>\n")
    rows = [
        "conversation/a.wav\tconversation\tx\t8000\t1.0\ttest\tCC0\tnowhere\tyes",
        "b.wav\tspeech\ty\t8000\t1\ttuning\t\t\t",
    ]
    (tmp_path / "manifest.tsv").write_text("\n".join([HEAD, *rows]) + "\n")
    monkeypatch.setenv(recordings.VARIABLE, str(tmp_path))
    return tmp_path


def test_the_sets_are_kept_apart(brought: Path) -> None:
    assert brought == recordings.folder()
    assert [one.speaker for one in recordings.listed(kind="conversation", which="test")] == ["x"]
    assert recordings.listed(kind="conversation", which="tuning") == []


def test_a_recording_comes_at_the_rate_that_is_asked_for_with_its_labels(brought: Path) -> None:
    (one,) = recordings.listed(kind="conversation", which="test")
    assert recordings.load(one, 8000).tolist() == [0.25] * 8000
    assert recordings.load(one, 16000).size == 16000
    assert np.flatnonzero(recordings.labels(one, 100)).tolist() == list(range(25, 75))


def test_what_is_missing_is_told_with_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(recordings.VARIABLE, str(tmp_path))
    with pytest.raises(Unfit, match="python -m benchmarks recordings"):
        recordings.listed(kind="speech", which="test")


def test_no_speaker_is_in_both_sets() -> None:
    assert set(recordings.PROMPTS.values()) == {"tuning", "test"}
    assert "Nothing is installed" in CliRunner().invoke(recordings.main, ["--help"]).output

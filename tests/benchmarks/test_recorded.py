"""The group ``recorded``: its ruler, on lines whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import recorded, recordings
from benchmarks.groups import recorded as group
from benchmarks.recorded import HeardLine, JudgedLine, score
from benchmarks.report import RunOptions


def case(kind: str, truth: list[tuple[int, int]], distance: int = 10) -> JudgedLine:
    frames = np.zeros(600, dtype=np.bool_)
    for first, last in truth:
        frames[first:last] = True
    return JudgedLine(kind, distance, np.zeros(600 * 160, np.float32), frames)  # type: ignore[arg-type]


def test_a_detector_is_judged_by_what_it_found_when_and_where_nothing_was() -> None:
    said = np.zeros(600, dtype=np.bool_)
    said[100:200] = said[300:320] = True
    found = score(lambda line: HeardLine(said, [1.06, 3.02]), [case("talk", [(100, 200)])])
    assert found.f1["talk"] == [200 / 220]
    assert [round(delay, 3) for delay in found.delays] == [0.06]
    assert found.false_starts == 1
    assert found.silent_minutes == pytest.approx(500 / 6000)


def test_a_start_that_is_missed_counts_and_music_alone_is_apart() -> None:
    nothing = HeardLine(np.zeros(600, dtype=np.bool_), [])
    assert score(lambda line: nothing, [case("turns", [(100, 200)])]).delays == [1.5]
    everything = HeardLine(np.ones(600, dtype=np.bool_), [0.02])
    found = score(lambda line: everything, [case("music", [])])
    assert (found.alone["music"], found.f1) == ([1.0], {})


def test_pauses_of_a_stop_consonant_belong_to_the_word() -> None:
    tone = np.sin(np.arange(16000) * 0.3).astype(np.float32) * np.float32(0.3)
    gap = np.concatenate([tone, np.zeros(800, np.float32), tone, np.zeros(8000, np.float32)])
    said = recorded.truth(gap)
    assert said[:205].all()
    assert not said[206:].any()


def test_without_recordings_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(recordings.VARIABLE, str(tmp_path))

    class Silent:
        def step(self, text: str, done: int, total: int) -> None: ...

    report = group.run(RunOptions(), Silent())
    assert report.tables == []
    assert "python -m benchmarks recordings" in report.notes[0]

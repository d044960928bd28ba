"""How the ears are judged: words counted, audio on a clock of its own, and material that has to be brought."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks import ears, recordings
from benchmarks.case import Unfit
from providers.engines.base import Transcript


@pytest.mark.parametrize(
    ("expected", "found", "errors"),
    [("a b c", "a b c", 0), ("a b c", "a c", 1), ("a b c", "a x b c", 1), ("a b c", "", 3), ("", "a b", 2)],
)
def test_errors_are_words_to_insert_delete_or_replace(expected: str, found: str, errors: int) -> None:
    assert ears.edits(expected, found) == errors


def test_case_punctuation_and_hyphens_are_no_errors() -> None:
    assert ears.plain("Don't well-known, YES!") == "dont well known yes"


class Scripted:
    """Tells a final when the loud part is 0.3 s in the past."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._heard = b""
        self._told = False

    def feed(self, pcm: bytes) -> Iterator[Transcript]:
        self._heard += pcm
        loud = np.flatnonzero(np.abs(np.frombuffer(self._heard, "<i2").astype(int)) > 3000)
        if not self._told and loud.size and len(self._heard) / 2 - loud[-1] > 0.3 * self._rate:
            self._told = True
            yield Transcript("yes it is", final=True)

    def finish(self) -> Iterator[Transcript]:
        yield Transcript("the end", final=True)


@pytest.mark.parametrize("length", [16000, 16001, 16321])
def test_audio_of_any_length_is_heard_to_its_end(length: int) -> None:
    heard, work = ears.timed(Scripted(16000), np.zeros(length, np.float32), 16000)
    assert [told.text for _, told in heard] == ["the end"]
    assert heard[-1][0] >= length / 16000
    assert work >= 0


def test_a_final_is_late_by_what_the_engine_waits() -> None:
    voice = (0.5 * np.sin(np.arange(16000) / 5)).astype(np.float32)
    ear = ears.Contestant("scripted", Scripted, lambda samples, rate: "yes it was")
    for line in ears.LINES:
        found = ears.compare(ear, [("yes it is the end", voice)], line)
        assert (found.words, found.errors, found.offline_errors) == (5, 0, 3)
        assert 0.3 <= found.late[0] < 3.0


def test_without_recordings_it_says_how_to_bring_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(recordings.VARIABLE, str(tmp_path))
    with pytest.raises(Unfit, match="bring the recordings"):
        ears.utterances(3)

"""The benchmark of turns: its sweep, its fit, the adapter for eot-bench's data, and what it says without material."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.groups.turns import GROUP
from benchmarks.report import RunOptions
from benchmarks.turns import detectors, eot_bench, fit, sweep
from benchmarks.turns.driven import outcomes
from benchmarks.turns.material import VARIABLE, Pause, Turn, load, write
from dsp.stage import Samples
from providers.turns.base import Reason, probability
from providers.turns.wait_function import wait_function
from providers.turns.weights import TEXT


class Silent:
    """Progress that nobody sees."""

    def step(self, text: str, done: int, total: int) -> None: ...


def turn(*pauses: Pause, test: bool = True, speaker: str = "ann") -> Turn:
    return Turn("one", speaker, "en", "cut", test, pauses)


def told(length: float, inside: float, end: float) -> Turn:
    """A turn with one pause inside, and the sound model's probabilities."""
    return turn(Pause(length, "I would like", inside), Pause(None, "I would like a table.", end))


def by_sound(turn: Turn, pause: Pause) -> float:
    return pause.done or 0.0


def test_a_perfect_detector_waits_no_longer_than_the_judgement_takes() -> None:
    turns = [told(2.0, 0.1, 0.9)] * 50
    found = sweep.swept(turns, by_sound)
    assert found.dead_air_at_5 == pytest.approx(0.2)
    assert found.cut_off_at_300 == 0.0


def test_silence_alone_has_to_wait_out_the_pauses() -> None:
    turns = [told(length, 0.5, 0.5) for length in np.linspace(0.05, 2.0, 40)]
    found = sweep.swept(turns, detectors.silence)
    assert found.dead_air_at_5 == pytest.approx(2.0)
    assert found.dead_air_at_10 == pytest.approx(1.8)
    assert found.cut_off_at_600 == pytest.approx(28 / 40)


def test_a_rule_is_swept_over_a_factor_of_its_seconds() -> None:
    turns = [turn(Pause(1.0, "I would"), Pause(None, "I would like it.")) for _ in range(10)]
    found = sweep.ruled(turns, detectors.platform_text)
    assert found.dead_air_at_5 == pytest.approx(0.2)
    own = sweep.as_it_is(turns, detectors.platform_text)
    assert own.cut_off == 0.0
    assert own.dead_air == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("text", "seconds"), [("Done.", 0.1), ("It is 447.", 0.5), ("four four seven", 0.5), ("Well I", 1.5)]
)
def test_the_platforms_text_rules_are_its_documented_defaults(text: str, seconds: float) -> None:
    assert detectors.platform_text(turn(), Pause(None, text)) == seconds


def test_the_fit_finds_that_the_sound_tells_and_keeps_what_it_has_not_seen() -> None:
    rng = np.random.default_rng(1)
    turns = [told(1.0, float(rng.uniform(0.02, 0.4)), float(rng.uniform(0.6, 0.98))) for _ in range(200)]
    by_reason, _, slope = fit.fitted(turns)
    assert slope > 0.5
    assert by_reason[Reason.DIGITS] == pytest.approx(TEXT[Reason.DIGITS])


def test_a_row_of_eot_bench_becomes_a_turn() -> None:
    class Model:
        heard: list[int] = []

        def done(self, samples: Samples, /) -> float:
            self.heard.append(samples.size)
            return 0.7

    row = {
        "id": "row-1",
        "language": "en",
        "silence_spans": [{"start": 1.0, "end": 1.05}, {"start": 2.0, "end": 2.8}, {"start": 4.0, "end": 6.0}],
        "messages": [{"role": "assistant", "content": "Your name?"}, {"role": "user", "content": "Hm"}],
        "words": [{"word": "It", "end": 1.2}, {"word": "is", "end": 1.9}, {"word": "Ann", "end": 3.6}],
    }
    found = eot_bench.turn_of(row, np.zeros(16_000 * 6, dtype=np.float32), Model())
    assert found is not None
    assert found.question == "Your name?"
    assert found.pauses == (Pause(0.8, "It", 0.7), Pause(None, "It is Ann", 0.7))
    assert Model.heard == [int(2.2 * 16_000), int(4.2 * 16_000)]


def test_a_wait_function_is_chosen_at_a_budget_and_said_as_the_platform_writes_it() -> None:
    turns = [told(length, 0.1, 0.9) for length in np.linspace(0.25, 2.0, 40)]
    tried = sweep.waited(turns, detectors.sound)
    curve = sweep.chosen(tried, 0.05)
    outcome = dict(tried)[curve]
    assert outcome.cut_off <= 0.05
    assert outcome.dead_air < sweep.swept(turns, detectors.silence).dead_air_at_5  # type: ignore[operator]  # a figure
    said = wait_function(curve.expression())
    odds = np.array([-3.0, -0.5, 0.0, 0.5, 3.0])
    assert [said(1 - probability(one)) for one in odds] == pytest.approx(curve.seconds(odds).tolist(), abs=0.005)


def test_a_driven_turn_waits_for_the_sound_where_an_asked_one_goes_by_its_words() -> None:
    turns = [turn(Pause(1.0, "I saw it.", 0.001, at=1.0), Pause(None, "I saw it. There.", 0.999, at=2.0))] * 4
    by_lag = {lag: (asked, driven) for lag, asked, driven in outcomes(turns)}
    unknown_asked, unknown_driven = by_lag[0.1]
    assert (unknown_asked.cut_off, unknown_driven.cut_off) == (0.0, 0.0)
    assert unknown_asked.dead_air > 1.5 > unknown_driven.dead_air, "the detector did not know of the pause yet"
    early_asked, early_driven = by_lag[0.2]
    assert (early_asked.cut_off, early_driven.cut_off) == (1.0, 0.0)
    late_asked, late_driven = by_lag[0.6]
    assert late_asked.cut_off == late_driven.cut_off == 0.0
    assert late_driven.dead_air == pytest.approx(late_asked.dead_air, abs=0.05)


def test_turns_survive_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = [told(0.5, 0.1, 0.9), turn(Pause(None, "Ça va ?"))]
    write(tmp_path / "turns.jsonl", turns)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "turns.jsonl"))
    assert list(load().turns) == turns


def test_the_group_judges_the_test_set_and_says_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = [told(1.0, 0.1, 0.9) for _ in range(20)] + [
        turn(Pause(0.3, "x"), Pause(None, "x"), test=False, speaker="tuning")
    ] * 3
    write(tmp_path / "turns.jsonl", turns)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "turns.jsonl"))
    report = GROUP.run(RunOptions(quick=True, only="cut sentences"), Silent())
    assert [row[1] for row in report.tables[0].rows] == [
        "platform's text rules", "silence only", "words", "sound", "sound at 700 ms", "words and sound",
    ]  # fmt: skip
    assert [row[:2] for row in report.tables[2].rows][:2] == [("100 ms", "asked"), ("100 ms", "driven")]
    assert any(note.startswith("cut sentences: 20 turns, 20 pauses inside, 1 speakers (ann)") for note in report.notes)


def test_without_material_the_group_says_how_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none.jsonl"))
    report = GROUP.run(RunOptions(quick=True, only="cut"), Silent())
    assert any("python -m benchmarks.turns.prepare" in note for note in report.notes)

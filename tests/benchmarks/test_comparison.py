from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.comparison import Pace, Result, compare, verdicts
from benchmarks.process_pool import Absences
from tests.benchmarks import tiny_cases

PACE = Pace(rounds=3, seconds=0.0005)


@pytest.fixture(scope="module")
def outcome() -> tuple[list[Result], Absences]:
    absences = Absences()
    results = compare(tiny_cases.__name__, tiny_cases.CASES[0], PACE, absences, lambda text: None)
    return results, absences


def _live(results: list[Result]) -> dict[str, Result]:
    return {result.contender.name: result for result in results if result.frame.label == "20 ms"}


def test_a_missing_library_is_named_and_skipped(outcome: tuple[list[Result], Absences]) -> None:
    results, absences = outcome
    assert "absent" not in {result.contender.name for result in results}
    assert absences.missing == {"absent": "nowhere"}
    assert "absent (no module nowhere)" in " ".join(absences.sentences())


def test_a_failing_or_dying_contender_is_told_and_the_others_go_on(outcome: tuple[list[Result], Absences]) -> None:
    results, absences = outcome
    assert {"short", "half", "long", "talking"} <= set(_live(results))
    assert absences.failed["sums 20 ms, broken"] == "RuntimeError: out of order"
    assert absences.failed["sums 20 ms, dying"] == "its process ended with code 3"


def test_a_contender_may_decline_a_frame_size(outcome: tuple[list[Result], Absences]) -> None:
    results, _ = outcome
    assert [result.frame.label for result in results if result.contender.name == "offline"] == ["1 MiB"]


def test_ratios_have_ours_as_their_unit(outcome: tuple[list[Result], Absences]) -> None:
    live = _live(outcome[0])
    ours, longer = live["short"].against_ours, live["long"].against_ours
    assert ours is not None
    assert ours.median == 1.0
    assert longer is not None
    # Ten times the additions; the wide window is for a busy machine.
    assert 4 < longer.median < 25
    assert live["long"].times_real_time == pytest.approx(0.02 * 1e9 / live["long"].time.median)
    assert live["long"].ns_per_sample == pytest.approx(live["long"].time.median / 320)


def test_targets_are_judged_by_their_own_contender_and_left_out_without_it(
    outcome: tuple[list[Result], Absences],
) -> None:
    judged = verdicts(list(_live(outcome[0]).values()))
    assert [verdict.target.against for verdict in judged] == ["", "long", "half"]
    assert [verdict.met for verdict in judged] == [True, judged[1].value >= 5, False]


def test_rounds_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = tmp_path / "trace"
    monkeypatch.setenv("TRACE", str(trace))
    case = tiny_cases.CASES[1]
    compare(tiny_cases.__name__, case, PACE, Absences(), lambda text: None)
    told = trace.read_text()
    turns = [name for name, before in zip(told, " " + told, strict=False) if name != before]
    # Three frame sizes, each a warm-up and three rounds of both.
    assert turns == ["a", "b"] * 3 * 4

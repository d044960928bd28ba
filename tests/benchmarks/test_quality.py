from __future__ import annotations

from benchmarks.groups.quality import tabulate
from benchmarks.judging import Judged, judge
from benchmarks.process_pool import Absences
from tests.benchmarks import tiny_cases

CASE = tiny_cases.CASES[2]


def _judged(*, pictures: bool) -> tuple[list[Judged], Absences]:
    absences = Absences()
    return judge(tiny_cases.__name__, CASE, absences, pictures=pictures), absences


def test_ours_is_held_against_the_target_and_peers_are_only_shown() -> None:
    table = tabulate(CASE, _judged(pictures=False)[0])
    assert table.columns == ("measure", "target", "mine", "theirs")
    assert table.rows == [
        ("kept, dB", "≤ 1", "met: 0.5", "9.0"),
        ("missed, dB", "≤ 1", "MISSED: 2.0", "-"),
        ("as good as theirs", "≥ 7 theirs", "MISSED: 6.0", "7.0"),
    ]


def test_curves_travel_only_when_pictures_are_wanted() -> None:
    assert not any(one.findings.curves for one in _judged(pictures=False)[0])
    drawn, absences = _judged(pictures=True)
    assert all(one.findings.curves["response"]["x"] == [0.0, 1.0] for one in drawn)
    assert absences.missing == {"absent": "nowhere"}

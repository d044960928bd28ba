from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.case import Contender
from benchmarks.judging import Curve, Findings, Judged, QualityCase, Sound
from benchmarks.plots import curves, overview, spectrograms

TONES = [100.0, 4000.0, 7900.0]
RESPONSE: dict[str, Curve] = {
    "response": {"x": TONES, "y": [0.0, -6.0, -90.0]},
    "band": {"x": [4000.0, 8000.0], "y": [0.0, 0.0]},
}


def judged(case: str, contender: str, role: str, *, drawn: dict[str, Curve], heard: dict[str, Sound]) -> Judged:
    who = Contender(contender, "ours" if role == "ours" else "peer", lambda: None)
    return Judged(
        QualityCase(case, "a signal", (), (who,), lambda subject: Findings({})), who, Findings({}, drawn, heard)
    )


def sounds() -> dict[str, Sound]:
    samples = np.random.default_rng(1).standard_normal(8000).tolist()
    return {name: {"rate": 8000, "samples": samples} for name in ("before", "alone", "after")}


def names(paths: list[Path]) -> list[str]:
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    return [path.name for path in paths]


def test_response_curves_take_up_to_two_of_ours_however_many_other_cases_there_are(tmp_path: Path) -> None:
    found = [judged(f"other {number}", f"other {number}", "ours", drawn={}, heard={}) for number in range(5)]
    found += [judged("down", name, role, drawn=RESPONSE, heard={}) for name, role in (("a", "ours"), ("b", "ours"))]
    found += [judged("down", "c", "peer", drawn=RESPONSE, heard={})]
    assert names(curves.draw(found, tmp_path)) == ["resampler-response.png"]
    assert curves.draw(found[:5], tmp_path) == []


def test_every_case_with_sounds_has_its_spectrograms(tmp_path: Path) -> None:
    found = [judged("a case", name, role, drawn={}, heard=sounds()) for name, role in (("x", "ours"), ("y", "peer"))]
    found.append(judged("silent", "z", "ours", drawn={}, heard={}))
    assert names(spectrograms.draw(found, tmp_path)) == ["a-case.png"]


def test_the_small_picture_is_drawn_only_when_everyone_in_it_was_heard(tmp_path: Path) -> None:
    found = [
        judged(case, name, role, drawn={}, heard=sounds())
        for case, names in overview.CASES.items()
        for name, role in zip(names, ("ours", "peer"), strict=True)
    ]
    assert names(overview.draw(found, tmp_path)) == ["before-after.png"]
    assert overview.draw(found[1:], tmp_path) == []

from __future__ import annotations

from typing import Any

from benchmarks.markdown import ROWS, Row, table

ROW = Row("sums", {"long": "theirs", "absent": ""}, "figures", "mine", {"kept, dB": "kept {:.1f} dB"}, bulk=True)


def _speed(contender: str, role: str, frame: str, over: float) -> dict[str, Any]:
    return {
        "stage": "sums",
        "frame": frame,
        "contender": contender,
        "role": role,
        "ns_per_frame": 1234.0,
        "calls_per_core": 16207,
        "time_over_ours": over,
    }


def _quality(contender: str, value: float | None) -> dict[str, Any]:
    return {"case": "figures", "measure": "kept, dB", "contender": contender, "value": value}


def _document(quality: list[dict[str, Any]]) -> dict[str, Any]:
    speed = [_speed("short", "ours", "20 ms", 1.0), _speed("long", "peer", "20 ms", 9.87)]
    speed += [_speed("short", "ours", "1 MiB", 1.0), _speed("long", "peer", "1 MiB", 12.3)]
    return {"groups": {"dsp": {"records": speed}, "quality": {"records": quality}}}


def test_a_row_has_our_time_our_quality_and_every_peer_that_was_measured() -> None:
    *_, row = table(_document([_quality("mine", -0.04), _quality("theirs", 8.25)]), [ROW])
    assert row == "| sums | 1.2 | 16,207 | kept 0.0 dB | long kept 8.2 dB, ×9.9, ×12 in bulk |"


def test_what_nobody_measured_is_a_dash() -> None:
    *_, row = table(_document([_quality("mine", None)]), [ROW])
    assert row == "| sums | 1.2 | 16,207 | - | long ×9.9, ×12 in bulk |"


def test_stages_that_were_not_timed_are_left_out() -> None:
    assert len(list(table({"groups": {}}, ROWS))) == 2

"""The vendor benchmarks: every contender runs, and a promise is judged from rounds that ran side by side."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from benchmarks.cli import main
from benchmarks.groups import load


def test_every_case_is_measured_and_compared(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    outcome = CliRunner().invoke(main, ["vendors", "--quick", "--json", str(figures)])
    assert "FAILED" not in outcome.output
    told = json.loads(figures.read_text())
    records = told["groups"]["vendors"]["records"]
    assert {record["case"] for record in records} == set(load()["vendors"].cases())
    for record in records:
        assert record["median"] > 0
        assert (record["compared"] is not None) is (record["contender"] == "providers")

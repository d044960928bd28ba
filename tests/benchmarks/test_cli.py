from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import cli, groups


def test_the_list_names_every_group_and_case() -> None:
    listed = CliRunner().invoke(cli.main, ["--list"])
    assert listed.exit_code == 0
    for group in groups.load().values():
        assert f"{group.name}: {group.question}" in listed.output
        assert all(f"    {case}\n" in listed.output for case in group.cases())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["dps"], "GROUP: expected calls, conversation, dsp"),
        (["--only", "nothing like it"], "--only: no case is called anything like 'nothing like it'"),
    ],
)
def test_a_slip_is_answered_with_what_there_is(arguments: list[str], told: str) -> None:
    answer = CliRunner().invoke(cli.main, arguments)
    assert answer.exit_code == 2
    assert told in answer.output


def test_one_run_prints_the_machine_first_and_writes_json_and_pictures(tmp_path: Path) -> None:
    figures, folder = tmp_path / "deep" / "figures.json", tmp_path / "pictures"
    arguments = ["dsp", "--quick", "--only", "SPLIT", "--json", str(figures), "--plot", str(folder)]
    done = CliRunner().invoke(cli.main, arguments)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("machine ")
    assert done.stdout.index("split stereo  20 ms") > done.stdout.index("machine ")

    document = json.loads(figures.read_text(encoding="utf-8"))
    assert document["schema"] == cli.SCHEMA
    assert document["machine"]["processor"]
    records = document["groups"]["dsp"]["records"]
    assert {record["frame"] for record in records} == {"20 ms", "100 ms", "1 MiB"}
    ours = next(record for record in records if record["role"] == "ours")
    assert ours["ns_per_sample"] == pytest.approx(ours["ns_per_frame"] / ours["samples"])
    assert ours["targets"][0].keys() == {"target", "value", "met"}

    pictures = sorted(path.name for path in folder.iterdir())
    assert pictures == ["speed-100ms.png", "speed-1MiB.png", "speed-20ms.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.iterdir())


def test_ctrl_c_ends_every_process_and_writes_nothing(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "dsp", "--json", str(figures)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("dsp 1/")
        os.killpg(process.pid, signal.SIGINT)
        assert "Stopped. Nothing was written." in process.stderr.read()
        assert process.wait(10) == 130
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert not figures.exists()

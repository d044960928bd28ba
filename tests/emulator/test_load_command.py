"""``load``, typed as a user types it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from dsp import encode_pcm16
from providers.emulator.commands import load
from providers.emulator.credentials import SentCredentials
from providers.emulator.load.plan import Endurance, LoadPlan
from providers.emulator.load.results import Thresholds
from providers.emulator.load_command import LoadRequest
from providers.emulator.load_command import load as loading
from providers.emulator.targets import targets_at
from providers.emulator.wav import write_wav
from tests.emulator.good_server import SECRET
from tests.emulator.tones import spoken


@pytest.fixture
def wavs(tmp_path: Path) -> tuple[Path, Path]:
    for name, text in (("customer", "alpha bravo"), ("assistant", "kilo lima")):
        write_wav(tmp_path / f"{name}.wav", encode_pcm16(spoken(text, 16000)), 16000)
    return tmp_path / "customer.wav", tmp_path / "assistant.wav"


def options(wavs: tuple[Path, Path]) -> list[str]:
    return ["--customer-wav", str(wavs[0]), "--assistant-wav", str(wavs[1]), "--secret", SECRET]


def plan(url: str, calls: int = 3) -> LoadPlan:
    """A short load whose generator may be late: a busy test machine is no reason to quote nothing."""
    targets = targets_at(url, SentCredentials(secret=SECRET))
    return LoadPlan(
        calls, targets.voice, targets.transcriber, targets.endpointing, targets.credentials,
        duration=3.0, ramp=0.1, turn=0.5, endurance=Endurance(drain=3.0, busy=10.0, punctual=10.0),
    )  # fmt: skip


def run(url: str, wanted: LoadRequest) -> tuple[int, str]:
    shown = io.StringIO()
    targets = targets_at(url, SentCredentials(secret=SECRET), pid=os.getpid())
    code = loading(targets, wanted, Console(file=shown, width=120))
    return code, shown.getvalue()


def test_a_load_is_a_table_a_schema_and_a_page(good_url: str, wavs: tuple[Path, Path], tmp_path: Path) -> None:
    wanted = LoadRequest(
        plan(good_url), customer_wav=wavs[0], assistant_wav=wavs[1], json=tmp_path / "x.json", html=tmp_path / "x.html"
    )
    code, shown = run(good_url, wanted)
    assert code == 0, shown
    for name in ("first byte", "first audible sample", "transcript lag", "endpointing answer", "continuity", "cores"):
        assert name in shown
    report = json.loads((tmp_path / "x.json").read_text())
    assert list(report) == "schema started seconds interrupted endpoints plan generator figures".split()
    assert report["schema"] == "vapi-providers/load/1"
    assert report["plan"] == {
        "calls": 3, "duration": 3.0, "ramp": 0.1, "bargeIn": 0.2, "jitter": 5.0, "turn": 0.5, "rate": 16000
    }  # fmt: skip
    assert set(report["generator"]) == {"processes", "cpu", "lateP99", "saturated"}
    figures = report["figures"]
    assert set(figures) == {
        "callsOpened", "frames", "framesNotAccepted", "framesDropped", "firstByte", "firstAudible", "transcriptLag",
        "endpointing", "continuity", "interrupted", "partials", "finals", "errors", "server", "connect", "callOpened",
        "finalsUnmatched", "finalsInSpeech", "utterancesWithoutFinal",
    }  # fmt: skip
    assert set(figures["transcriptLag"]) == {"n", "open", "p50", "p95", "p99", "max"}
    assert figures["callsOpened"] == 3
    assert figures["server"]["memory"] > 0
    page = (tmp_path / "x.html").read_text()
    assert page.count("<svg") == 8
    for foreign in ("https://", "<script", "<link", "src=", SECRET):
        assert foreign not in page


def test_a_search_prints_the_largest_load_that_held(good_url: str, wavs: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    # A lag nobody keeps: the search goes down to one call and ends.
    wanted = LoadRequest(
        plan(good_url, 2),
        thresholds=Thresholds(lag=0.0),
        find_limit=True,
        customer_wav=wavs[0],
        assistant_wav=wavs[1],
        json=out,
    )
    code, shown = run(good_url, wanted)
    assert code == 1
    assert shown.splitlines()[-1].startswith("not even 2 calls: transcript lag p99")
    report = json.loads(out.read_text())
    assert report["schema"] == "vapi-providers/load-limit/1"
    assert report["limit"] is None
    assert [step["plan"]["calls"] for step in report["steps"]] == [2, 1]


def test_an_unreachable_server_is_one_line() -> None:
    result = CliRunner().invoke(load, ["--url", "http://127.0.0.1:1"])
    assert result.exit_code == 2
    assert "connection refused: no server listens on this port" in result.output
    assert result.output.count("\n") == 1


def test_ctrl_c_ends_the_calls_and_leaves_the_figures_so_far(
    good_url: str, wavs: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "x.json"
    code = "from providers.emulator.commands import load; load()"
    command = [sys.executable, "-c", code, *options(wavs), "--url", good_url, "--calls", "2", "--ramp", "0"]
    command += ["--duration", "600", "--json", str(out)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "2 calls for 600 s\n"
        os.killpg(child.pid, signal.SIGINT)
        rest, errors = child.communicate(timeout=30)
    assert child.returncode == 130, errors
    assert "Traceback" not in errors
    report = json.loads(out.read_text())
    assert report["interrupted"] is True
    assert report["seconds"] < 60

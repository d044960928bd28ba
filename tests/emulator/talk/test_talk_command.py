"""``talk`` as a user runs it: real processes, real sockets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from dsp import encode_pcm16
from providers.emulator.wav import write_wav
from tests.emulator.good_server import SECRET
from tests.emulator.tones import spoken

COMMAND = [sys.executable, "-c", "from providers.cli import main; main()", "talk", "--quiet"]
RATE = 16000


def run(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], cwd=folder, env=os.environ | environ, capture_output=True, text=True, timeout=50,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def of_kind(report: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [event for event in report["events"] if event["kind"] == kind]


def test_a_caller_is_answered_and_both_sides_are_saved(good_url: str, tmp_path: Path) -> None:
    write_wav(tmp_path / "caller.wav", encode_pcm16(spoken("alpha bravo", RATE)), RATE)
    said = run(
        tmp_path, "--url", good_url, "--secret", SECRET, "--caller-wav", "caller.wav", "--first-message", "",
        "--out", "call.wav", "--json", "call.json",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    report = json.loads((tmp_path / "call.json").read_text())
    assert report["schema"] == "vapi-providers/talk/1"
    assert report["endedReason"] == "customer-ended-call"
    assert [event["text"] for event in of_kind(report, "chunk-started")] == ["You said: Alpha bravo."]
    [wait] = report["waits"]
    assert 0.4 <= wait["total"] < 10
    with wave.open(str(tmp_path / "call.wav")) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, RATE)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert (np.abs(sound) > 1000).any(axis=0).all()
    lines = said.stdout.splitlines()
    assert any(line.endswith("you        Alpha bravo.") for line in lines)
    assert any(line.endswith("assistant  You said: Alpha bravo.") for line in lines)
    assert any("waited" in line and "endpointing" in line for line in lines)
    assert lines[-2].startswith("ended: customer-ended-call; ")


def test_ctrl_c_hangs_up_and_ends_the_server_of_its_own(tmp_path: Path) -> None:
    environ = os.environ | {"PROVIDERS_VOICE": "tone", "PROVIDERS_TRANSCRIBER": "null"}
    with subprocess.Popen(
        [*COMMAND, "--first-message", "Hello there."], cwd=tmp_path, env=environ, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert any("assistant  Hello there." in line for line in child.stdout)
        [server] = psutil.Process(child.pid).children()
        child.send_signal(signal.SIGINT)
        rest, errors = child.communicate(timeout=30)
    assert child.returncode == 0, errors
    assert rest.splitlines()[-1].startswith("ended: customer-ended-call; ")
    assert "Traceback" not in errors
    assert not server.is_running()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    failed = run(tmp_path, "--say", "Hello.", PROVIDERS_VOICE="nonsense")
    assert failed.returncode == 2
    assert "the server of this conversation did not start" in failed.stderr
    assert "nonsense" in failed.stderr


def test_an_endpoint_that_is_not_there_ends_the_call_with_the_platforms_reason(tmp_path: Path) -> None:
    failed = run(
        tmp_path, "--voice-url", "http://127.0.0.1:1/tts", "--transcriber-url", "ws://127.0.0.1:1/stt",
        "--say", "Hello.",
    )  # fmt: skip
    assert "pipeline-error-custom-" in failed.stdout.splitlines()[-1], failed.stdout
    assert failed.returncode == 1

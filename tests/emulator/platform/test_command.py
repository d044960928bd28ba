"""``emulate``, typed as a user types it: what it prints, what it refuses, how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import httpx
import pytest
from click.testing import CliRunner

from providers.emulator.platform.command import emulate
from tests.emulator.platform.calling import QUICK, dialled

SERVERS = ("--voice-url", "http://127.0.0.1:9/tts", "--transcriber-url", "ws://127.0.0.1:9/stt")


def lines_until(stream: IO[str], last: str) -> str:
    """What a process prints, up to a line that holds ``last``."""
    found = ""
    for line in stream:
        found += line
        if last in line:
            return found
    raise AssertionError(found)


def test_a_user_starts_it_pastes_the_curl_holds_a_call_and_ends_it(good_url: str, tmp_path: Path) -> None:
    (tmp_path / "desk.json").write_text(json.dumps({"id": "desk", "orgId": "o", **QUICK}))
    command = [
        *(sys.executable, "-c", "from providers.cli import main; main()"),
        *("emulate", "--port", "0", "--secret", "right-secret", "--reply", "delta echo.", "--assistant", "desk.json"),
        *("--voice-url", f"{good_url}/api/custom-voice"),
        *("--transcriber-url", f"{good_url.replace('http', 'ws', 1)}/api/custom-transcriber"),
    ]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment) as child:
        try:
            assert child.stdout is not None
            printed = lines_until(child.stdout, "Ctrl-C ends")
            curl = re.search(r"curl (\S+) .*\n.*-d '(.*)'", printed)
            assert curl is not None
            assert "right-secret" not in printed
            assert "assistant     desk" in printed
            body = json.loads(curl[2]) | {"assistantId": "desk"}
            answer = httpx.post(curl[1], json=body, headers={"Authorization": "Bearer any"})
            assert answer.status_code == 201, answer.text
            with dialled(answer.json()) as caller:
                caller.speak("alpha bravo")
                caller.wait("speech-update", role="assistant", status="stopped")
                child.send_signal(signal.SIGINT)
                assert caller.ended() == 1012
            assert caller.heard() == "Delta echo."
            rest = child.stdout.read()
            assert child.wait(20) == 130
        finally:
            child.kill()
    assert "in progress, pcm_s16le at 16000 Hz" in rest
    assert "ended after" in rest
    assert "alpha" not in rest.lower()
    assert "Traceback" not in rest


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--voice-url", "ftp://x"), "--voice-url: expected https:// or http://"),
        (("--server-url", "hook"), "--server-url: expected https:// or http://"),
        ((*SERVERS, "--model-url", "http://m/v1", "--reply", "x"), "expected --model-url or --reply, found both"),
        ((*SERVERS, "--host", "0.0.0.0"), "needs --api-key"),
        ((*SERVERS, "--assistant", "wrong.json"), "property voise should not exist"),
        ((*SERVERS, "--credential", "c1"), "--credential: no 'c1' in --credentials-file"),
        ((*SERVERS, "--credentials-file", "wrong.json"), "--credentials-file: wrong.json: Expected `array`"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(
    words: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wrong.json").write_text('{"voise": {}}')
    done = CliRunner().invoke(emulate, [*words, "--port", "0"])
    assert done.exit_code == 2, done.output
    assert told in done.stderr


def test_a_port_that_is_taken_is_named(good_url: str) -> None:
    done = CliRunner().invoke(emulate, [*SERVERS, "--port", good_url.rpartition(":")[2]])
    assert done.exit_code == 2
    assert "cannot be used: Address already in use" in done.stderr


def test_help_teaches() -> None:
    shown = CliRunner().invoke(emulate, ["--help"]).output
    for taught in ("VAPI_API_URL", "base_url", "--reply", "/call/inbound", "Exit code 130"):
        assert taught in shown

"""The command line as a newcomer uses it: real processes, a real server."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

COMMAND = [sys.executable, "-c", "from providers.cli import main; main()"]


def run(*arguments: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )


class Server:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line)
            if "Ctrl-C" in line:
                break
        self.shown = "".join(self.lines)
        self.log: list[str] = []
        self._reader = threading.Thread(target=lambda: self.log.extend(process.stderr or []), daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        found = re.search(r"http://[\d.:]+", self.shown)
        assert found, self.shown
        return found[0]

    def end(self, signum: int = signal.SIGINT) -> int:
        self.process.send_signal(signum)
        code = self.process.wait(15)
        self.join()
        return code

    def join(self) -> None:
        """Wait for the rest of the log of a server that has ended."""
        self._reader.join(5)


@contextlib.contextmanager
def serving(*arguments: str, folder: Path, **environ: str) -> Iterator[Server]:
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *arguments],
        cwd=folder,
        env={**os.environ, "PROVIDERS_RUNTIME_DIR": str(folder / "run"), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Server(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def test_serve_shows_endpoints_engines_and_secret_and_ends_cleanly(tmp_path: Path) -> None:
    with serving(folder=tmp_path) as server:
        for part in ("/api/custom-voice", "ws://", "/api/custom-transcriber", "/api/custom-endpointing", "espeak"):
            assert part in server.shown
        assert "engine pocketsphinx" in server.shown
        assert "vapi-providers assistant --public-url https://" in server.shown
        assert httpx.get(server.url + "/readyz").status_code == 200
        assert server.end() == 0
    assert list((tmp_path / "run").iterdir()) == []
    assert "Traceback" not in "".join(server.log)


def test_sigterm_ends_it_cleanly_too(tmp_path: Path) -> None:
    quick = ("--voice", "tone", "--transcriber", "null", "--drain-notice-seconds", "0")
    with serving(*quick, folder=tmp_path) as server:
        assert server.end(signal.SIGTERM) == 0
    assert "Traceback" not in "".join(server.log)


def test_each_run_has_its_own_secret_that_opens_its_endpoints_and_is_in_no_log(tmp_path: Path) -> None:
    secrets = set()
    body = {"message": {"type": "voice-request", "text": "Hi", "sampleRate": 8000}}
    for _ in range(2):
        with serving("--voice", "tone", "--transcriber", "null", folder=tmp_path) as server:
            secret = re.search(r"secret\s+(\S+)", server.shown)[1]  # type: ignore[index] # a missing secret fails too
            assert httpx.post(server.url + "/api/custom-voice", json=body).status_code == 401
            headers = {"X-Vapi-Secret": secret}
            assert httpx.post(server.url + "/api/custom-voice", json=body, headers=headers).status_code == 200
            server.end()
        assert secret not in "".join(server.log)
        secrets.add(secret)
    assert len(secrets) == 2
    assert min(map(len, secrets)) >= 24


def test_say_and_call_find_the_running_server_by_themselves(tmp_path: Path) -> None:
    with serving("--transcriber", "null", folder=tmp_path):
        environ = {"PROVIDERS_RUNTIME_DIR": str(tmp_path / "run")}
        said = run("say", "Hello there.", "--rate", "8000", "--out", "hello.wav", folder=tmp_path, **environ)
        assert said.returncode == 0, said.stderr
        with wave.open(str(tmp_path / "hello.wav")) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
            assert file.getnframes() > 2000
        called = run("call", "--say", "One two.", "--tail", "1", folder=tmp_path, **environ)
        assert called.returncode == 0, called.stderr
        assert "second 1." in called.stdout


@pytest.mark.parametrize(
    ("arguments", "environ", "told"),
    [
        (["--port", "nine"], {}, "--port"),
        (["--voice", "nobody"], {}, "--voice: expected engines of"),
        (["--config", "none.toml"], {}, "--config: cannot read 'none.toml'"),
        (["--host", "203.0.113.1"], {}, "cannot listen there"),
        ([], {"PROVIDERS_MAX_CALLS": "0"}, "PROVIDERS_MAX_CALLS"),
        (["--voice", "piper"], {}, "piper"),
        (["--voice", "deepgram"], {}, "DEEPGRAM_API_KEY"),
        (["--ssl-certfile", "none.pem", "--ssl-keyfile", "none.pem"], {}, "--ssl-certfile"),
        (["--prewarm", "none.txt"], {}, "--prewarm: cannot read"),
        ([], {"PROVIDERS_HMAC_SECRET": ""}, "--hmac-secret: expected at least 16 characters, found none"),
        (["--secret-file", "none.txt"], {}, "--secret-file: cannot read 'none.txt'"),
        (["--lookahead-seconds", "0"], {}, "--lookahead-seconds"),
        (["--replay-seconds", "0"], {}, "--replay-seconds"),
        (["--reconnect-base-seconds", "0"], {}, "--reconnect-base-seconds"),
    ],
)
def test_a_start_that_cannot_be_is_one_clear_sentence(
    tmp_path: Path, arguments: list[str], environ: dict[str, str], told: str
) -> None:
    ended = run("serve", "--port", "0", *arguments, folder=tmp_path, **environ)
    assert ended.returncode == 1
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_dotenv_in_the_folder_is_read_and_its_secret_is_accepted_and_never_printed(tmp_path: Path) -> None:
    secret = "from-the-dotenv-file"
    (tmp_path / ".env").write_text(f"PROVIDERS_VOICE=tone\nPROVIDERS_TRANSCRIBER=null\nPROVIDERS_SECRET={secret}\n")
    with serving(folder=tmp_path) as server:
        assert "engine tone" in server.shown
        assert "the one you set" in server.shown
        assert httpx.get(server.url + "/metrics", headers={"X-Vapi-Secret": secret}).status_code == 200
        server.end()
    assert secret not in server.shown + "".join(server.log)


def test_phrases_are_spoken_into_the_cache_at_start(tmp_path: Path) -> None:
    (tmp_path / "phrases.txt").write_text("Good morning.\n\nHow can I help you?\n")
    with serving(
        "--transcriber", "null", "--prewarm", "phrases.txt", "--secret", "s", "--allow-weak-secret", folder=tmp_path
    ) as server:
        message = {"type": "voice-request", "text": "Good morning.", "sampleRate": 8000}
        headers = {"X-Vapi-Secret": "s"}
        assert httpx.post(server.url + "/api/custom-voice", json=message, headers=headers).status_code == 200
        metrics = httpx.get(server.url + "/metrics", headers={"Authorization": "Bearer s"}).text
    assert 'providers_engine_events_total{engine="espeak",kind="hit"} ' in metrics


def test_engines_lists_as_json(tmp_path: Path) -> None:
    listed = json.loads(run("engines", "--json", folder=tmp_path).stdout)
    assert {"kind", "name", "state", "rates", "languages", "streaming", "word_times", "probe"} == set(listed[0])


@pytest.mark.parametrize("command", ["serve", "say", "call", "check", "load", "engines", "assistant"])
def test_every_command_teaches(tmp_path: Path, command: str) -> None:
    shown = run(command, "--help", folder=tmp_path)
    assert shown.returncode == 0
    assert len(shown.stdout) > 300

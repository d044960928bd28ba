"""The log of a real server whose reader does not read."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from providers.paths import ENDPOINTING_PATH, VOICE_PATH

HANG = 10.0
"""Seconds until a test counts as hanging."""

COMMAND = (sys.executable, "-c", "from providers.cli import main; main()", "serve", "--port", "0", "--no-auth")


def full_pipe() -> tuple[int, int]:
    """A pipe that takes nothing more."""
    out, inner = os.pipe()
    os.set_blocking(inner, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(inner, b"." * 4096):
            pass
    os.set_blocking(inner, True)
    return out, inner


@contextlib.contextmanager
def serving(folder: Path, log: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server that logs every event into a file descriptor, and its URL."""
    options = ("--voice", "tone", "--transcriber", "null", "--log-level", "debug", "--log-format", "json")
    environ = {**os.environ, "PROVIDERS_RUNTIME_DIR": str(folder / "run")}
    process = subprocess.Popen(
        [*COMMAND, *options], cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=log, text=True
    )
    assert process.stdout is not None
    try:
        shown = ""
        while "Ctrl-C" not in shown:
            line = process.stdout.readline()
            assert line, "the server did not come up"
            shown += line
        found = re.search(r"http://[\d.:]+", shown)
        assert found, shown
        yield process, found[0]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def ask(client: httpx.Client, number: int) -> None:
    """One request of each kind; each leaves at least one line in the log."""
    said = {"type": "voice-request", "text": f"Number {number}.", "sampleRate": 16000}
    answer = client.post(VOICE_PATH, json={"message": said})
    assert answer.status_code == 200
    assert len(answer.content) > 1000
    turn = {"type": "call.endpointing.request", "messages": [{"role": "user", "content": "Well."}]}
    assert client.post(ENDPOINTING_PATH, json={"message": turn}).status_code == 200
    assert client.post(VOICE_PATH, content=b"{").status_code == 400


def test_requests_are_answered_while_nobody_reads_the_log(tmp_path: Path) -> None:
    out, inner = full_pipe()
    try:
        with serving(tmp_path, inner) as (process, base), httpx.Client(base_url=base, timeout=HANG) as client:
            for number in range(30):
                ask(client, number)
            os.close(inner)
            inner = -1
            process.send_signal(signal.SIGINT)
            with os.fdopen(out, closefd=False) as reader:
                lines = reader.read().lstrip(".").splitlines()
            assert process.wait(HANG) == 0
        assert sum('"event": "endpointing"' in line for line in lines) == 30, "lines waited and were lost"
    finally:
        os.close(out)
        if inner >= 0:
            os.close(inner)


def test_a_server_ends_although_nobody_reads_the_log(tmp_path: Path) -> None:
    out, inner = full_pipe()
    try:
        with serving(tmp_path, inner) as (process, base), httpx.Client(base_url=base, timeout=HANG) as client:
            ask(client, 1)
            process.send_signal(signal.SIGINT)
            assert process.wait(HANG) == 0
    finally:
        os.close(out)
        os.close(inner)

"""The commands that the README shows, in front of a newcomer: the default server, its real engines, real processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("espeakng_loader")
pytest.importorskip("pocketsphinx")

COMMAND = [sys.executable, "-c", "from providers.cli import main; main()"]
CUSTOMER = "I would like to book a table."
"""The README's sentence, which the embedded recogniser understands word for word in the voice that ``call`` takes."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the default server runs."""
    here = tmp_path_factory.mktemp("newcomer")
    environ = {**os.environ, "PROVIDERS_RUNTIME_DIR": str(here / "run")}
    with subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"], cwd=here, env=environ,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        assert any("Ctrl-C" in line for line in server.stdout)
        try:
            yield here
        finally:
            server.kill()


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PROVIDERS_RUNTIME_DIR": str(folder / "run")}
    return subprocess.run(
        [*COMMAND, *words], cwd=folder, env=environ, capture_output=True, text=True, timeout=55, check=False
    )


def test_say_saves_a_sentence(folder: Path) -> None:
    said = run(folder, "say", "Your table is booked for seven.", "--rate", "8000", "--out", "hello.wav")
    assert said.returncode == 0, said.stderr
    with wave.open(str(folder / "hello.wav")) as file:
        assert 1.0 < file.getnframes() / file.getframerate() < 4.0
    assert "(voice espeak, transcriber pocketsphinx; started in " in said.stdout.replace("\n", "")


def test_what_call_says_is_heard_right(folder: Path) -> None:
    called = run(folder, "call", "--say", CUSTOMER, "--tail", "25", "--json", "-")
    assert called.returncode == 0, called.stderr
    heard = [line["text"] for line in json.loads(called.stdout)["transcripts"] if line["final"]]
    assert re.findall(r"\w+", " ".join(heard).lower()) == re.findall(r"\w+", CUSTOMER.lower())


def test_a_load_beyond_the_servers_capacity_is_explained(folder: Path) -> None:
    loaded = run(folder, "load", "--calls", "50", "--duration", "3", "--ramp", "1", "--json", "x.json")
    shown = " ".join(loaded.stdout.split())
    assert re.search(r"the server takes \d+ calls at once \(/readyz\): of 50 the others will be refused", shown), shown
    # The server's own sentence says what the limit comes from.
    assert re.search(r"\d+ × call not opened: HTTP 503: .*pocketsphinx", shown), shown
    assert loaded.returncode in (1, 3)  # 3 where this machine is too busy to make the calls on time

"""The file through which other terminals find the server."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from providers import runtime


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDERS_RUNTIME_DIR", str(tmp_path / "run"))


def running(pid: int) -> runtime.Running:
    return runtime.Running("http://127.0.0.1:1", "hunter2", pid)


def test_only_its_owner_can_read_it() -> None:
    file = runtime.write(running(os.getpid()))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_what_is_written_is_read() -> None:
    runtime.write(running(os.getpid()))
    assert runtime.read() == running(os.getpid())


def test_a_dead_servers_file_counts_as_none() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    runtime.write(running(ended.pid))
    assert runtime.read() is None


def test_a_server_removes_its_own_file_and_no_other() -> None:
    runtime.write(running(os.getpid()))
    runtime.remove(os.getpid() + 1)
    assert runtime.read() is not None
    runtime.remove(os.getpid())
    assert runtime.read() is None
    runtime.remove(os.getpid())


def test_a_damaged_file_counts_as_none() -> None:
    runtime.write(running(os.getpid())).write_text("{")
    assert runtime.read() is None


def test_the_secret_does_not_show_in_repr() -> None:
    assert "hunter2" not in repr(running(1))

"""Runtime files: what a server writes about itself, and which server a command finds by it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from providers import runtime
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import EmulatorError
from providers.emulator.running_servers import only_server, running_servers, server_at
from providers.emulator.targets import running_targets


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDERS_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def alive() -> subprocess.Popen[bytes]:  # type: ignore[misc]
    """Another process that runs."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield child
    child.kill()
    child.wait()
    assert child.stdin is not None
    child.stdin.close()


def server(pid: int, port: int = 1, folder: str | None = None, secret: str = "hunter2") -> runtime.RunningServer:
    return runtime.RunningServer(
        url=f"http://127.0.0.1:{port}",
        secret=secret,
        pid=pid,
        folder=folder or str(Path.cwd()),
        started=time.time(),
        voice="espeak",
        transcriber="pocketsphinx",
    )


def test_only_its_owner_can_read_it() -> None:
    file = runtime.publish(server(os.getpid()))
    assert file is not None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_what_a_server_writes_is_what_a_command_reads() -> None:
    runtime.publish(server(os.getpid(), 8080))
    [found] = running_servers()
    assert (found.url, found.secret, found.pid) == ("http://127.0.0.1:8080", "hunter2", os.getpid())
    assert str(found) == f"http://127.0.0.1:8080 (voice espeak, transcriber pocketsphinx; started in {Path.cwd()})"


def test_a_dead_servers_file_counts_as_none_and_goes_when_the_next_server_starts() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    file = runtime.publish(server(ended.pid))
    assert running_servers() == []
    runtime.publish(server(os.getpid()))
    assert file is not None
    assert not file.exists()


def test_a_process_that_is_younger_than_the_file_is_not_its_server(alive: subprocess.Popen[bytes]) -> None:
    old = server(alive.pid)
    runtime.publish(runtime.RunningServer(**{**{f: getattr(old, f) for f in old.__struct_fields__}, "started": 1e9}))
    assert running_servers() == []


def test_each_server_removes_its_own_file_alone(alive: subprocess.Popen[bytes]) -> None:
    runtime.publish(server(os.getpid(), 1))
    runtime.publish(server(alive.pid, 2))
    runtime.withdraw(os.getpid())
    assert [found.pid for found in running_servers()] == [alive.pid]
    runtime.withdraw(os.getpid())


def test_a_damaged_file_counts_as_none() -> None:
    file = runtime.publish(server(os.getpid()))
    assert file is not None
    for damage in (b"{", b"\xff", b'{"url": 3}'):
        file.write_bytes(damage)
        assert running_servers() == []


def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PROVIDERS_RUNTIME_DIR", str(tmp_path / "file" / "run"))
    assert runtime.publish(server(os.getpid())) is None
    runtime.withdraw(os.getpid())
    assert running_servers() == []


def test_the_secret_does_not_show_in_repr() -> None:
    runtime.publish(server(os.getpid()))
    assert "hunter2" not in repr(server(1)) + repr(running_servers()) + str(only_server())


# Which server a command means.


def test_the_only_server_is_found() -> None:
    runtime.publish(server(os.getpid(), 8080, "/elsewhere"))
    assert only_server().url == "http://127.0.0.1:8080"


def test_no_server_is_one_sentence() -> None:
    with pytest.raises(EmulatorError, match="no server runs on this machine: start `vapi-providers serve`"):
        only_server()


def test_the_server_of_this_folder_goes_before_others(alive: subprocess.Popen[bytes]) -> None:
    runtime.publish(server(os.getpid(), 1))
    runtime.publish(server(alive.pid, 2, "/elsewhere"))
    assert only_server().pid == os.getpid()
    assert only_server(Path("/elsewhere")).pid == alive.pid


@pytest.mark.parametrize("folder", [None, "/elsewhere"])
def test_two_that_fit_are_refused_by_name(alive: subprocess.Popen[bytes], folder: str | None) -> None:
    runtime.publish(server(os.getpid(), 8080, folder))
    runtime.publish(server(alive.pid, 8081, folder))
    with pytest.raises(EmulatorError) as caught:
        only_server()
    shown = str(caught.value)
    where = "run on this machine" if folder else "were started in this folder"
    assert shown.startswith(f"2 servers {where}; choose one:")
    for port in (8080, 8081):
        assert f"--url http://127.0.0.1:{port} (voice espeak, transcriber pocketsphinx; started in " in shown
    assert "hunter2" not in shown


def test_of_two_on_one_port_the_newer_counts(alive: subprocess.Popen[bytes]) -> None:
    runtime.publish(server(os.getpid(), 8080, secret="old"))
    runtime.publish(server(alive.pid, 8080, secret="new"))
    assert only_server().secret == "new"


def test_a_secret_goes_to_its_own_server_only(alive: subprocess.Popen[bytes]) -> None:
    runtime.publish(server(os.getpid(), 8080, secret="one"))
    runtime.publish(server(alive.pid, 8081, secret="two"))

    def secret(url: str) -> str | None:
        return running_targets(url, SentCredentials()).credentials.secret

    assert secret("http://127.0.0.1:8080") == secret("http://localhost:8080/") == "one"
    assert secret("http://127.0.0.1:8081") == "two"
    for other in (
        "http://127.0.0.1:8082",
        "https://127.0.0.1:8080",
        "http://127.0.0.2:8080",
        "http://127.0.0.1",
        "http://127.0.0.1.example:8080",
        "http://localhost.example:8080",
    ):
        assert secret(other) is None, other
    assert server_at("http://127.0.0.1:x") is None


def test_a_credential_that_is_given_replaces_the_one_that_is_known() -> None:
    runtime.publish(server(os.getpid(), 8080))
    known = running_targets("http://127.0.0.1:8080", SentCredentials(token="t"))
    assert (known.credentials.secret, known.credentials.token) == (None, "t")
    assert known.pid == os.getpid()

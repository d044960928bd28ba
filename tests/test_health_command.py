"""The health check of a container: it asks the server that runs here, whatever its port and TLS."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner, Result

from providers import runtime
from providers.cli import main
from tests.live import Live, serving, settings


@contextlib.contextmanager
def published(live: Live) -> Iterator[None]:
    """The runtime file that `serve` writes for a server."""
    server = runtime.RunningServer(url=live.base, secret=None, pid=os.getpid(), folder="", started=4e9)
    assert runtime.publish(server)
    try:
        yield
    finally:
        runtime.withdraw(os.getpid())


@pytest.fixture(autouse=True)
def _own_runtime_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROVIDERS_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def health(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["health", *arguments])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def test_a_running_server_is_found_by_its_runtime_file_at_any_port() -> None:
    with serving() as live, published(live):
        done = health()
        assert (done.exit_code, done.output) == (0, f"{live.base}/healthz: ok\n")


def test_a_server_with_tls_is_asked_with_tls(tmp_path: Path) -> None:
    certificate = trustme.CA().issue_cert("voice.example")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate.private_key_pem.write_to_path(str(key))
    certificate.cert_chain_pems[0].write_to_path(str(chain))
    with serving(chosen=settings(ssl_certfile=str(chain), ssl_keyfile=str(key))) as live, published(live):
        assert live.base.startswith("https://")
        assert health().exit_code == 0


def test_without_a_runtime_file_the_configured_address_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as live:
        monkeypatch.setenv("PROVIDERS_HOST", "0.0.0.0")
        monkeypatch.setenv("PROVIDERS_PORT", live.base.rpartition(":")[2])
        assert health().exit_code == 0


def test_ready_asks_for_room_for_a_call_too() -> None:
    with serving(chosen=settings(max_calls=1)) as live, published(live):
        assert health("--ready").exit_code == 0
        with live.call():
            done = health("--ready")
            assert done.exit_code == 1
            assert "/readyz: expected 200, found 503" in done.output
            assert health().exit_code == 0


def test_no_server_is_unhealthy() -> None:
    done = health("--url", f"http://127.0.0.1:{free_port()}")
    assert done.exit_code == 1
    assert "refused" in done.output


def test_a_server_that_does_not_answer_is_unhealthy_within_its_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        done = health("--url", f"http://127.0.0.1:{mute.getsockname()[1]}", "--timeout", "0.2")
    assert done.exit_code == 1
    assert "expected an answer within 0.2 s, found none" in done.output


def test_what_is_no_url_is_said_in_one_line() -> None:
    done = health("--url", "file:///etc/hostname")
    assert done.exit_code == 1
    assert "expected a URL with http or https" in done.output
    assert "Traceback" not in done.output


def test_it_imports_nothing_heavy() -> None:
    """It runs every few seconds beside the callers of one container."""
    listed = "import sys, providers.cli, providers.health_command; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, timeout=20, check=True)
    assert not {"numpy", "httpx", "starlette", "uvicorn", "pydantic", "rich"} & set(done.stdout.split())

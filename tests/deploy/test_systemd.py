"""The units of systemd: read by systemd itself, and their way of passing the socket tried for real."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.test_proxies import free_port
from tests.deploy.tools import COMMAND, DEPLOY, run, tool

UNITS = DEPLOY / "systemd"
INSTALLED = "/opt/vapi-providers/bin/vapi-providers"


def test_systemd_verifies_the_units(tmp_path: Path) -> None:
    program = tool("systemd-analyze", "systemd")
    for unit in UNITS.iterdir():
        (tmp_path / unit.name).write_text(unit.read_text().replace(INSTALLED, sys.executable))
    done = run(program, "verify", "--man=no", *sorted(tmp_path.iterdir()))
    assert done.returncode == 0, done.stderr
    assert "vapi-providers" not in done.stderr, done.stderr


def test_the_service_is_confined() -> None:
    done = run(tool("systemd-analyze", "systemd"), "security", "--offline=true", UNITS / "vapi-providers.service")
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert level, done.stderr
    assert float(level[1]) < 2.0  # of 10; without any of the settings it is 9.6


def test_the_service_has_a_minute_more_than_the_drain() -> None:
    from providers.settings import Settings

    found = re.search(r"^TimeoutStopSec=(\d+)$", (UNITS / "vapi-providers.service").read_text(), flags=re.MULTILINE)
    assert found
    assert int(found[1]) == Settings().server.drain_seconds + 60


@pytest.mark.skipif(sys.platform != "linux", reason="needs systemd")
def test_the_server_takes_the_socket_that_systemd_passes(tmp_path: Path) -> None:
    program, port = tool("systemd-socket-activate", "systemd"), free_port()
    serve = [*COMMAND, "serve", "--voice", "tone", "--transcriber", "null", "--drain-notice-seconds", "0"]
    passed = {"PROVIDERS_RUNTIME_DIR": str(tmp_path), "PATH": os.environ["PATH"]}
    environ = [f"--setenv={name}={value}" for name, value in passed.items()]
    with subprocess.Popen(
        [program, f"--listen=127.0.0.1:{port}", *environ, *serve],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            assert "Listening on" in process.stderr.readline()
            # The first connection starts the server, and waits in the socket until it is up.
            health = [*COMMAND, "health", "--url", f"http://127.0.0.1:{port}", "--timeout", "20"]
            done = subprocess.run(health, capture_output=True, text=True, timeout=30, check=False)
            assert done.returncode == 0, done.stderr
            process.send_signal(signal.SIGTERM)
            shown, log = process.communicate(timeout=20)
            assert f"http://127.0.0.1:{port}/api/custom-voice" in shown
            assert process.returncode == 0
            assert "Traceback" not in log
        finally:
            process.kill()

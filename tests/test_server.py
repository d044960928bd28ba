"""The end of a real server: a signal, the calls that are left, and the exit code."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.live import start
from tests.test_cli import COMMAND, Server, serving
from tests.transcriber.test_endpoint import closing, eventually, heard

QUICK = (
    *("--voice", "tone", "--transcriber", "null", "--no-auth", "--log-format", "json"),
    *("--max-loop-lag-seconds", "0", "--max-loop-share", "0", "--max-backlog-seconds", "0"),
)
"""Flags of a server that is up soon, and that no load of the machine makes refuse a call."""
HANG = 15.0


def call(url: str) -> ClientConnection:
    return connect(url.replace("http", "ws", 1) + "/api/custom-transcriber", compression=None, open_timeout=HANG)


def ready(url: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(url + "/readyz").json()
    return found


def draining(url: str) -> bool:
    return bool(ready(url).get("reason") == "draining")


def ended(server: Server) -> list[dict[str, Any]]:
    """The events of a server that has ended with code 0 and without a traceback."""
    assert server.process.wait(HANG) == 0
    server.join()
    assert "Traceback" not in "".join(server.log)
    return [json.loads(line) for line in server.log]


def named(events: list[dict[str, Any]], name: str) -> dict[str, Any]:
    [found] = [event for event in events if event["event"] == name]
    return found


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, "POST /drain"])
def test_a_call_goes_on_after_the_server_was_told_to_end_and_the_server_ends_with_it(
    how: signal.Signals | str, tmp_path: Path
) -> None:
    with serving(*QUICK, "--drain-notice-seconds", "0.1", folder=tmp_path) as server:
        with call(server.url) as socket_:
            socket_.send(start())
            if isinstance(how, signal.Signals):
                server.process.send_signal(how)
            else:
                assert httpx.post(server.url + "/drain").json()["calls"] == 1
            eventually(lambda: draining(server.url))
            with pytest.raises(InvalidStatus) as refused, call(server.url):
                raise AssertionError("it was let in")
            assert refused.value.response.status_code == 503
            body = {"message": {"type": "voice-request", "text": "Hi", "sampleRate": 8000}}
            assert httpx.post(server.url + "/api/custom-voice", json=body).status_code == 200
            socket_.send(bytes(64000))
            assert heard(socket_)["transcription"] == "second 1."
        events = ended(server)
    assert socket_.close_code == 1000
    begun, over = named(events, "draining"), named(events, "drained")
    name = how.name if isinstance(how, signal.Signals) else how
    assert (begun["because"], begun["calls"], over["calls_closed"], over["answers_aborted"]) == (name, 1, 0, 0)


def test_the_second_signal_ends_the_calls_with_their_last_words(tmp_path: Path) -> None:
    with serving(*QUICK, folder=tmp_path) as server, call(server.url) as socket_:
        socket_.send(start())
        socket_.send(bytes(64000))
        assert heard(socket_)["transcription"] == "second 1."
        server.process.send_signal(signal.SIGINT)
        eventually(lambda: draining(server.url))
        server.process.send_signal(signal.SIGINT)
        assert closing(socket_) == (1012, "the server is shutting down")
        events = ended(server)
    assert named(events, "drained")["calls_closed"] == 1
    assert named(events, "call")["code"] == 1012


def test_a_signal_after_a_request_to_drain_hurries_nobody(tmp_path: Path) -> None:
    with serving(*QUICK, "--drain-notice-seconds", "0", folder=tmp_path) as server:
        with call(server.url) as socket_:
            httpx.post(server.url + "/drain")
            server.process.send_signal(signal.SIGTERM)
            eventually(lambda: draining(server.url))
            socket_.send(start())
            socket_.send(bytes(64000))
            assert heard(socket_)["transcription"] == "second 1."
        ended(server)


def test_ctrl_c_ends_an_idle_server_at_once_and_sigterm_leaves_time_to_see_it(tmp_path: Path) -> None:
    slow = (*QUICK, "--drain-notice-seconds", "3600")
    with serving(*slow, folder=tmp_path) as server:
        server.process.send_signal(signal.SIGINT)
        ended(server)
    with serving(*slow, folder=tmp_path) as server:
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: draining(server.url))
        assert httpx.get(server.url + "/readyz").status_code == 503
        server.process.send_signal(signal.SIGTERM)
        ended(server)


def test_an_answer_tells_the_client_of_a_draining_server_to_connect_again(tmp_path: Path) -> None:
    with serving(*QUICK, "--drain-notice-seconds", "3600", folder=tmp_path) as server, httpx.Client() as client:
        assert "connection" not in client.get(server.url + "/healthz").headers
        httpx.post(server.url + "/drain")
        eventually(lambda: client.get(server.url + "/healthz").headers.get("connection") == "close")
        server.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("activated", [False, True])
def test_an_inherited_socket_is_listened_on(activated: bool, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inherited:
        port = inherited.getsockname()[1]
        command = [*COMMAND, "serve", *QUICK]
        environ = {**os.environ, "PROVIDERS_RUNTIME_DIR": str(tmp_path)}
        if activated:  # as systemd starts it: the socket is descriptor 3, and the process is named
            shell = f'exec 3<&{inherited.fileno()} {inherited.fileno()}<&-; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
            command = ["bash", "-c", shell, "bash", *command]
        else:
            command += ["--fd", str(inherited.fileno())]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            pass_fds=[inherited.fileno()],
        )  # fmt: skip
        try:
            server = Server(process)
            assert server.url == f"http://127.0.0.1:{port}"
            assert ready(server.url)["ready"] is True
            assert server.end() == 0
        finally:
            process.kill()
            process.communicate()


def test_a_descriptor_that_is_no_listening_socket_is_refused(tmp_path: Path) -> None:
    with socket.socket() as idle:
        number = idle.fileno()
        command = [*COMMAND, "serve", *QUICK, "--fd", str(number)]
        told = subprocess.run(command, cwd=tmp_path, pass_fds=[number], capture_output=True, text=True, timeout=40)
    assert told.returncode == 1
    assert f"--fd: expected a listening TCP socket as descriptor {number}" in told.stderr


def test_a_call_whose_client_is_gone_does_not_hold_the_server(tmp_path: Path) -> None:
    with serving(*QUICK, "--drain-notice-seconds", "0", folder=tmp_path) as server:
        with call(server.url) as socket_:
            socket_.send(start())
            server.process.send_signal(signal.SIGTERM)
            eventually(lambda: draining(server.url))
            socket_.socket.close()
            ended(server)
        with pytest.raises(ConnectionClosed):
            socket_.recv()

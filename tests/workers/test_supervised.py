"""Several workers behind one port: real processes, real calls."""

from __future__ import annotations

import os
import signal
import ssl
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest
import trustme
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.live import start
from tests.test_cli import Server, run, serving
from tests.test_server import QUICK, call, ended, named, ready
from tests.transcriber.test_endpoint import closing, eventually, heard

TWO = (*QUICK, "--workers", "2", "--drain-notice-seconds", "0")


def workers(server: Server) -> set[int]:
    return {child.pid for child in psutil.Process(server.process.pid).children()}


def second(socket: ClientConnection) -> str:
    """What is heard after another second of audio."""
    socket.send(bytes(64000))
    return str(heard(socket)["transcription"])


def metric(server: Server, name: str) -> float:
    lines = httpx.get(server.url + "/metrics").text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(name + " ")))


def test_calls_fill_every_worker_and_all_are_summed_up(tmp_path: Path) -> None:
    with serving(*TWO, "--max-calls", "3", folder=tmp_path) as server, ExitStack() as stack:
        assert server.shown.count("secret  ") == 1
        assert "6 calls at once, 3 in each of 2 workers" in server.shown
        assert len(list((tmp_path / "run").glob("server-*.json"))) == 1
        assert len(workers(server)) == 2
        for _ in range(6):
            stack.enter_context(call(server.url)).send(start())
        with pytest.raises(InvalidStatus) as refused, call(server.url):
            raise AssertionError("it was let in")
        assert refused.value.response.status_code == 503
        assert [ready(server.url) for _ in range(4)] == [
            {"ready": False, "calls": 6, "max_calls": 6, "reason": "full"}
        ] * 4  # fmt: skip
        eventually(lambda: metric(server, "providers_calls") == 6)
        assert metric(server, "providers_calls_limit") == 6
        assert server.process.poll() is None
        stack.close()
        eventually(lambda: ready(server.url)["calls"] == 0)
        assert server.end() == 0
    assert list((tmp_path / "run").iterdir()) == []


def test_a_killed_worker_costs_its_calls_only_and_is_replaced(tmp_path: Path) -> None:
    with serving(*TWO, folder=tmp_path) as server, ExitStack() as stack:
        before = workers(server)
        calls = [stack.enter_context(call(server.url)) for _ in range(4)]
        for each in calls:
            each.send(start())
            assert second(each) == "second 1."
        os.kill(min(before), signal.SIGKILL)
        alive = []
        for each in calls:
            try:
                alive.append(second(each))
            except ConnectionClosed:
                continue
        assert alive == ["second 2."] * 2
        eventually(lambda: len(workers(server)) == 2 and ready(server.url)["max_calls"] == 400)
        with call(server.url) as another:
            another.send(start())
            assert second(another) == "second 1."
        stack.close()
        server.end()
    assert "calls_lost" in "".join(server.log)


def test_sighup_replaces_the_workers_with_the_settings_of_now_and_cuts_no_call(tmp_path: Path) -> None:
    config = tmp_path / "server.toml"
    config.write_text("max_calls = 5\n")
    with serving(*TWO, "--config", str(config), folder=tmp_path) as server:
        with call(server.url) as old:
            old.send(start())
            assert second(old) == "second 1."
            before = workers(server)
            config.write_text("max_calls = 7\n")
            server.process.send_signal(signal.SIGHUP)
            eventually(lambda: ready(server.url)["max_calls"] == 14)
            eventually(lambda: len(workers(server)) == 3)  # the one with the call drains
            assert len(workers(server) & before) == 1
            assert second(old) == "second 2."
            with call(server.url) as new:
                new.send(start())
                assert second(new) == "second 1."
        assert old.close_code == 1000
        eventually(lambda: len(workers(server)) == 2)
        config.write_text("max_calls = 'many'\n")
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: not workers(server) & before and len(workers(server)) == 2)
        eventually(lambda: any("settings not read again" in line for line in server.log))
        assert server.end() == 0


@pytest.mark.parametrize("how", ["SIGTERM", "POST /drain"])
def test_the_supervisor_drains_its_workers(how: str, tmp_path: Path) -> None:
    with serving(*TWO, folder=tmp_path) as server, call(server.url) as first, call(server.url) as other:
        for each in (first, other):
            each.send(start())
            assert second(each) == "second 1."
        if how == "SIGTERM":
            server.process.send_signal(signal.SIGTERM)
        else:
            assert httpx.post(server.url + "/drain").status_code == 202
        eventually(lambda: ready(server.url).get("reason") == "draining")
        with pytest.raises(InvalidStatus):
            call(server.url)
        first.close()
        eventually(lambda: len(workers(server)) == 1)
        body = {"message": {"type": "voice-request", "text": "Hi", "sampleRate": 8000}}
        assert httpx.post(server.url + "/api/custom-voice", json=body).status_code == 200
        assert second(other) == "second 2."
        server.process.send_signal(signal.SIGTERM)
        if how == "POST /drain":
            assert second(other) == "second 3."
            server.process.send_signal(signal.SIGTERM)
        assert closing(other)[0] == 1012
        events = ended(server)
    assert named(events, "workers draining")["calls"] == 2


def test_a_worker_that_was_told_to_end_is_replaced(tmp_path: Path) -> None:
    with serving(*TWO, folder=tmp_path) as server:
        before = workers(server)
        os.kill(min(before), signal.SIGTERM)
        eventually(lambda: len(workers(server)) == 2 and min(before) not in workers(server))
        eventually(lambda: ready(server.url)["max_calls"] == 400)
        assert server.end() == 0


def test_calls_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    with serving(*TWO, folder=tmp_path) as server:
        with call(server.url) as socket:
            socket.send(start())
            assert second(socket) == "second 1."
            left = [psutil.Process(pid) for pid in workers(server)]
            server.process.kill()
            server.process.wait()
            assert second(socket) == "second 2."
        _, alive = psutil.wait_procs(left, 15)
        assert alive == []


def test_workers_that_cannot_start_say_why_once(tmp_path: Path) -> None:
    told = run("serve", "--port", "0", "--workers", "2", "--transcriber", "null", "--voice", "espeak",
               "--espeak-voice", "no-such-voice", folder=tmp_path)  # fmt: skip
    assert told.returncode == 1
    assert "no-such-voice" in told.stderr
    assert "Traceback" not in told.stderr
    told = run("serve", "--workers", "none", folder=tmp_path)
    assert "--workers: expected auto or a number of at least 1, found 'none'" in told.stderr


def test_workers_speak_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    with (tmp_path / "cert.pem").open("wb") as file:
        for pem in issued.cert_chain_pems:
            file.write(pem.bytes())
    files = ("--ssl-certfile", str(tmp_path / "cert.pem"), "--ssl-keyfile", str(tmp_path / "key.pem"))
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    with serving(*TWO, *files, folder=tmp_path) as server:
        url = server.shown.split("https://")[1].split("/")[0]
        with connect(f"wss://{url}/api/custom-transcriber", ssl=trusted, compression=None) as socket:
            socket.send(start())
            assert second(socket) == "second 1."
        assert httpx.get(f"https://{url}/readyz", verify=trusted).json()["ready"] is True
        assert server.end() == 0

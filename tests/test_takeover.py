"""Takeover: a new process serves the old one's socket, and no connection is refused."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import ClientConnection

from providers import runtime
from providers.takeover import Offer, socket_path
from tests.live import start
from tests.test_cli import Server, run, serving
from tests.test_server import QUICK, call, ended, ready
from tests.transcriber.test_endpoint import heard

SWIFT = ("--drain-notice-seconds", "0.2")


def port(server: Server) -> str:
    return server.url.rsplit(":", 1)[1]


def second(call: ClientConnection) -> str:
    """What is heard after another second of audio."""
    call.send(bytes(64000))
    return str(heard(call)["transcription"])


@pytest.mark.parametrize(("old_workers", "new_workers"), [("1", "1"), ("1", "2"), ("2", "1")])
def test_the_new_process_serves_and_the_old_one_ends_with_its_last_call(
    old_workers: str, new_workers: str, tmp_path: Path
) -> None:
    with serving(*QUICK, *SWIFT, "--workers", old_workers, folder=tmp_path) as old:
        assert ready(old.url)["ready"]
        with call(old.url) as kept:
            kept.send(start())
            assert second(kept) == "second 1."
            again = ("--takeover", "--port", port(old), "--workers", new_workers)
            with serving(*QUICK, *again, folder=tmp_path) as new:
                assert new.url == old.url
                assert ready(new.url)["calls"] == 0
                [file] = (tmp_path / "run").glob("server-*.json")
                assert file.name == f"server-{new.process.pid}.json"
                with call(new.url) as fresh:
                    fresh.send(start())
                    assert second(fresh) == "second 1."
                assert old.process.poll() is None
                assert second(kept) == "second 2."
                kept.close()
                events = ended(old)
                assert ready(new.url)["ready"]
                assert new.end() == 0
    assert kept.close_code == 1000
    assert {"takeover", "its successor serves"} & {event["because"] for event in events if event["event"] == "draining"}
    assert list((tmp_path / "run").iterdir()) == []


def test_a_secret_made_for_the_run_is_taken_over(tmp_path: Path) -> None:
    own = tuple(flag for flag in QUICK if flag != "--no-auth")
    with serving(*own, *SWIFT, folder=tmp_path) as old:
        secret = old.shown.split("secret")[1].split()[0]
        with serving(*own, "--takeover", "--port", port(old), folder=tmp_path) as new:
            assert new.shown.split("secret")[1].split()[0] == secret
            assert httpx.get(new.url + "/metrics", headers={"X-Vapi-Secret": secret}).status_code == 200
            assert new.end() == 0


def test_a_new_process_that_cannot_start_changes_nothing(tmp_path: Path) -> None:
    with serving(*QUICK, folder=tmp_path) as old:
        told = run(
            "serve", "--takeover", "--port", port(old), "--voice", "espeak", "--espeak-voice", "no-such-voice",
            "--transcriber", "null", folder=tmp_path, PROVIDERS_RUNTIME_DIR=str(tmp_path / "run"),
        )  # fmt: skip
        assert told.returncode == 1
        with call(old.url) as socket_:
            socket_.send(start())
            assert second(socket_) == "second 1."
        assert old.end() == 0


def test_without_a_running_server_it_listens_itself(tmp_path: Path) -> None:
    with serving(*QUICK, "--takeover", folder=tmp_path) as server:
        assert ready(server.url)["ready"]
        assert server.end() == 0


def test_a_server_that_offers_nothing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDERS_RUNTIME_DIR", str(tmp_path))
    runtime.publish(
        runtime.RunningServer(url="http://127.0.0.1:9", secret=None, pid=os.getpid(), folder="", started=1.0)
    )
    told = run("serve", "--takeover", "--port", "9", folder=tmp_path, PROVIDERS_RUNTIME_DIR=str(tmp_path))
    assert told.returncode == 1
    assert "does not hand over its socket" in told.stderr


def test_no_connection_is_refused_while_servers_follow_each_other(tmp_path: Path) -> None:
    asked, failed, over = 0, list[str](), False

    async def ask(url: str) -> None:
        nonlocal asked
        host, number = url.removeprefix("http://").split(":")
        while not over:
            try:
                reader, writer = await asyncio.open_connection(host, int(number))
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                answer = await reader.read()
                if not answer.startswith(b"HTTP/1.1 200"):
                    failed.append(repr(answer[:40]))
                writer.close()
            except OSError as error:
                failed.append(repr(error))
            asked += 1

    def follow(stack: ExitStack, old: Server) -> None:
        for _ in range(2):
            again = ("--takeover", "--port", port(old))
            new = stack.enter_context(serving(*QUICK, *SWIFT, *again, folder=tmp_path))
            assert old.process.wait(15) == 0
            old = new

    async def scenario(stack: ExitStack, first: Server) -> None:
        nonlocal over
        askers = [asyncio.create_task(ask(first.url)) for _ in range(4)]
        await asyncio.to_thread(follow, stack, first)
        over = True
        await asyncio.gather(*askers)

    with ExitStack() as stack:
        first = stack.enter_context(serving(*QUICK, *SWIFT, folder=tmp_path))
        asyncio.run(asyncio.wait_for(scenario(stack, first), 50))
    assert failed[:3] == []
    assert asked > 50


@pytest.mark.parametrize("length", [10, 150])
def test_the_offer_is_for_its_owner_only_wherever_the_folder_is(
    length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("f" * length)
    folder.mkdir()
    monkeypatch.setenv("PROVIDERS_RUNTIME_DIR", str(folder))

    async def offered() -> int:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            offer = Offer(listening, asyncio.get_running_loop(), secret=None, taken=lambda: None)
            offer.open()
            mode = stat.S_IMODE(socket_path(os.getpid()).stat().st_mode)
            offer.close()
            return mode

    assert asyncio.run(offered()) == 0o600
    assert list(folder.iterdir()) == []

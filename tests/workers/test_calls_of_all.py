"""Calls whose requests reach several workers: real processes, one answer."""

from __future__ import annotations

import json
import os
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.live import start
from tests.test_cli import Server, serving
from tests.test_server import QUICK, ready
from tests.transcriber.test_endpoint import eventually
from tests.workers.test_supervised import second, workers

THREE = (*QUICK, "--workers", "3", "--drain-notice-seconds", "0")


def get(server: Server, path: str) -> Any:
    answer = httpx.get(server.url + path, verify=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(server: Server, path: str, **message: Any) -> Any:
    return httpx.post(
        server.url + path + "?call=k-1", json={"message": {**message, "call": {"id": "c-1"}}}, verify=False
    )


def socket(server: Server, query: str = "") -> ClientConnection:
    return connect(server.url.replace("http", "ws", 1) + "/api/custom-transcriber" + query, compression=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("calls")


def test_any_worker_tells_of_every_call_and_puts_its_parts_together(folder: Path) -> None:
    with serving(*THREE, folder=folder) as server, ExitStack() as stack:
        call, *others = [stack.enter_context(socket(server, query)) for query in ("?call=k-1", "", "")]
        for one in (call, *others):
            one.send(start())
            assert second(one) == "second 1."
        said = [{"role": "user", "message": "second 1."}]
        for number in range(9):  # connections of their own: they reach every worker
            assert post(server, "/api/custom-voice", type="voice-request", text=f"Text {number}.", sampleRate=8000)
            assert post(server, "/api/custom-endpointing", type="call.endpointing.request", messages=said).json()
        for _ in range(6):
            listed = get(server, "/api/calls")
            assert (listed["workers"], listed["silent_workers"]) == (3, 0)
            assert sorted(one["call_id"] for one in listed["calls"]) == ["", "", "c-1"], "each call once"
            whole = get(server, "/api/calls/c-1")
            kinds = [event["kind"] for event in whole["events"]]
            assert (kinds.count("voice-asked"), kinds.count("endpointing"), kinds.count("opened")) == (9, 9, 1)
            assert (whole["joined"], whole["key"], whole["live"]) == ("key", "k-1", True)
            times = [event["at"] for event in whole["events"]]
            assert times == sorted(times)
            assert httpx.get(server.url + "/api/calls/nobody", verify=False).status_code == 404
            with httpx.stream("GET", server.url + "/api/calls/k-1/events", timeout=10, verify=False) as live:
                assert next(live.iter_lines()) == "event: opened"
        before = workers(server)
        os.kill(min(before), signal.SIGKILL)
        eventually(lambda: len(workers(server) - before) == 1 and ready(server.url)["max_calls"] == 600)
        assert get(server, "/api/calls")["silent_workers"] == 0
        stack.close()
        call.close()
        assert server.end() == 0


def test_what_is_heard_in_one_worker_shortens_the_answer_of_another(folder: Path) -> None:
    with serving(*THREE, "--turn-engines", "text", folder=folder) as server, socket(server, "?call=k-1") as call:
        call.send(start())
        loud = b"".join(bytes([0, 32, 0, 0]) * 20 + bytes([0, 224, 0, 0]) * 20 for _ in range(400))
        call.send(loud + bytes(64000))
        said = [{"role": "user", "message": "I would like"}]
        answers = [
            post(server, "/api/custom-endpointing", type="call.endpointing.request", messages=said).json()
            for _ in range(6)
        ]
        assert all(answer["timeoutSeconds"] < 1.5 for answer in answers), json.dumps(answers)
        call.close()
        assert server.end() == 0

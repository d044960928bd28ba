"""``talk`` as a user runs it: real processes, real sockets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dsp import encode_pcm16
from providers.emulator.wav import write_wav
from tests.emulator.good_server import SECRET
from tests.emulator.serving import served
from tests.emulator.tones import spoken

COMMAND = [sys.executable, "-c", "from providers.cli import main; main()", "talk", "--quiet"]
RATE = 16000


def run(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], cwd=folder, env=os.environ | environ, capture_output=True, text=True, timeout=50,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def of_kind(report: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [event for event in report["events"] if event["kind"] == kind]


def test_a_caller_is_answered_and_both_sides_are_saved(good_url: str, tmp_path: Path) -> None:
    write_wav(tmp_path / "caller.wav", encode_pcm16(spoken("alpha bravo", RATE)), RATE)
    said = run(
        tmp_path, "--url", good_url, "--secret", SECRET, "--caller-wav", "caller.wav", "--first-message", "",
        "--out", "call.wav", "--json", "call.json",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    report = json.loads((tmp_path / "call.json").read_text())
    assert report["schema"] == "vapi-providers/talk/1"
    assert report["endedReason"] == "customer-ended-call"
    assert [event["text"] for event in of_kind(report, "chunk-started")] == ["You said: Alpha bravo."]
    [wait] = report["waits"]
    assert 0.4 <= wait["total"] < 10
    with wave.open(str(tmp_path / "call.wav")) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, RATE)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert (np.abs(sound) > 1000).any(axis=0).all()
    lines = said.stdout.splitlines()
    assert any(line.endswith("you        Alpha bravo.") for line in lines)
    assert any(line.endswith("assistant  You said: Alpha bravo.") for line in lines)
    assert any("waited" in line and "endpointing" in line for line in lines)
    assert lines[-2].startswith("ended: customer-ended-call; ")


class Desk:
    """A model that wants a tool called before it answers, and the Server URL that has the tool."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []

    def app(self) -> Starlette:
        routes = [
            Route("/v1/chat/completions", self.answer, methods=["POST"]),
            Route("/hook", self.hook, methods=["POST"]),
        ]
        return Starlette(routes=routes)

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        function = {"name": "book", "arguments": '{"seats": 7}'}
        wants = {"tool_calls": [{"index": 0, "id": "call_a", "function": function}]}
        delta = {"content": "Charlie delta."} if body["messages"][-1]["role"] == "tool" else wants
        events = f"data: {json.dumps({'choices': [{'delta': delta}]})}\n\ndata: [DONE]\n\n"
        return Response(events, media_type="text/event-stream")

    async def hook(self, request: Request) -> Response:
        assert request.headers["x-vapi-secret"] == SECRET
        message = (await request.json())["message"]
        self.told.append(message)
        if message["type"] != "tool-calls":
            return JSONResponse({})
        return JSONResponse({"results": [{"toolCallId": "call_a", "result": "booked"}]})


def test_a_model_calls_a_tool_at_the_server_url_and_speaks_its_answer(good_url: str, tmp_path: Path) -> None:
    write_wav(tmp_path / "caller.wav", encode_pcm16(spoken("alpha bravo", RATE)), RATE)
    tool = {"type": "function", "function": {"name": "book", "parameters": {"type": "object"}}}
    model = {"provider": "openai", "model": "some", "tools": [tool], "messages": [{"role": "system", "content": "old"}]}
    (tmp_path / "desk.json").write_text(json.dumps({"name": "Desk", "model": model}))
    desk = Desk()
    with served(desk.app()) as base:
        said = run(
            tmp_path, "--url", good_url, "--secret", SECRET, "--caller-wav", "caller.wav", "--assistant", "desk.json",
            "--model-url", f"{base}/v1", "--system-prompt", "You take bookings.", "--server-url", f"{base}/hook",
            "--json", "-",
        )  # fmt: skip
    assert said.returncode == 0, said.stderr
    report = json.loads(said.stdout)
    assert [event["text"] for event in of_kind(report, "chunk-started")] == ["Charlie delta."]
    assert [event["name"] for event in of_kind(report, "tool-called")] == ["book"]
    assert desk.asked[0]["messages"][0] == {"role": "system", "content": "You take bookings."}
    assert desk.asked[0]["tools"] == [tool]
    assert desk.asked[1]["messages"][-1]["content"] == "booked"
    kinds = [message["type"] for message in desk.told]
    assert kinds[0] == "status-update"
    assert {"tool-calls", "speech-update", "conversation-update"} <= set(kinds)
    assert "the model calls the tool book" in said.stderr


def test_the_page_of_a_server_of_its_own_is_opened(tmp_path: Path) -> None:
    environ = os.environ | {"PROVIDERS_VOICE": "tone", "PROVIDERS_TRANSCRIBER": "null"}
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        environ.pop(name, None)
    with subprocess.Popen(
        [*COMMAND, "--page"], cwd=tmp_path, env=environ, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        lines = []
        for line in child.stdout:
            lines.append(line)
            if "Ctrl-C ends the server" in line:
                break
        address = next(line.strip() for line in lines if line.startswith("http://127.0.0.1:"))
        assert "text/html" in httpx.get(address).headers["content-type"]
        child.send_signal(signal.SIGINT)
        rest, errors = child.communicate(timeout=30)
    assert (child.returncode, rest) == (0, "ended\n"), errors


def test_ctrl_c_hangs_up_and_ends_the_server_of_its_own(tmp_path: Path) -> None:
    environ = os.environ | {"PROVIDERS_VOICE": "tone", "PROVIDERS_TRANSCRIBER": "null"}
    with subprocess.Popen(
        [*COMMAND, "--first-message", "Hello there."], cwd=tmp_path, env=environ, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert any("assistant  Hello there." in line for line in child.stdout)
        [server] = psutil.Process(child.pid).children()
        child.send_signal(signal.SIGINT)
        rest, errors = child.communicate(timeout=30)
    assert child.returncode == 0, errors
    assert rest.splitlines()[-1].startswith("ended: customer-ended-call; ")
    assert "Traceback" not in errors
    assert not server.is_running()


def test_a_conversation_that_is_told_to_end_hangs_up(good_url: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--url", good_url, "--secret", SECRET, "--first-message", "Alpha."], cwd=tmp_path, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert any("assistant  Alpha." in line for line in child.stdout)
        child.send_signal(signal.SIGTERM)
        rest, errors = child.communicate(timeout=30)
    assert child.returncode == 0, errors
    assert rest.splitlines()[-1].startswith("ended: customer-ended-call; ")
    assert "Traceback" not in errors


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    failed = run(tmp_path, "--say", "Hello.", PROVIDERS_VOICE="nonsense")
    assert failed.returncode == 2
    assert "the server of this conversation did not start" in failed.stderr
    assert "nonsense" in failed.stderr


def test_an_endpoint_that_is_not_there_ends_the_call_with_the_platforms_reason(tmp_path: Path) -> None:
    failed = run(
        tmp_path, "--voice-url", "http://127.0.0.1:1/tts", "--transcriber-url", "ws://127.0.0.1:1/stt",
        "--say", "Hello.",
    )  # fmt: skip
    assert "pipeline-error-custom-" in failed.stdout.splitlines()[-1], failed.stdout
    assert failed.returncode == 1

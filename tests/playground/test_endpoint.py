"""The playground's socket: who gets in, what is refused, and a call from its first message to its last."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from providers.playground.endpoint import PLAYGROUND_PATH
from providers.service import Service
from tests.live import SECRET, Live, serving, settings

HEADERS = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """A server of engines that need nothing: a tone speaks, nobody listens."""
    chosen = settings(voice="tone", transcriber="null")
    with serving(chosen=chosen, app=Service.of(chosen).app) as running:
        yield running


def dial(live: Live, *, token: str = SECRET, origin: str | None = None, **headers: str) -> Any:
    url = live.base.replace("http", "ws", 1) + PLAYGROUND_PATH
    offered = [Subprotocol("playground"), Subprotocol(f"token.{token}")]
    wanted = Origin(origin) if origin else None
    # Without a bound on what waits: sound that a test does not read must not hold up the goodbye.
    return connect(url, subprotocols=offered, origin=wanted, additional_headers=headers, max_size=None, max_queue=None)


class Heard:
    """What the page gets in a call."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[bytes] = []
        self.told: list[dict[str, Any]] = []

    def until(self, kind: str, /, **wanted: Any) -> dict[str, Any]:
        """Read on until such a message comes."""
        while True:
            message = self.socket.recv(timeout=15)
            if isinstance(message, bytes):
                self.frames.append(message)
                continue
            found: dict[str, Any] = json.loads(message)
            self.told.append(found)
            if found["type"] == kind and all(found.get(name) == value for name, value in wanted.items()):
                return found

    def kinds(self) -> list[str]:
        return [found["kind"] for found in self.told if found["type"] == "event"]


def begin(socket: ClientConnection, **start: Any) -> Heard:
    socket.send(json.dumps({"type": "start", **start}))
    return Heard(socket)


def call_of(live: Live, call_id: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{live.base}/api/calls/{call_id}", headers=HEADERS).json()
    return found


def test_a_whole_call_goes_through_the_endpoints_and_is_one_call_of_the_server(live: Live) -> None:
    with dial(live) as socket:
        assert socket.subprotocol == "playground"
        heard = begin(socket, rate=8000, assistant={"firstMessage": "Good morning."})
        call_id = heard.until("ready")["call"]
        heard.until("event", kind="speech-stopped")
        socket.send(json.dumps({"type": "hang-up"}))
        assert heard.until("ended")["reason"] == "customer-ended-call"
        with pytest.raises(ConnectionClosed):
            heard.until("never")
    assert {len(frame) for frame in heard.frames} == {8000 // 50 * 4}
    assert any(any(frame[2::4]) for frame in heard.frames), "the assistant is heard on the right"
    assert [one["content"]["message"]["text"] for one in heard.told if one["type"] == "wire"] == ["Good morning."]
    found = call_of(live, call_id)
    kinds = [event["kind"] for event in found["events"]]
    assert {"opened", "started", "voice-asked", "first-audio", "voice-ended", "closed", "ended"} <= set(kinds)
    assert not found["live"]


def test_a_typed_line_is_the_callers_speech_and_not_the_assistants(live: Live) -> None:
    with dial(live) as socket:
        heard = begin(socket, assistant={"firstMessage": None, "firstMessageMode": "assistant-waits-for-user"})
        call_id = heard.until("ready")["call"]
        socket.send(json.dumps({"type": "say", "text": "A line of some length."}))
        heard.until("event", kind="caller-speech")
        socket.send(json.dumps({"type": "hang-up"}))
        heard.until("ended")
    assert any(any(frame[0::4]) for frame in heard.frames), "the caller is heard on the left"
    kinds = [event["kind"] for event in call_of(live, call_id)["events"]]
    assert "voice-asked" not in kinds


def test_the_microphone_is_heard(live: Live) -> None:
    with dial(live) as socket:
        heard = begin(socket, rate=16000, assistant={"firstMessageMode": "assistant-waits-for-user"})
        heard.until("ready")
        socket.send(b"\x10\x20" * 8000)
        while not any(any(frame[0::4]) for frame in heard.frames):
            message = socket.recv(timeout=10)
            heard.frames += [message] if isinstance(message, bytes) else []


def test_closing_the_page_hangs_up(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    with dial(live) as socket:
        heard = begin(socket)
        call_id = heard.until("ready")["call"]
        heard.until("event", kind="speech-started")
    with httpx.stream("GET", f"{live.base}/api/calls/{call_id}/events", headers=HEADERS, timeout=20) as stream:
        assert any("event: finished" in line for line in stream.iter_lines())
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_another_engine_can_be_chosen_and_its_call_is_found_at_the_same_place() -> None:
    chosen = settings(voice="tone", transcriber="null")
    with serving(chosen=chosen, app=Service.of(chosen).app) as live, dial(live) as socket:
        heard = begin(socket, voice="tone", transcriber="null", assistant={"firstMessage": "Hello."})
        call_id = heard.until("ready")["call"]
        heard.until("event", kind="speech-stopped")
        assert "first-audio" in [event["kind"] for event in call_of(live, call_id)["events"]]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("x", "message: "),
        (json.dumps({"type": "hang-up"}), "message: expected start first"),
        (json.dumps({"type": "start", "rate": 1}), "$.rate"),
        (json.dumps({"type": "start", "voice": "nobody"}), "voice: expected one of"),
        (json.dumps({"type": "start", "assistant": {"startSpeakingPlan": {"waitSeconds": 9}}}), "waitSeconds"),
        (b"\0\0", "message: expected text, found bytes"),
    ],
)
def test_a_wrong_first_message_is_told_by_its_field(live: Live, message: str | bytes, told: str) -> None:
    with dial(live) as socket:
        socket.send(message)
        assert told in json.loads(socket.recv(timeout=10))["error"]
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_a_second_start_ends_the_call(live: Live) -> None:
    with dial(live) as socket:
        heard = begin(socket)
        heard.until("ready")
        socket.send(json.dumps({"type": "start"}))
        assert "found it twice" in heard.until("error")["error"]
        heard.until("ended")


@pytest.mark.parametrize(
    "wrong",
    [{"token": "wrong"}, {"origin": "http://evil.example"}, {"X-Forwarded-For": "203.0.113.7"}],
    ids=["token", "origin", "elsewhere"],
)
def test_only_a_page_of_this_server_with_a_token_gets_in(live: Live, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        with dial(live, **wrong):
            pass
    assert refused.value.response.status_code == 401


def test_more_calls_than_a_page_needs_are_refused(live: Live) -> None:
    with contextlib.ExitStack() as calls:
        for _ in range(4):
            begin(calls.enter_context(dial(live))).until("ready")
        with pytest.raises(InvalidStatus) as refused, dial(live):
            pass
    assert refused.value.response.status_code == 503


def test_without_the_page_there_is_no_playground() -> None:
    chosen = settings(voice="tone", transcriber="null", page="off")
    with serving(chosen=chosen, app=Service.of(chosen).app) as live, pytest.raises(InvalidStatus) as refused:
        with dial(live):
            pass
    assert refused.value.response.status_code in (403, 404)

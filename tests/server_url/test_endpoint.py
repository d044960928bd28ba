"""The Server URL over HTTP: every message, every source of answers, deadlines, and keys that join."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from providers.errors import SettingsError
from providers.server_url.sources import StaticAnswers, load_handler
from tests.live import SECRET, Live, serving, settings, start
from tests.server_url import handler
from tests.server_url.examples import ASKING, CALL, INFORMING, wrapped

HEADERS = {"X-Vapi-Secret": SECRET}
DESK = "tests.server_url.handler:Desk"


def post(live: Live, message: dict[str, Any], **more: Any) -> httpx.Response:
    body = wrapped(message, **more)
    # Without TLS no certificates need to be read, which takes longer than the request.
    return httpx.post(live.base + "/api/server-url", json=body, headers=HEADERS, timeout=10, verify=False)


def call(live: Live, name: str) -> Any:
    return httpx.get(f"{live.base}/api/calls/{name}", headers=HEADERS).json()


@pytest.fixture(scope="module")
def bare() -> Iterator[Live]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def desk() -> Iterator[Live]:
    chosen = settings(
        handlers=DESK, public_url=handler.OUR_URL, assistant_request_seconds=0.5, assistant_id="the-spare-one"
    )
    with serving(chosen=chosen) as running:
        yield running


def test_every_message_is_taken_counted_and_noted_and_no_secret_stays(bare: Live) -> None:
    for message in INFORMING:
        answer = post(bare, message)
        assert (answer.status_code, answer.json()) == (200, {}), message["type"]
    metrics = httpx.get(bare.base + "/metrics", headers=HEADERS).text
    assert 'providers_server_messages_total{type="hang"} 1.0' in metrics
    assert 'providers_server_messages_total{type="other"} 1.0' in metrics
    assert "a.type.of.next.year" not in metrics
    kept = json.dumps(call(bare, CALL["id"]))
    assert "planted" not in kept
    assert "+1555" not in kept
    kinds = {event["detail"] for event in call(bare, CALL["id"])["events"] if event["kind"] == "server"}
    assert {"hang", "voice-input", "status-update", "a.type.of.next.year"} <= kinds
    assert "model-output" not in kinds, "one per token"


@pytest.mark.parametrize("message", [message for message, _ in ASKING], ids=lambda message: message["type"])
def test_a_question_that_nothing_answers_is_a_clear_error(bare: Live, message: dict[str, Any]) -> None:
    answer = post(bare, message)
    assert answer.status_code == 501
    assert answer.json()["error"].startswith(f"{message['type']}: expected a handler, --answers or --forward-url")


def test_the_credential_is_needed(bare: Live) -> None:
    assert httpx.post(bare.base + "/api/server-url", json=wrapped({"type": "hang"})).status_code == 401


def test_messages_of_other_endpoints_are_served_here_too(bare: Live) -> None:
    """Without a server of its own the endpointing model's request comes to the assistant's Server URL."""
    asked = post(
        bare, {"type": "call.endpointing.request", "messagesOpenAIFormatted": [{"role": "user", "content": "Yes."}]}
    )
    assert asked.json() == {"timeoutSeconds": 0.1}
    spoken = post(bare, {"type": "voice-request", "text": "Hi.", "sampleRate": 8000})
    assert spoken.headers["content-type"] == "application/octet-stream"
    assert len(spoken.content) > 100


def test_typed_values_go_into_a_handler_and_come_out_as_the_platform_reads_them(desk: Live) -> None:
    tools = next(message for message, _ in ASKING if message["type"] == "tool-calls")
    (result,) = post(desk, tools).json()["results"]
    assert (result["toolCallId"], result["name"]) == ("call_1", "findTable")
    assert json.loads(result["result"]) == {"free": True, "people": 2, "day": "friday"}
    handoff = {"type": "handoff-destination-request", "parameters": {"team": "a-2"}}
    assert post(desk, handoff).json() == {"destination": {"type": "assistant", "assistantId": "a-2"}}
    assert post(desk, {"type": "knowledge-base-request"}).json()["documents"][0]["content"] == "Open until ten."
    assert post(desk, {"type": "status-update", "status": "ringing"}).json() == {}
    assert handler.seen[-1] == "ringing"


def test_an_answer_that_the_platform_would_not_understand_is_502(desk: Live) -> None:
    answer = post(desk, {"type": "transfer-destination-request"})
    assert answer.status_code == 502
    assert "destination: expected `object" in answer.json()["error"]
    assert "desk" not in answer.json()["error"]


def test_an_assistant_that_is_answered_has_keyed_urls_and_its_socket_is_joined_at_once(desk: Live) -> None:
    answer = post(desk, {"type": "assistant-request"}, call={"id": "inbound-1"}).json()["assistant"]
    url = urlsplit(answer["transcriber"]["server"]["url"])
    query = parse_qs(url.query)
    assert (url.scheme, query["token"]) == ("wss", ["t"])
    (key,) = query["call"]
    assert parse_qs(urlsplit(answer["server"]["url"]).query) == {"call": [key]}
    assert answer["model"]["tools"][0]["server"]["url"] == "https://elsewhere.example/tool"
    with desk.call(query=f"?call={key}") as socket:
        socket.send(start())
        assert call(desk, "inbound-1")["joined"] == "key"
    assert call(desk, key)["call_id"] == "inbound-1"


@pytest.mark.parametrize("what", ["closed", "slow"])
def test_a_handler_that_fails_or_is_late_costs_no_inbound_call_where_there_is_a_spare_assistant(
    desk: Live, what: str
) -> None:
    answer = post(desk, {"type": "assistant-request", "note": what})
    assert (answer.status_code, answer.json()["assistantId"]) == (200, "the-spare-one")
    assert (
        'providers_server_answers_failed_total{type="assistant-request"}'
        in httpx.get(desk.base + "/metrics", headers=HEADERS).text
    )


def test_a_handler_that_fails_is_502_and_a_late_one_504_without_its_words() -> None:
    with serving(chosen=settings(handlers=DESK, assistant_request_seconds=0.3)) as live:
        failed = post(live, {"type": "assistant-request", "note": "closed"})
        assert (failed.status_code, "secret" in failed.text) == (502, False)
        assert "RuntimeError" in failed.json()["error"]
        assert post(live, {"type": "assistant-request", "note": "slow"}).status_code == 504


def test_the_end_of_a_call_is_its_end_here_and_its_faults_are_counted(bare: Live) -> None:
    for message in (
        {"type": "hang"},
        {"type": "user-interrupted", "turnId": "t"},
        {"type": "end-of-call-report", "endedReason": "pipeline-error-custom-voice-failed"},
    ):
        post(bare, message, call={"id": "ending"})
    found = call(bare, "ending")
    assert not found["live"]
    assert found["ended"] == "ended pipeline-error-custom-voice-failed"
    assert "interrupted" in {event["kind"] for event in found["events"]}
    assert 'providers_call_faults_total{kind="voice"} 1.0' in httpx.get(bare.base + "/metrics", headers=HEADERS).text


def test_answers_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    file.write_text(
        json.dumps({"assistant-request": {"assistantId": "a-1"}, "tool-calls": {"findTable": {"free": True}}})
    )
    tools = next(message for message, _ in ASKING if message["type"] == "tool-calls")
    with serving(chosen=settings(answers=str(file))) as live:
        assert post(live, {"type": "assistant-request"}).json() == {"assistantId": "a-1"}
        assert post(live, tools).json()["results"][0]["result"] == '{"free":true}'
        assert post(live, {"type": "campaign.predial"}).status_code == 501


@pytest.mark.parametrize(
    ("content", "told"),
    [("[]", "expected a JSON object"), ('{"tool-call": {}}', "found 'tool-call'"), ("{", "expected a JSON object")],
)
def test_a_file_of_answers_that_is_none_is_told_at_start(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(SettingsError, match="--answers") as refused:
        StaticAnswers.read(str(tmp_path / "a.json"))
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nobody", "expected module:object, found 'nobody'"),
        ("tests.server_url.nowhere:Desk", "does not load: ModuleNotFoundError"),
        ("tests.server_url.handler:Nothing", "expected an object with methods such as assistant_request"),
    ],
)
def test_a_handler_that_is_none_is_told_at_start(name: str, told: str) -> None:
    with pytest.raises(SettingsError, match="--handlers") as refused:
        load_handler(name)
    assert told in str(refused.value)


class Other(BaseHTTPRequestHandler):
    """Another Server URL, which remembers what came and answers as it was told."""

    server: OtherServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
        status, answer = self.server.answers
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


class OtherServer(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Other)
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.answers: tuple[int, bytes] = (200, b"{}")


@pytest.fixture
def other() -> Iterator[OtherServer]:
    server = OtherServer()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_message_is_forwarded_with_its_bytes_and_headers_and_the_answer_comes_back(other: OtherServer) -> None:
    with serving(chosen=settings(forward_url=f"http://127.0.0.1:{other.server_port}/hook?x=1")) as live:
        body = b'{"message": {"type":"assistant-request",  "call": {"id": "c"}}}'
        headers = {**HEADERS, "Content-Type": "application/json", "X-Signature": "abc", "X-Tenant": "acme"}
        other.answers = (200, b'{"assistantId": "a-9"}')
        answer = httpx.post(live.base + "/api/server-url", content=body, headers=headers)
        assert answer.json() == {"assistantId": "a-9"}
        came, forwarded = other.came[-1]
        assert forwarded == body
        assert (came["x-signature"], came["x-tenant"], came["x-vapi-secret"]) == ("abc", "acme", SECRET)
        assert came["host"] == f"127.0.0.1:{other.server_port}"
        other.answers = (200, b"")
        assert post(live, {"type": "hang"}).json() == {}
        for status, content in ((500, b"secret"), (200, b"no json"), (200, b'{"assistantId": 5}')):
            other.answers = (status, content)
            failed = post(live, {"type": "assistant-request"})
            assert (failed.status_code, "secret" in failed.text) == (502, False)
        assert post(live, {"type": "hang"}).status_code == 200
        other.answers = (500, b"")
        assert post(live, {"type": "hang"}).status_code == 502, "the platform may try again"


def test_another_server_that_is_not_there_is_502() -> None:
    with serving(chosen=settings(forward_url="http://127.0.0.1:9/")) as live:
        answer = post(live, {"type": "assistant-request"})
        assert (answer.status_code, "ConnectError" in answer.json()["error"]) == (502, True)

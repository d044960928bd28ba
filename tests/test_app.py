"""The application as a whole: every endpoint and every credential, health, and what leaves no trace in the logs."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import io
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from providers.app import create_app
from providers.engines.base import SpeakingCapabilities
from providers.engines.null import Null
from providers.engines.tone import Tone
from providers.errors import EngineError, SettingsError
from providers.paths import ENDPOINTING_PATH, SERVER_URL_PATH, TRANSCRIBER_PATH, VOICE_PATH
from providers.settings import Settings
from tests.fakes import ScriptedVoice
from tests.live import SECRET, Live, serving, settings, start

BODIES = {
    VOICE_PATH: {"message": {"type": "voice-request", "text": "Hi", "sampleRate": 8000}},
    ENDPOINTING_PATH: {"message": {"type": "call.endpointing.request", "messages": []}},
    SERVER_URL_PATH: {"message": {"type": "hang"}},
}
CREDENTIALS: list[tuple[dict[str, str], bool]] = [
    ({}, False),
    ({"X-Vapi-Secret": "wrong"}, False),
    ({"X-Vapi-Secret": ""}, False),
    ({"X-Vapi-Secret": SECRET}, True),
    ({"X-Vapi-Signature": SECRET}, True),
    ({"Authorization": f"Bearer {SECRET}"}, True),
    ({"Authorization": SECRET}, False),
    ({"Authorization": "Bearer wrong"}, False),
    ({"Authorization": "Basic " + base64.b64encode(f"x:{SECRET}".encode()).decode()}, False),
]


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with serving() as running:
        yield running


def upgrade(live: Live, headers: dict[str, str], query: str = "") -> int:
    """The status of an upgrade: 101 when it is let in."""
    url = live.base.replace("http", "ws", 1) + TRANSCRIBER_PATH + query
    try:
        with connect(url, additional_headers=headers, compression=None):
            return 101
    except InvalidStatus as refused:
        assert set(json.loads(refused.response.body or b"{}")) == {"error"}
        return refused.response.status_code


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(("headers", "allowed"), CREDENTIALS)
def test_every_post_endpoint_with_every_credential(
    live: Live, path: str, headers: dict[str, str], allowed: bool
) -> None:
    answer = httpx.post(live.base + path, json=BODIES[path], headers=headers)
    assert answer.status_code == (200 if allowed else 401)
    if not allowed:
        assert set(answer.json()) == {"error"}


@pytest.mark.parametrize(("headers", "allowed"), CREDENTIALS)
def test_the_socket_with_every_credential(live: Live, headers: dict[str, str], allowed: bool) -> None:
    assert upgrade(live, headers) == (101 if allowed else 401)


@pytest.mark.parametrize("path", BODIES)
def test_the_token_of_the_url_opens_the_socket_only(live: Live, path: str) -> None:
    assert upgrade(live, {}, f"?token={SECRET}") == 101
    assert upgrade(live, {}, "?token=wrong") == 401
    assert httpx.post(live.base + path + f"?token={SECRET}", json=BODIES[path]).status_code == 401


KEY = "a-key-of-its-own-for-signatures"


@pytest.fixture(scope="module")
def signed() -> Iterator[Live]:
    with serving(chosen=settings(hmac_secret=KEY)) as running:
        yield running


def signature(body: bytes, key: str = KEY) -> dict[str, str]:
    stamp = f"{time.time():.6f}"
    digest = hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x-signature": digest, "x-timestamp": stamp, "Content-Type": "application/json"}


@pytest.mark.parametrize("path", BODIES)
def test_a_signed_body_is_accepted_once_and_a_changed_one_never(signed: Live, path: str) -> None:
    body = json.dumps(BODIES[path]).encode()
    headers = signature(body)
    assert httpx.post(signed.base + path, content=body + b" ", headers=headers).status_code == 401
    assert httpx.post(signed.base + path, content=body, headers=headers).status_code == 200
    again = httpx.post(signed.base + path, content=body, headers=headers)
    assert (again.status_code, "used before" in again.json()["error"]) == (401, True)


@pytest.mark.parametrize("key", ["", SECRET])
def test_no_other_key_signs_not_the_empty_one_and_not_the_shared_secret(live: Live, signed: Live, key: str) -> None:
    for running in (live, signed):
        for path in BODIES:
            body = json.dumps(BODIES[path]).encode()
            assert httpx.post(running.base + path, content=body, headers=signature(body, key)).status_code == 401
        assert upgrade(running, signature(b"", key)) == 401


def test_calls_of_one_second_have_one_signature_and_are_all_accepted(signed: Live) -> None:
    headers = signature(b"")
    assert [upgrade(signed, headers) for _ in range(3)] == [101, 101, 101]


def test_a_signature_over_an_empty_body_opens_the_socket(signed: Live) -> None:
    assert upgrade(signed, signature(b"")) == 101


def test_the_metrics_can_be_read_with_every_credential(signed: Live) -> None:
    url = signed.base + "/metrics"
    for headers in ({"X-Vapi-Secret": SECRET}, {"Authorization": f"bearer {SECRET}"}, signature(b"")):
        assert httpx.get(url, headers=headers).status_code == 200
    assert httpx.get(url + f"?token={SECRET}").status_code == 200
    assert httpx.get(url + "?token=wrong").status_code == 401


@pytest.mark.parametrize("path", BODIES)
def test_each_way_in_can_be_switched_off(path: str) -> None:
    with serving(chosen=settings(auth="bearer")) as live:
        wrong = httpx.post(live.base + path, json=BODIES[path], headers={"X-Vapi-Secret": SECRET})
        right = httpx.post(live.base + path, json=BODIES[path], headers={"Authorization": f"Bearer {SECRET}"})
        assert (wrong.status_code, right.status_code) == (401, 200)
        assert upgrade(live, {}, f"?token={SECRET}") == 401


def test_no_auth_opens_every_endpoint() -> None:
    with serving(chosen=Settings.of(no_auth=True)) as live:
        for path, body in BODIES.items():
            assert httpx.post(live.base + path, json=body).status_code == 200
        assert upgrade(live, {}) == 101


def test_without_a_secret_the_application_is_not_built() -> None:
    with pytest.raises(SettingsError, match="--secret"):
        create_app(Settings(), voice=Tone(), transcriber=Null())


def test_health_is_open_and_metrics_are_not(live: Live) -> None:
    assert httpx.get(live.base + "/healthz").json() == {"ok": True}
    ready = {"ready": True, "calls": 0, "max_calls": 200}
    assert httpx.get(live.base + "/readyz").json() == ready
    assert httpx.get(live.base + "/metrics").status_code == 401
    live.say("Hi")
    exposition = httpx.get(live.base + "/metrics", headers={"Authorization": f"Bearer {SECRET}"}).text
    assert 'providers_voice_requests_total{outcome="complete"}' in exposition


def test_an_unknown_path_is_404_with_json(live: Live) -> None:
    answer = httpx.get(live.base + "/nowhere")
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


def test_a_full_server_is_not_ready() -> None:
    with serving(chosen=settings(max_calls=1)) as live, live.call():
        assert httpx.get(live.base + "/readyz").status_code == 503


class Unstartable(ScriptedVoice):
    async def start(self) -> None:
        raise EngineError("no model")


def test_an_engine_that_cannot_start_is_told_to_whoever_runs_the_server() -> None:
    app = create_app(settings(), voice=Unstartable(capabilities=SpeakingCapabilities()), transcriber=Null())

    async def scenario() -> None:
        async with app.router.lifespan_context(app):
            raise AssertionError("it started")

    with pytest.raises(EngineError, match="no model"):
        asyncio.run(scenario())
    assert str(app.state.fault) == "no model"


def events(stream: io.StringIO, name: str) -> list[dict[str, Any]]:
    return [event for event in map(json.loads, stream.getvalue().splitlines()) if event["event"] == name]


def test_one_event_per_request_and_nothing_secret_in_any(logged: io.StringIO) -> None:
    with serving() as live:
        text = "my pin is forty-two"
        live.say(text, call={"id": "call-7"}, phoneNumber={"twilioAuthToken": "hunter2"})
        live.voice({"type": "voice-request"}, headers={"X-Vapi-Secret": "a-guess", "X-Extra": "hunter2"})
        live.say(text, voiceId="nobody")
        with live.call(headers={}, query=f"?token={SECRET}") as socket:
            socket.send(start())
            socket.send(bytes(64000))
            socket.recv(timeout=5)
    (voice, failed) = events(logged, "voice")
    assert (voice["call_id"], voice["engine"], voice["outcome"]) == ("call-7", "tone", "complete")
    assert voice["bytes"] == 2 * round(len(text) * 0.06 * 16000)
    assert 0 < voice["first_audio_ms"] <= voice["total_ms"]
    assert failed["outcome"] == "failed"
    (call,) = events(logged, "call")
    assert (call["frames"], call["finals"], call["audio_s"], call["by"]) == (1, 1, 1.0, "caller")
    refused = next(event for event in events(logged, "refused") if "header_names" in event)
    assert "x-extra" in refused["header_names"]
    for secret in (SECRET, "hunter2", "a-guess", text, "second 1"):
        assert secret not in logged.getvalue()


@pytest.mark.parametrize("path", BODIES)
def test_a_hang_up_inside_the_body_is_one_quiet_event(
    path: str, logged: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    with serving() as live:
        host, port = live.base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as sock:
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nX-Vapi-Secret: {SECRET}\r\nContent-Type: application/json\r\n"
            sock.sendall(head.encode() + b'Content-Length: 1000\r\n\r\n{"message":')
            # A whole request on another connection, so that the first one's head has been read by then.
            live.say("Hi")
        deadline = time.monotonic() + 10
        while not events(logged, "hung up") and time.monotonic() < deadline:
            time.sleep(0.01)
    (event,) = events(logged, "hung up")
    assert (event["path"], event["during"], event["level"]) == (path, "request body", "info")
    assert events(logged, "refused") == []
    assert caplog.records == []

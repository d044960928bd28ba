"""The HTTP API without a conversation: keys, lists, changes, bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from providers.emulator.platform.api import LARGEST_BODY
from providers.emulator.platform.assistants import DEFAULT_ASSISTANT, Defaults
from providers.emulator.platform.platform import NEVER_CONNECTED
from tests.emulator.platform.calling import KEY, platform
from tests.emulator.platform.webhook import Webhook

Json = dict[str, Any]
SERVERS = Defaults("http://127.0.0.1:9/tts", "ws://127.0.0.1:9/stt")
CALL: Json = {"assistantId": DEFAULT_ASSISTANT, "transport": {"provider": "vapi.websocket"}}
NAMED: dict[str, Json] = {DEFAULT_ASSISTANT: {"name": "Offline"}}


@pytest.fixture(scope="module")
def api() -> Iterator[httpx.Client]:
    with platform(SERVERS, assistants=NAMED) as base, httpx.Client(base_url=base, headers=KEY) as client:
        yield client


def made(api: httpx.Client, **more: Any) -> Json:
    answer = api.post("/call", json=CALL | more)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


def test_a_call_is_answered_as_published(api: httpx.Client) -> None:
    call = made(api, name="First", metadata={"a": 1})
    here = api.base_url.netloc.decode()
    assert call["transport"] == {
        "provider": "vapi.websocket",
        "conversationType": "voice",
        "audioFormat": {"format": "pcm_s16le", "container": "raw", "sampleRate": 16000},
        "websocketCallUrl": f"ws://{here}/{call['id']}/transport",
    }
    assert call["monitor"] == {
        "listenUrl": f"ws://{here}/{call['id']}/listen",
        "controlUrl": f"http://{here}/{call['id']}/control",
    }
    assert (call["type"], call["status"], call["cost"]) == ("vapi.websocketCall", "queued", 0)
    assert (call["name"], call["metadata"], call["assistantId"]) == ("First", {"a": 1}, DEFAULT_ASSISTANT)
    assert call["createdAt"].endswith("Z")
    assert api.get(f"/call/{call['id']}").json() == call


def test_a_client_without_a_key_is_told_so(api: httpx.Client) -> None:
    answer = httpx.post(f"{api.base_url}/call", json=CALL)
    assert answer.status_code == 401
    assert answer.json()["message"].startswith("Missing Authorization Header")


def test_a_wrong_key_is_refused_where_there_is_a_right_one() -> None:
    with platform(SERVERS, assistants=NAMED, api_key="right") as base:
        wrong = httpx.get(f"{base}/call", headers={"Authorization": "Bearer wrong"})
        assert (wrong.status_code, wrong.json()["error"]) == (401, "Unauthorized")
        assert httpx.get(f"{base}/call", headers={"Authorization": "Bearer right"}).status_code == 200
        call = httpx.post(f"{base}/call", json=CALL, headers={"Authorization": "Bearer right"}).json()
        open_to_all = httpx.post(call["monitor"]["controlUrl"], json={"type": "end-call"})
        assert open_to_all.status_code == 400  # the address is the key: only the call's state is at fault
        guarded = {"monitorPlan": {"controlAuthenticationEnabled": True, "listenEnabled": False}}
        body = CALL | {"assistantOverrides": guarded}
        call = httpx.post(f"{base}/call", json=body, headers={"Authorization": "Bearer right"}).json()
        assert httpx.post(call["monitor"]["controlUrl"], json={"type": "end-call"}).status_code == 401
        assert "listenUrl" not in call["monitor"]


def test_calls_are_listed_newest_first_and_by_their_fields(api: httpx.Client) -> None:
    first, second = made(api), made(api)
    listed = [call["id"] for call in api.get("/call").json()]
    assert listed.index(second["id"]) < listed.index(first["id"])
    assert [call["id"] for call in api.get("/call", params={"limit": 1}).json()] == [second["id"]]
    assert [call["id"] for call in api.get("/call", params={"id": first["id"]}).json()] == [first["id"]]
    assert api.get("/call", params={"assistantId": "other"}).json() == []
    later = api.get("/call", params={"createdAtGt": second["createdAt"], "createdAtLt": "2000-01-01T00:00:00Z"})
    assert later.json() == []
    wrong = api.get("/call", params={"createdAtGe": "yesterday"})
    assert wrong.json()["message"] == ["createdAtGe must be a valid ISO 8601 date string"]
    assert api.get("/call", params={"limit": 1001}).status_code == 400


def test_a_call_has_its_name_changed_and_is_deleted_once_it_has_ended(api: httpx.Client) -> None:
    call = made(api)
    assert api.patch(f"/call/{call['id']}", json={"name": "Second"}).json()["name"] == "Second"
    assert api.patch(f"/call/{call['id']}", json={"name": 2}).json()["message"] == ["name must be a string"]
    assert api.delete(f"/call/{call['id']}").status_code == 400
    assert api.delete("/call/nobody").json() == {
        "message": "Call not found.", "error": "Not Found", "statusCode": 404,
    }  # fmt: skip


def test_a_call_without_a_caller_ends_and_the_server_url_is_told() -> None:
    with (
        Webhook() as hook,
        platform(replace(SERVERS, server=hook.hook), assistants=NAMED, connect_seconds=0.05) as base,
        httpx.Client(headers=KEY) as client,
    ):
        call = client.post(f"{base}/call", json=CALL).json()
        report = hook.wait("end-of-call-report")
        assert hook.types() == ["status-update", "end-of-call-report"]
        assert (report["endedReason"], report["call"]["id"]) == (NEVER_CONNECTED, call["id"])
        found = client.get(f"{base}/call/{call['id']}").json()
        assert (found["status"], found["endedReason"]) == ("ended", NEVER_CONNECTED)
        assert client.delete(f"{base}/call/{call['id']}").status_code == 200
        assert client.get(f"{base}/call/{call['id']}").status_code == 404


def test_no_more_calls_than_the_platform_has_room_for() -> None:
    with platform(SERVERS, assistants=NAMED, max_calls=2) as base:
        answers = [httpx.post(f"{base}/call", json=CALL, headers=KEY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 400]
    assert answers[2].json()["message"] == "Over Concurrency Limit: 2 calls at once (--max-calls)"


def test_a_body_has_a_limit_and_a_path_a_name(api: httpx.Client) -> None:
    large = api.post("/call", content=b"x" * (LARGEST_BODY + 1))
    assert large.json() == {
        "message": "request entity too large", "error": "Request Entity Too Large", "statusCode": 413,
    }  # fmt: skip
    assert api.get("/calls").json()["message"] == "Cannot GET /calls"
    assert api.get("/").json()["name"] == "vapi-providers emulate"


def test_assistants_are_kept_changed_and_called_and_show_no_secret(api: httpx.Client) -> None:
    server = {"url": "http://127.0.0.1:9/hook", "secret": "hush", "headers": {"X-Key": "hush"}}
    kept = api.post("/assistant", json={"name": "Front desk", "server": server}).json()
    assert kept["server"] == {"url": "http://127.0.0.1:9/hook"}
    changed = api.patch(f"/assistant/{kept['id']}", json={"firstMessage": "Hello."}).json()
    assert (changed["name"], changed["firstMessage"]) == ("Front desk", "Hello.")
    assert api.get(f"/assistant/{kept['id']}").json() == changed
    assert kept["id"] in [each["id"] for each in api.get("/assistant").json()]
    call = made(api, assistantId=kept["id"], assistantOverrides={"server": server})
    assert "hush" not in str(call)
    assert api.delete(f"/assistant/{kept['id']}").status_code == 200
    assert api.get(f"/assistant/{kept['id']}").status_code == 400
    wrong = api.post("/assistant", json={"voise": {}}).json()
    assert wrong["message"] == ["property voise should not exist"]

"""What is known of calls, over HTTP: the list, one call, its events live; nothing without the credential."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from providers.engines.base import Transcript
from tests.fakes import ScriptedListener
from tests.live import SECRET, Live, serving, settings, start

HEADERS = {"X-Vapi-Secret": SECRET}


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    said = Transcript("I would like a table for two.", True)
    with serving(transcriber=ScriptedListener(lambda pcm: [said] if any(pcm) else [])) as running:
        yield running


def get(live: Live, path: str) -> Any:
    answer = httpx.get(live.base + path, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return answer.json()


def endpointing(live: Live, call_id: str, words: str, key: str = "") -> None:
    message = {
        "type": "call.endpointing.request",
        "call": {"id": call_id},
        "messages": [{"role": "user", "message": words}],
    }
    query = {"call": key} if key else {}
    url = live.base + "/api/custom-endpointing"
    assert httpx.post(url, params=query, json={"message": message}, headers=HEADERS).status_code == 200


def test_one_call_from_its_socket_to_its_end(live: Live) -> None:
    with live.call() as socket:
        socket.send(start())
        socket.send(b"\x01\x00" * 640)
        assert json.loads(socket.recv(timeout=5))["transcriptType"] == "final"
        endpointing(live, "call-one", "I would like a table for two.")
        live.say("Certainly.", call={"id": "call-one"})
        call = get(live, "/api/calls/call-one")
        assert call["live"]
        assert call["joined"] == "text"
        assert [line["text"] for line in call["transcript"]] == ["I would like a table for two.", "Certainly."]
        kinds = {event["kind"] for event in call["events"]}
        assert {"opened", "started", "first-frame", "endpointing", "joined", "voice-asked", "first-audio"} <= kinds
        (turn,) = call["latencies"]
        parts = [turn[part] for part in ("transcriber", "endpointing", "model", "voice")]
        assert turn["total"] == pytest.approx(sum(parts), abs=0.01)  # each is rounded
        assert "the caller waited" in turn["explanation"]
        assert call["call_id"] in [one["call_id"] for one in get(live, "/api/calls?live=true")["calls"]]
    finished = _eventually_finished(live, "call-one")
    assert finished["ended"].startswith("closed 1000 by caller")
    assert get(live, f"/api/calls/{finished['id']}")["events"][-1]["kind"] == "closed"
    assert finished["call_id"] not in [one["call_id"] for one in get(live, "/api/calls?live=true")["calls"]]


def _eventually_finished(live: Live, name: str) -> dict[str, Any]:
    """Follow the call until it has finished, then look at it."""
    list(_events(live, name))
    found: dict[str, Any] = get(live, f"/api/calls/{name}")
    assert not found["live"]
    return found


def _events(live: Live, name: str) -> Iterator[tuple[str, Any]]:
    with httpx.stream("GET", f"{live.base}/api/calls/{name}/events", headers=HEADERS, timeout=10) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        kind = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield kind, json.loads(line.removeprefix("data: "))


def test_events_come_live_to_several_readers_until_the_call_has_finished(live: Live) -> None:
    with live.call(query="?call=followed") as socket:
        socket.send(start())
        got: list[list[str]] = [[], []]
        heard = threading.Barrier(3, timeout=10)

        def read(mine: list[str]) -> None:
            for kind, _ in _events(live, "followed"):
                mine.append(kind)
                if kind == "final":
                    heard.wait()

        readers = [threading.Thread(target=read, args=(mine,)) for mine in got]
        for reader in readers:
            reader.start()
        socket.send(b"\x01\x00" * 640)
        heard.wait()
    for reader in readers:
        reader.join(10)
        assert not reader.is_alive()
    for mine in got:
        assert mine[0] == "opened"
        assert mine[-2:] == ["closed", "finished"]


def test_a_key_joins_at_once_and_names_the_call(live: Live) -> None:
    with live.call(query="?call=a-key") as socket:
        socket.send(start())
        endpointing(live, "call-two", "", key="a-key")
        assert get(live, "/api/calls/a-key")["joined"] == "key"
        assert get(live, "/api/calls/call-two")["id"] == get(live, "/api/calls/a-key")["id"]
        assert 'providers_call_joins_total{way="key"}' in httpx.get(live.base + "/metrics", headers=HEADERS).text


@pytest.mark.parametrize("path", ["/api/calls", "/api/calls/any", "/api/calls/any/events"])
def test_calls_need_the_credential(live: Live, path: str) -> None:
    assert httpx.get(live.base + path).status_code == 401
    assert httpx.get(live.base + path, headers={"X-Vapi-Secret": "wrong"}).status_code == 401


def test_a_call_that_is_not_remembered_is_404_and_a_wrong_limit_400(live: Live) -> None:
    assert httpx.get(live.base + "/api/calls/nobody", headers=HEADERS).status_code == 404
    assert httpx.get(live.base + "/api/calls/nobody/events", headers=HEADERS).status_code == 404
    for limit in ("0", "1001", "x", ""):
        assert httpx.get(live.base + "/api/calls", params={"limit": limit}, headers=HEADERS).status_code == 400


def test_no_secret_of_a_request_is_kept_in_a_call(live: Live) -> None:
    planted: dict[str, Any] = {
        "phoneNumber": {"twilioAuthToken": "planted-secret", "number": "+15550100"},
        "assistant": {"voice": {"server": {"headers": {"X": "planted-secret"}, "credentialId": "planted-secret"}}},
        "customer": {"number": "+15550100"},
    }
    live.voice(
        {"type": "voice-request", "text": "Hello.", "sampleRate": 16000, "call": {"id": "call-three"}, **planted}
    )
    kept = json.dumps(get(live, "/api/calls/call-three")) + json.dumps(get(live, "/api/calls"))
    assert "planted-secret" not in kept
    assert "+15550100" not in kept


def test_finished_calls_are_bounded() -> None:
    with serving(chosen=settings(calls_finished=3)) as live:
        for number in range(8):
            with live.call(query=f"?call=k{number}") as socket:
                socket.send(start())
        list(_events(live, "k7"))
        assert len(get(live, "/api/calls")["calls"]) == 3


def test_the_server_ends_although_somebody_follows_a_call_that_goes_on(logged: io.StringIO) -> None:
    with serving() as live:
        live.say("Hello.", call={"id": "going-on"})
        reader = threading.Thread(target=lambda: list(_events(live, "going-on")))
        reader.start()
        live.endpoints.drain.begin("test", notice=False)
        reader.join(5)
        assert not reader.is_alive()
    assert "Traceback" not in logged.getvalue()

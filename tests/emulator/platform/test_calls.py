"""Whole calls over real sockets: a caller, the platform, the customer's servers."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from dsp import decode_pcm16, encode_pcm16
from providers.emulator.platform import sockets
from providers.emulator.platform.server import UNSENT
from providers.emulator.platform.words import Words
from tests.emulator.platform.calling import KEY, QUICK, beside, created, dialled, platform, scripted
from tests.emulator.platform.chat_server import ChatServer
from tests.emulator.platform.webhook import Webhook
from tests.emulator.tones import spoken

Json = dict[str, Any]
EVERY = ["status-update", "assistant.started", "transcript", "speech-update", "conversation-update", "voice-input",
         "assistant.speechStarted", "user-interrupted", "end-of-call-report", "tool-calls"]  # fmt: skip
LONG = "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa. " * 2


@pytest.fixture(scope="module")
def hook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


@pytest.fixture(scope="module")
def base(good_url: str, hook: Webhook) -> Iterator[str]:
    with platform(beside(good_url, server=hook.hook, model={"provider": "scripted"}), **scripted("delta echo.")) as url:
        yield url


def told(hook: Webhook, call: Json) -> list[Json]:
    """What the Server URL was told of one call, once the report is there."""
    hook.wait_for(lambda message: message["type"] == "end-of-call-report" and message["call"]["id"] == call["id"])
    return [message for message in hook.messages if message["call"]["id"] == call["id"]]


def loudest(frames: list[bytes]) -> list[float]:
    return [float(np.abs(decode_pcm16(frame)).max()) for frame in frames]


@pytest.mark.parametrize("audio", [{"format": "pcm_s16le", "sampleRate": 24000}, {"format": "mulaw"}])
def test_a_caller_is_understood_and_hears_the_reply(base: str, hook: Webhook, audio: Json) -> None:
    assistant = QUICK | {"serverMessages": EVERY}
    call = created(base, assistant, transport={"audioFormat": audio}, customer={"number": "+15550100"})
    with dialled(call) as caller:
        caller.speak("alpha bravo")
        assert caller.wait("transcript", role="user", transcriptType="final")["transcript"] == "Alpha bravo."
        caller.wait("speech-update", role="assistant", status="stopped")
        caller.send(type="end-call")
        assert caller.ended() == 1000
    assert caller.heard() == "Delta echo."
    assert {len(each) for each in caller.frames} == {160 if audio["format"] == "mulaw" else 960}
    shown = httpx.get(f"{base}/call/{call['id']}", headers=KEY).json()
    assert (shown["status"], shown["endedReason"]) == ("ended", "assistant-ended-call")
    lasted = datetime.fromisoformat(shown["endedAt"]) - datetime.fromisoformat(shown["startedAt"])
    assert len(caller.frames) / 50 == pytest.approx(lasted.total_seconds(), abs=0.3)
    assert [each["message"] for each in shown["messages"]] == ["Alpha bravo.", "delta echo."]
    _check_what_the_server_was_told(told(hook, call), call)


def _check_what_the_server_was_told(messages: list[Json], call: Json) -> None:
    types = [message["type"] for message in messages]
    assert types[:2] == ["status-update", "assistant.started"]
    assert types[-2:] == ["status-update", "end-of-call-report"]
    order = ["transcript", "voice-input", "assistant.speechStarted"]
    assert [types.index(kind) for kind in order] == sorted(types.index(kind) for kind in order)
    first, report = messages[0], messages[-1]
    updates = [message for message in messages if message["type"] == "conversation-update"]
    assert updates[-1]["conversation"] == updates[-1]["messagesOpenAIFormatted"]
    assert [each["role"] for each in updates[-1]["conversation"]] == ["user", "assistant"]
    assert (first["status"], first["call"]["status"]) == ("in-progress", "in-progress")
    assert first["customer"] == {"number": "+15550100"}
    assert first["assistant"]["voice"]["server"]["url"].endswith("/api/custom-voice")
    assert isinstance(first["timestamp"], int)
    assert report["endedReason"] == "assistant-ended-call"
    assert report["artifact"]["transcript"] == "User: Alpha bravo.\nAI: delta echo."
    assert report["startedAt"] < report["endedAt"]
    [spoken] = [message for message in messages if message["type"] == "assistant.speechStarted"]
    assert (spoken["text"], spoken["source"]) == ("delta echo.", "custom-voice")


def test_the_model_calls_a_tool_at_the_server_url_and_says_its_result(good_url: str) -> None:
    results = {"results": [{"name": "weather", "toolCallId": "call-7", "result": "golf hotel."}]}
    function = {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
    tools = [{"type": "function", "function": function}, {"type": "endCall"}]
    chat = ChatServer()
    with Webhook({"tool-calls": results}) as hook, chat.serving() as model:
        named = {"provider": "custom-llm", "url": model, "model": "tiny"}
        words = Words(url=model, key="model-key")
        with platform(beside(good_url, server=hook.hook, model=named), words=words) as base:
            call = created(base, QUICK | {"model": {"provider": "openai", "tools": tools}})
            with dialled(call) as caller:
                caller.speak("alpha bravo")
                caller.wait("speech-update", role="assistant", status="stopped")
            asked = hook.wait("tool-calls")
            told(hook, call)
    assert caller.heard() == "Golf hotel."
    [wanted] = asked["toolCallList"]
    assert (wanted["id"], wanted["name"], wanted["parameters"]) == ("call-7", "weather", {"city": "delta"})
    assert msgspec.json.decode(wanted["function"]["arguments"]) == {"city": "delta"}
    assert hook.types().count("tool-calls") == 1
    first, second = chat.asked
    assert [tool["function"]["name"] for tool in first["tools"]] == ["weather", "endCall"]
    assert second["messages"][-1] == {"role": "tool", "content": "golf hotel.", "tool_call_id": "call-7"}
    assert chat.keys == ["Bearer model-key"] * 2
    [report] = [message for message in hook.messages if message["type"] == "end-of-call-report"]
    assert report["endedReason"] == "customer-ended-call"


def test_the_control_url_speaks_mutes_and_ends_and_the_listen_url_hears_both_sides(base: str, hook: Webhook) -> None:
    call = created(base, QUICK)
    control = call["monitor"]["controlUrl"]
    assert "status is queued" in httpx.post(control, json={"type": "end-call"}).json()["message"]
    with dialled(call) as caller, connect(call["monitor"]["listenUrl"], compression=None) as listener:
        assert msgspec.json.decode(listener.recv(timeout=5)) == {
            "type": "start", "encoding": "linear16", "container": "raw", "sampleRate": 16000, "channels": 2,
        }  # fmt: skip
        refused = httpx.post(control, json={"type": "control", "control": "mute"})
        assert (refused.status_code, refused.json()["error"]) == (400, "Bad Request")
        said = {"type": "say", "content": "golf hotel.", "endCallAfterSpoken": True, "interruptionsEnabled": False}
        assert httpx.post(control, json=said).status_code == 200
        caller.speak("alpha", silence=0)
        frames = [frame for frame in listener if isinstance(frame, bytes)]
        assert caller.ended() == 1000
    stereo = np.frombuffer(b"".join(frames), "<i2").reshape(-1, 2)
    assert {len(frame) for frame in frames} == {1280}
    assert (np.abs(stereo).max(axis=0) > 5000).all()
    report = told(hook, call)[-1]
    assert report["endedReason"] == "assistant-ended-call-after-message-spoken"


def test_a_caller_who_interrupts_is_not_talked_over(good_url: str, hook: Webhook) -> None:
    with platform(beside(good_url, server=hook.hook, model={"provider": "scripted"}), **scripted(LONG)) as base:
        call = created(base, QUICK | {"stopSpeakingPlan": {"backoffSeconds": 0.6}})
        with dialled(call) as caller:
            caller.speak("alpha")
            caller.hear(0.8)
            caller.speak("papa papa papa papa", silence=0)
            interrupted = caller.wait("user-interrupted")
            cut = len(caller.frames)
            caller.wait("conversation-update")
            caller.speak("", silence=0.5)
            quiet = loudest(caller.frames[cut + 3 : cut + 25])
        assert interrupted["turnId"]
        assert max(quiet) == 0.0
        messages = told(hook, call)
    updates = [message for message in messages if message["type"] == "conversation-update"]
    [heard] = [each["message"] for each in updates[-1]["messages"] if each["role"] == "bot"]
    assert LONG.startswith(heard)
    assert 0 < len(heard) < len(LONG.strip())


def test_the_server_url_chooses_the_assistant_of_a_call_that_comes_in(good_url: str) -> None:
    chosen = {"assistant": QUICK | {"firstMessage": "golf hotel.", "firstMessageMode": "assistant-speaks-first"}}
    with Webhook({"assistant-request": chosen}) as hook, platform(beside(good_url, server=hook.hook)) as base:
        answer = httpx.post(f"{base}/call/inbound", json={"customer": {"number": "+15550123"}}, headers=KEY)
        assert answer.status_code == 201, answer.text
        call = answer.json()
        assert (call["type"], call["status"]) == ("inboundPhoneCall", "ringing")
        with dialled(call) as caller:
            caller.wait("speech-update", role="assistant", status="stopped")
        assert caller.heard() == "Golf hotel."
        told(hook, call)
        asked = hook.messages[0]
        assert (asked["type"], asked["customer"]["number"]) == ("assistant-request", "+15550123")
        assert hook.headers[0]["x-vapi-secret"] == "right-secret"

        hook.answers["assistant-request"] = {"error": "No credit."}
        refused = httpx.post(f"{base}/call/inbound", headers=KEY)
        assert refused.json()["message"] == "assistant-request-returned-error: No credit."
        hook.answers["assistant-request"] = 503
        failed = httpx.post(f"{base}/call/inbound", headers=KEY)
        assert "assistant-request-failed" in failed.json()["message"]


def test_a_whole_recording_sent_at_once_is_heard_in_its_time(base: str, hook: Webhook) -> None:
    call = created(base, QUICK)
    with dialled(call) as caller:
        caller.socket.send(encode_pcm16(spoken("alpha bravo charlie delta", 16000)) + bytes(32000))
        found = caller.wait("transcript", role="user", transcriptType="final")
        assert found["transcript"] == "Alpha bravo charlie delta."
        caller.send(type="hangup")
        assert caller.ended() == 1000
    assert told(hook, call)[-1]["endedReason"] == "customer-ended-call"


def test_a_client_that_reads_nothing_is_not_queued_for_and_is_given_up(
    base: str, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "_UNREAD", 0.5)
    call = created(base, QUICK, transport={"audioFormat": {"format": "pcm_s16le", "sampleRate": 192000}})
    url = call["transport"]["websocketCallUrl"]
    host, port = base.removeprefix("http://").split(":")
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect((host, int(port)))
        with connect(url, sock=line, compression=None, max_queue=1, close_timeout=1) as client:
            assert told(hook, call)[-1]["endedReason"] == "customer-ended-call"
            received = 0
            with contextlib.suppress(ConnectionClosed):
                while True:
                    received += len(client.recv())
    assert 0 < received < 6 * UNSENT


def test_a_caller_whose_line_drops_has_hung_up(base: str, hook: Webhook) -> None:
    call = created(base, QUICK)
    with dialled(call) as caller:
        caller.socket.socket.shutdown(2)
    assert told(hook, call)[-1]["endedReason"] == "customer-ended-call"


def test_a_socket_is_opened_once_and_only_for_a_call_that_waits(base: str) -> None:
    call = created(base, QUICK)
    url = call["transport"]["websocketCallUrl"]
    with dialled(call):
        with pytest.raises(InvalidStatus) as second, connect(url):
            pass
        assert second.value.response.status_code == 400
    with pytest.raises(InvalidStatus) as unknown, connect(url.replace(call["id"], "nobody")):
        pass
    assert unknown.value.response.status_code == 404


def test_an_unknown_message_is_ignored_and_the_call_goes_on(base: str) -> None:
    call = created(base, QUICK)
    with dialled(call) as caller:
        caller.socket.send("not json")
        caller.send(type="dance")
        caller.send(type="say", content="golf.")
        caller.wait("speech-update", role="assistant", status="stopped")


def test_a_voice_that_fails_ends_the_call_with_the_platforms_reason(base: str, hook: Webhook) -> None:
    broken = {"voice": {"provider": "custom-voice", "server": {"url": "http://127.0.0.1:9/voice", "timeoutSeconds": 1}}}
    call = created(base, QUICK | broken | {"firstMessage": "golf.", "firstMessageMode": "assistant-speaks-first"})
    with dialled(call) as caller:
        assert caller.ended() == 1000
    assert told(hook, call)[-1]["endedReason"] == "pipeline-error-custom-voice-failed"


def test_ending_the_platform_ends_its_calls(good_url: str, hook: Webhook) -> None:
    with contextlib.ExitStack() as outlives:
        with platform(beside(good_url, server=hook.hook)) as base:
            call = created(base, QUICK)
            caller = outlives.enter_context(dialled(call))
            caller.wait("status-update")
        assert caller.ended() == 1012
    assert told(hook, call)[-1]["type"] == "end-of-call-report"

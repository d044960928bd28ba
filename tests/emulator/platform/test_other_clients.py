"""Clients that are not ours: the platform's own SDK, and one in Node that was written from the transport's pages."""

from __future__ import annotations

import json
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.emulator.platform.assistants import DEFAULT_ASSISTANT
from tests.emulator.platform.calling import QUICK, beside, dialled, platform, scripted

CLIENT = Path(__file__).with_name("transport_client.mjs")


@pytest.fixture(scope="module")
def base(good_url: str) -> Iterator[str]:
    defaults = beside(good_url, model={"provider": "scripted"})
    with platform(defaults, assistants={DEFAULT_ASSISTANT: QUICK}, **scripted("delta echo.")) as url:
        yield url


def sdk() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("vapi", reason="needs the platform's SDK: pip install vapi_server_sdk")


@pytest.fixture
def sdk_client(base: str) -> Iterator[Any]:
    """A client of the SDK's own, pointed at the platform."""
    vapi = sdk()
    with httpx.Client(timeout=10) as line:
        yield vapi.Vapi(token="any", base_url=base, httpx_client=line)


def test_the_sdk_makes_a_call_and_reads_it_and_a_refusal(base: str, sdk_client: Any) -> None:
    audio = {"format": "mulaw", "container": "raw", "sampleRate": 8000}
    transport = {"provider": "vapi.websocket", "audioFormat": audio}
    call = sdk_client.calls.create(assistant_id=DEFAULT_ASSISTANT, transport=transport, name="From the SDK")
    assert isinstance(call, sdk().Call)
    assert (call.type, call.status, call.name) == ("vapi.websocketCall", "queued", "From the SDK")
    assert call.monitor.control_url.endswith(f"{call.id}/control")
    found = sdk_client.calls.get(call.id)
    assert found.created_at == call.created_at
    assert call.id in [each.id for each in sdk_client.calls.list(limit=10)]
    with dialled({"transport": found.transport.dict(by_alias=True)}) as caller:
        caller.speak("alpha bravo")
        caller.wait("speech-update", role="assistant", status="stopped")
        caller.send(type="end-call")
        assert caller.ended() == 1000
    assert caller.heard() == "Delta echo."
    over = sdk_client.calls.get(call.id)
    assert (over.status, over.ended_reason) == ("ended", "assistant-ended-call")
    assert [message.role for message in over.artifact.messages] == ["user", "bot"]
    with pytest.raises(sdk().core.api_error.ApiError) as refused:
        sdk_client.calls.create(assistant_id="nobody", transport=transport)
    assert refused.value.status_code == 400
    assert refused.value.body["message"].startswith("Couldn't Get Assistant")


def test_a_client_in_node_written_from_the_pages_holds_a_call(base: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node")
    if subprocess.run([node, "-e", "process.exit(typeof WebSocket === 'undefined' ? 1 : 0)"], check=False).returncode:
        found = subprocess.run([node, "-e", "require.resolve('ws')"], capture_output=True, check=False)
        if found.returncode:
            pytest.skip("needs Node 22 or the package ws: npm install ws, and NODE_PATH")
    done = subprocess.run([node, str(CLIENT), base, DEFAULT_ASSISTANT], capture_output=True, timeout=40, check=False)
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert told["created"] == "queued"
    assert told["code"] == 1000
    assert told["frameBytes"] == [1764]
    assert told["loudest"] > 5000
    for kind in ("status-update", "transcript", "speech-update", "conversation-update", "model-output"):
        assert kind in told["types"]
    assert told["wrapped"] == 0

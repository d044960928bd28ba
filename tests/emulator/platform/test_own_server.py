"""A call at this project's own server, which checks every credential itself: each kind opens every endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from providers.emulator.platform.assistants import Defaults
from tests.emulator.platform.calling import KEY, QUICK, created, dialled, platform
from tests.live import serving, settings

Json = dict[str, Any]
STRONG = "a-strong-secret-of-this-test-0123456789"
CLIENT = "client-1"

WAYS: dict[str, tuple[Json, Json]] = {
    "hmac": (
        {"hmac_secret": STRONG, "hmac_algorithm": "sha512"},
        {"type": "hmac", "secretKey": STRONG, "algorithm": "sha512"},
    ),
    "oauth": (
        {"oauth_client": f"{CLIENT}:{STRONG}"},
        {"type": "oauth2", "url": "{base}/oauth/token", "clientId": CLIENT, "clientSecret": STRONG},
    ),
    "bearer": ({"secret": STRONG}, {"type": "bearer", "token": STRONG}),
    "secret": (
        {"secret": STRONG},
        {"type": "bearer", "token": STRONG, "headerName": "X-Vapi-Secret", "bearerPrefixEnabled": False},
    ),
}


@contextmanager
def guarded(way: str) -> Iterator[tuple[str, Json]]:
    """A server that takes one kind of credential alone, and the plan that opens it."""
    chosen, plan = WAYS[way]
    with serving(chosen=settings(**{"secret": None, **chosen}, auth=way)) as live:
        filled = {
            name: value.format(base=live.base) if isinstance(value, str) else value for name, value in plan.items()
        }
        yield live.base, filled


def assistant(base: str, plan: Json | None) -> Json:
    """One whose every server is the guarded one."""
    credential = {"provider": "custom-credential", "id": "c1", "authenticationPlan": plan}
    at = {"credentialId": "c1"} if plan is not None else {}
    socket = base.replace("http", "ws", 1)
    return QUICK | {
        "voice": {"provider": "custom-voice", "server": {"url": f"{base}/api/custom-voice", **at}},
        "transcriber": {"provider": "custom-transcriber", "server": {"url": f"{socket}/api/custom-transcriber", **at}},
        "server": {"url": f"{base}/api/server-url", **at},
        "credentials": [credential] if plan is not None else [],
        "firstMessage": "Hello.",
        "firstMessageMode": "assistant-speaks-first",
    }


@pytest.mark.parametrize("way", WAYS)
def test_each_kind_of_credential_opens_voice_transcriber_and_server_url(way: str) -> None:
    with guarded(way) as (base, plan), platform(Defaults()) as emulated:
        call = created(emulated, assistant(base, plan))
        with dialled(call) as caller:
            caller.wait("speech-update", role="assistant", status="stopped")
            caller.send(type="end-call")
            assert caller.ended() == 1000
        over = httpx.get(f"{emulated}/call/{call['id']}", headers=KEY).json()
        assert over["endedReason"] == "assistant-ended-call"


@pytest.mark.parametrize("way", ["hmac", "bearer"])
def test_without_its_credential_a_call_fails_for_the_platforms_reason(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    with guarded(way) as (base, _), platform(Defaults()) as emulated:
        with dialled(created(emulated, assistant(base, None))) as caller:
            ended = caller.wait("status-update", status="ended")
            assert caller.ended() == 1000
    assert ended["endedReason"] in ("pipeline-error-custom-voice-failed", "pipeline-error-custom-transcriber-failed")
    assert "401" in caplog.text

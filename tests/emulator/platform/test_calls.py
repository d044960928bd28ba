"""Whole calls over real sockets: a caller, the platform, the customer's servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from providers.emulator.platform.assistants import DEFAULT_ASSISTANT
from tests.emulator.platform.calling import KEY, QUICK, beside, created, dialled, platform, scripted
from tests.emulator.platform.webhook import Webhook

Json = dict[str, Any]
ALL = ["status-update", "assistant.started", "transcript", "speech-update", "conversation-update", "model-output",
       "voice-input", "assistant.speechStarted", "user-interrupted", "end-of-call-report", "tool-calls"]  # fmt: skip


@pytest.fixture(scope="module")
def hook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


@pytest.fixture(scope="module")
def base(good_url: str, hook: Webhook) -> Iterator[str]:
    defaults = beside(good_url, server=hook.hook, model={"provider": "scripted"})
    with platform(defaults, assistants={DEFAULT_ASSISTANT: QUICK}, **scripted("delta echo.")) as url:
        yield url


@pytest.mark.parametrize("audio", [{"format": "pcm_s16le", "sampleRate": 24000}, {"format": "mulaw"}])
def test_a_caller_is_understood_and_hears_the_reply(base: str, audio: Json) -> None:
    call = created(base, QUICK, transport={"audioFormat": audio})
    with dialled(call) as caller:
        caller.speak("alpha bravo")
        assert caller.wait("transcript", role="user", transcriptType="final")["transcript"] == "Alpha bravo."
        caller.wait("speech-update", role="assistant", status="stopped")
        caller.send(type="end-call")
        assert caller.ended() == 1000
    assert caller.heard() == "Delta echo."
    frame = 160 if audio["format"] == "mulaw" else 960
    assert {len(each) for each in caller.frames} == {frame}
    assert 0.016 < np.diff(caller.arrivals).mean() < 0.03
    shown = httpx.get(f"{base}/call/{call['id']}", headers=KEY).json()
    assert (shown["status"], shown["endedReason"]) == ("ended", "assistant-ended-call")
    assert [each["message"] for each in shown["messages"]] == ["Alpha bravo.", "delta echo."]

"""Speech that begins with ``voice-input``, and the voice request that goes on with it, over real sockets."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import httpx
import pytest

from providers.calls.notes import CallNotes
from providers.calls.registry import Calls
from providers.engines.base import Chunk, Utterance
from providers.errors import EngineError
from providers.loop_share import LoopShare
from providers.operations.labels import Prefetch
from providers.paths import SERVER_URL_PATH, VOICE_PATH
from providers.voice.options import DEFAULT_OPTIONS
from providers.voice.prefetch import VoicePrefetch
from providers.voice.wire import VoiceRequest
from tests.fakes import LOUD, Hang, ScriptedVoice
from tests.live import SECRET, Live, serving, settings
from tests.raw_voice import connect, raw_request

HEADERS = {"X-Vapi-Secret": SECRET}
ON = settings(prefetch_voice=True)


def post(live: Live, path: str, message: dict[str, object]) -> bytes:
    # Without TLS no certificates need to be read, which takes longer than the request.
    answer = httpx.post(live.base + path, json={"message": message}, headers=HEADERS, timeout=10, verify=False)
    assert answer.status_code == 200
    return answer.content


def get(live: Live, path: str) -> httpx.Response:
    return httpx.get(live.base + path, headers=HEADERS, verify=False)


def tell(live: Live, text: str = "Good morning.", kind: str = "voice-input", call: str = "c-1", **more: object) -> None:
    post(live, SERVER_URL_PATH, {"type": kind, "input": text, "call": {"id": call}, **more})


def ask(live: Live, text: str = "Good morning.", rate: int = 24000, call: str = "c-1") -> bytes:
    return post(live, VOICE_PATH, {"type": "voice-request", "text": text, "sampleRate": rate, "call": {"id": call}})


def outcomes(live: Live) -> dict[str, int]:
    """What became of the texts that were told of, the outcomes that happened."""
    page = get(live, "/metrics").text
    found = re.findall(r'providers_voice_prefetches_total\{outcome="(\w+)"\} (\d+)', page)
    return {outcome: int(count) for outcome, count in found if int(count)}


def until(live: Live, expected: dict[str, int]) -> None:
    """Look, each time by a request, until this is what became of them."""
    deadline = time.monotonic() + 20
    while outcomes(live) != expected:
        assert time.monotonic() < deadline, outcomes(live)


def ended(live: Live, call: str = "c-1") -> list[str]:
    page = get(live, f"/api/calls/{call}").json()
    return [event["detail"] for event in page["events"] if event["kind"] == "voice-ended"]


def test_the_voice_request_goes_on_with_the_speech_that_was_begun_and_nothing_is_spoken_twice() -> None:
    voice = ScriptedVoice([LOUD] * 30)
    with serving(voice=voice, chosen=ON) as live:
        tell(live)
        taken = ask(live)
        assert [one.text for one in voice.utterances] == ["Good morning."]
        again = ask(live)
        assert len(voice.utterances) == 2, "each synthesis is handed out once"
        assert taken == again, "the same audio as without it"
        assert outcomes(live) == {"taken": 1}
        assert ended(live) == ["complete", "complete"]


def test_speech_of_another_text_is_never_handed_out_and_is_cancelled_when_nobody_asks() -> None:
    voice = ScriptedVoice([LOUD, Hang()])
    with serving(voice=voice, chosen=settings(prefetch_voice=True, prefetch_seconds=0.3)) as live:
        tell(live, "One.")
        assert voice.hanging.wait(10)
        voice.script = [LOUD]
        ask(live, "Two.")
        assert [one.text for one in voice.utterances] == ["One.", "Two."]
        assert voice.cancelled.wait(10)
        assert outcomes(live) == {"unclaimed": 1}


def test_speech_at_another_rate_or_of_another_call_is_not_handed_out() -> None:
    voice = ScriptedVoice([LOUD])
    with serving(voice=voice, chosen=ON) as live:
        tell(live)
        assert len(ask(live, rate=8000)) < 2 * len(LOUD)
        assert [one.rate for one in voice.utterances] == [24000, 8000]
        tell(live, "And now?")
        ask(live, "And now?", rate=8000)
        assert [one.rate for one in voice.utterances] == [24000, 8000, 8000], "the call's rate is known by now"
        tell(live, call="c-2")
        ask(live, rate=8000, call="c-3")
        assert len(voice.utterances) == 5
        assert outcomes(live) == {"other": 1, "taken": 1}


def test_a_text_that_was_asked_for_before_it_is_told_of_is_not_spoken_again() -> None:
    voice = ScriptedVoice([LOUD])
    with serving(voice=voice, chosen=ON) as live:
        ask(live)
        tell(live)
        tell(live)
        ask(live)
        assert len(voice.utterances) == 2
        assert outcomes(live) == {"late": 1, "taken": 1}


@pytest.mark.parametrize("what", [{"kind": "user-interrupted"}, {"kind": "status-update", "status": "ended"}])
def test_an_interruption_and_the_end_of_the_call_cancel_what_was_begun(what: dict[str, str]) -> None:
    voice = ScriptedVoice([LOUD, Hang()])
    with serving(voice=voice, chosen=ON) as live:
        tell(live)
        assert voice.hanging.wait(10)
        tell(live, call="another", **what)
        assert not voice.cancelled.is_set()
        tell(live, **what)
        assert voice.cancelled.wait(10)
        assert outcomes(live) == {"dropped": 1}


def test_an_engine_that_fails_ahead_is_asked_again_by_the_voice_request() -> None:
    voice = ScriptedVoice([EngineError("the line is down", engine="scripted")])
    with serving(voice=voice, chosen=ON) as live:
        tell(live)
        until(live, {"failed": 1})
        voice.script = [LOUD]
        assert len(ask(live)) > 100
        assert len(voice.utterances) == 2


def test_nothing_begins_unless_it_is_asked_for_or_without_room_or_words() -> None:
    voice = ScriptedVoice([LOUD, Hang()])
    with serving(voice=voice, chosen=settings(max_text_chars=30)) as live:
        tell(live)
        assert outcomes(live) == {}
    with serving(voice=voice, chosen=settings(prefetch_voice=True, max_voices=1, max_text_chars=30)) as live:
        tell(live, " ")
        tell(live, "x" * 31)
        tell(live, call="")
        assert not voice.utterances
        tell(live, "One.")
        tell(live, "Two.")
        assert outcomes(live) == {"full": 1}
        assert voice.hanging.wait(10)
    assert voice.cancelled.is_set(), "the server's end cancels what nobody asked for"
    assert [one.text for one in voice.utterances] == ["One."]


def test_a_caller_who_hangs_up_cancels_the_speech_that_was_begun() -> None:
    voice = ScriptedVoice([Hang()])
    with serving(voice=voice, chosen=ON) as live:
        tell(live, "one")
        assert voice.hanging.wait(10)
        with connect(live) as sock:
            sock.sendall(raw_request("one", rate=24000, call={"id": "c-1"}))
            until(live, {"taken": 1})
        assert voice.cancelled.wait(10)
        assert len(voice.utterances) == 1


@dataclass
class Slow(ScriptedVoice):
    """Speaks once it is let go, and tells that another engine does."""

    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        await self.go.wait()
        yield Chunk(LOUD, 16000, fallback_engine="second")


def test_who_really_speaks_is_told_whether_it_was_before_or_after_the_request() -> None:
    asyncio.run(_told_who_speaks())


async def _told_who_speaks() -> None:
    notes, told = Calls().voice("c", b"", "Hi.", 16000), list[Prefetch]()
    engine = Slow()
    prefetch = VoicePrefetch(
        engine, DEFAULT_OPTIONS, LoopShare(), room=lambda begun: True, patience=5, on_end=told.append, max_text_chars=99
    )

    async def spoken(before: bool) -> list[str]:
        engines: list[str] = []
        prefetch.begin("c", "Hi.", notes)
        begun = prefetch.take(VoiceRequest("Hi.", 24000, None, "c"))
        assert begun is not None
        if before:
            engine.go.set()
            await begun.first
        blocks = begun.blocks(engines.append, lambda words: None)
        engine.go.set()
        assert b"".join([block async for block in blocks])
        return engines

    assert await spoken(before=False) == ["second"]
    assert await spoken(before=True) == ["second"]
    assert told == ["taken", "taken"]
    assert isinstance(notes, CallNotes)
    await prefetch.aclose()

"""The voice endpoint over a real socket."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from providers.engines.tone import Tone
from providers.errors import EngineBusy, EngineError, UnknownVoice, UnspeakableText
from providers.paths import VOICE_PATH
from tests.fakes import LOUD, Hang, ScriptedVoice
from tests.live import SECRET, Live, serving, settings
from tests.raw_voice import connect, raw_request


@pytest.fixture(scope="module")
def tone() -> Iterator[Live]:
    with serving(voice=Tone()) as live:
        yield live


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 32000, 44100, 48000])
def test_the_answer_is_sample_exact_at_the_seven_rates(tone: Live, rate: int) -> None:
    answer = tone.say("How long is this?", rate)
    assert answer.status_code == 200
    assert len(answer.content) == 2 * round(17 * 0.06 * rate)


def test_headers_say_raw_and_unbuffered(tone: Live) -> None:
    headers = tone.say("Hello.").headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["transfer-encoding"] == "chunked"
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"
    assert "content-length" not in headers


def test_every_chunk_on_the_wire_is_whole_samples() -> None:
    with serving(voice=ScriptedVoice([LOUD[:333], LOUD[333:334], LOUD[334:]])) as live, connect(live) as sock:
        sock.sendall(raw_request("one"))
        response = http.client.HTTPResponse(sock, method="POST")
        response.begin()
        assert response.fp is not None
        sizes = []
        while size := int(response.fp.readline(), 16):
            sizes.append(size)
            response.fp.read(size + 2)
    assert sizes
    assert all(size % 2 == 0 for size in sizes)


def test_the_body_has_no_header_bytes(tone: Live) -> None:
    assert not tone.say("Hello.").content.startswith(b"RIFF")


@pytest.mark.parametrize("text", ["", "  \n "])
def test_empty_text_is_an_empty_200(tone: Live, text: str) -> None:
    answer = tone.say(text)
    assert (answer.status_code, answer.content) == (200, b"")


def test_another_message_type_is_an_empty_object(tone: Live) -> None:
    answer = tone.voice({"type": "status-update", "status": "ended"})
    assert (answer.status_code, answer.json()) == (200, {})


def test_an_unknown_voice_names_some_that_exist(tone: Live) -> None:
    answer = tone.say("Hello.", voiceId="nobody")
    assert answer.status_code == 400
    assert "nobody" in answer.json()["error"]
    assert "high" in answer.json()["error"]


def test_the_voice_may_stand_in_the_url_and_the_message_beats_it() -> None:
    engine = ScriptedVoice()
    with serving(voice=engine) as live:
        message = {"type": "voice-request", "text": "Hi", "sampleRate": 16000}
        live.voice(message, query="?voice=from-url")
        live.voice({**message, "assistant": {"voice": {"voiceId": "from-assistant"}}}, query="?voice=from-url")
        live.voice(message)
    assert [utterance.voice for utterance in engine.utterances] == ["from-url", "from-assistant", None]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (EngineError("broken"), 502),
        (EngineBusy("full", retry_after=3), 503),
        (UnknownVoice("x", engine="e", examples=("y",)), 400),
        (UnspeakableText(engine="e"), 422),
    ],
)
def test_a_failure_before_audio_is_a_status_with_json(error: EngineError, status: int) -> None:
    with serving(voice=ScriptedVoice([error])) as live:
        answer = live.say("Hello.")
    assert answer.status_code == status
    assert answer.json() == {"error": str(error), **({"reason": "engine-busy"} if status == 503 else {})}
    assert answer.headers.get("retry-after") == ("3" if status == 503 else None)


def test_a_fault_of_our_own_is_a_500_without_details() -> None:
    with serving(voice=ScriptedVoice([ValueError("hunter2")])) as live:
        answer = live.say("Hello.")
    assert (answer.status_code, answer.json()) == (500, {"error": "internal error"})


def test_a_failure_after_audio_leaves_the_body_incomplete() -> None:
    with serving(voice=ScriptedVoice([LOUD, LOUD, EngineError("broken")])) as live:
        with pytest.raises(httpx.RemoteProtocolError):
            live.say("Hello.")
        assert live.voice({"type": "other"}).status_code == 200


def test_hanging_up_cancels_the_engine_within_100_ms() -> None:
    scripts: list[list[bytes | Exception | Hang]] = [[Hang()], [LOUD, Hang()]]
    for script in scripts:
        engine = ScriptedVoice(script)
        with serving(voice=engine) as live, connect(live) as sock:
            sock.sendall(raw_request("one"))
            assert engine.hanging.wait(5)
            begun = time.perf_counter()
            sock.close()
            assert engine.cancelled.wait(5)
            assert time.perf_counter() - begun < 0.1


def test_hanging_up_on_a_reader_that_stopped_reading_cancels_too() -> None:
    engine = ScriptedVoice([LOUD] * 20_000)
    with serving(voice=engine, chosen=settings(lookahead_seconds=1)) as live, connect(live) as sock:
        sock.sendall(raw_request("one"))
        sock.recv(100)
        sock.close()
        assert engine.cancelled.wait(5)


def test_two_requests_at_once_do_not_mix(tone: Live) -> None:
    answers: dict[str, bytes] = {}

    def ask(voice: str) -> None:
        answers[voice] = tone.say("a tone " * 30, voiceId=voice).content

    threads = [threading.Thread(target=ask, args=(voice,)) for voice in ("low", "high")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for voice, pcm in answers.items():
        assert pcm == tone.say("a tone " * 30, voiceId=voice).content
    assert answers["low"] != answers["high"]


def test_a_body_of_eight_megabytes_is_served(tone: Live) -> None:
    message = {"type": "voice-request", "text": "Hi", "sampleRate": 8000, "artifact": {"blob": "x" * 8_000_000}}
    assert tone.voice(message).status_code == 200


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_413(announced: bool) -> None:
    with serving(chosen=settings(max_body_bytes=1000)) as live:
        body = b" " * 2000
        headers = {"X-Vapi-Secret": SECRET, "Content-Type": "application/json"}
        content = body if announced else iter([body[:500]] * 4)
        answer = httpx.post(live.base + VOICE_PATH, content=content, headers=headers)
    assert answer.status_code == 413
    assert answer.json()["error"].startswith("body: expected at most 1000 bytes")


def test_a_text_over_the_limit_is_413(tone: Live) -> None:
    assert tone.say("x" * 10_001).status_code == 413


@pytest.mark.parametrize("kind", ["text/plain", "audio/wav", ""])
def test_a_wrong_content_type_is_400(tone: Live, kind: str) -> None:
    headers = {"X-Vapi-Secret": SECRET, "Content-Type": kind}
    answer = httpx.post(tone.base + VOICE_PATH, content=b"{}", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("content-type: expected application/json")


def test_broken_json_is_400(tone: Live) -> None:
    headers = {"X-Vapi-Secret": SECRET, "Content-Type": "application/json; charset=utf-8"}
    answer = httpx.post(tone.base + VOICE_PATH, content=b'{"message":', headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_wrong_method_is_405_with_json(tone: Live, method: str) -> None:
    answer = httpx.request(method, tone.base + VOICE_PATH)
    assert answer.status_code == 405
    assert answer.json() == {"error": "Method Not Allowed"}

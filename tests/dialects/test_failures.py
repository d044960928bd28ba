"""What a dialect's client sees when something fails: an error in its own shape, and never a 200 with silence."""

from __future__ import annotations

import io
import json
import threading
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from providers.engines.base import Transcript
from providers.errors import EngineBusy, EngineError, UnknownVoice
from tests.dialects.sounds import rms, tone, wav
from tests.fakes import LOUD, Hang, ScriptedListener, ScriptedVoice
from tests.live import SECRET, Live, serving, settings
from tests.transcriber.test_endpoint import eventually

ALL = "openai,deepgram,jambonz"
KEY = {"Authorization": f"Bearer {SECRET}"}
SPOKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": ("/v1/audio/speech", {"input": "Hello there.", "response_format": "pcm"}),
    "deepgram": ("/v1/speak?encoding=linear16&container=none&sample_rate=24000", {"text": "Hello there."}),
    "jambonz": ("/api/jambonz/tts?format=l16&sampleRate=24000", {"text": "Hello there."}),
}
LISTENING = "/v1/listen?encoding=linear16&sample_rate=16000"


def message_of(dialect: str, response: httpx.Response) -> str:
    """The sentence of an error, where that dialect's clients look for it."""
    body = response.json()
    return str({"openai": lambda: body["error"]["message"], "deepgram": lambda: body["err_msg"]}.get(
        dialect, lambda: body["error"]
    )())  # fmt: skip


def speak(live: Live, dialect: str, headers: dict[str, str] = KEY) -> httpx.Response:
    path, body = SPOKEN[dialect]
    return httpx.post(live.base + path, json=body, headers=headers, timeout=20)


def upload(live: Live, sound: bytes, **fields: str) -> httpx.Response:
    form = {"files": {"file": ("a.wav", sound)}, "data": {"model": "whisper-1", **fields}}
    return httpx.post(live.base + "/v1/audio/transcriptions", headers=KEY, timeout=20, **form)  # type: ignore[arg-type]


def socket(live: Live, path: str) -> ClientConnection:
    return connect(live.base.replace("http", "ws", 1) + path, additional_headers=KEY, compression=None, close_timeout=1)


@pytest.mark.parametrize("dialect", SPOKEN)
@pytest.mark.parametrize(
    ("script", "status", "named"),
    [
        ((EngineError("the voice is lost"),), 502, "lost"),
        ((bytes(32000),), 502, "silence"),
        ((EngineBusy("voices: full", retry_after=3),), 503, "full"),
        ((UnknownVoice("x", engine="scripted", examples=("a",)),), 400, "voice"),
    ],
)
def test_speech_that_fails_before_its_first_sound_is_an_error(
    dialect: str, script: tuple[Any, ...], status: int, named: str
) -> None:
    with serving(voice=ScriptedVoice(script), chosen=settings(dialects=ALL)) as live:
        answer = speak(live, dialect)
    assert answer.status_code == status
    assert named in message_of(dialect, answer)
    assert ("retry-after" in answer.headers) == (status == 503)


@pytest.mark.parametrize("dialect", SPOKEN)
def test_speech_that_fails_later_is_cut_off_and_never_ends_politely(dialect: str) -> None:
    with serving(voice=ScriptedVoice((LOUD, EngineError("lost"))), chosen=settings(dialects=ALL)) as live:
        with pytest.raises(httpx.RemoteProtocolError):
            speak(live, dialect)
        page = httpx.get(live.base + "/metrics", headers=KEY).text
    assert 'providers_voice_requests_total{outcome="aborted"} 1.0' in page


@pytest.mark.parametrize("dialect", SPOKEN)
def test_a_full_server_says_so_and_who_hangs_up_frees_the_place(dialect: str) -> None:
    voice = ScriptedVoice((LOUD, Hang()))
    chosen = settings(dialects=ALL, max_voices=1, voice_queue_seconds=0)
    with serving(voice=voice, chosen=chosen) as live:
        path, body = SPOKEN[dialect]
        with httpx.stream("POST", live.base + path, json=body, headers=KEY) as first:
            assert first.status_code == 200
            assert voice.hanging.wait(10)
            answer = speak(live, dialect)
            assert answer.status_code == 503
            assert "--max-voices" in message_of(dialect, answer)
            assert int(answer.headers["retry-after"]) >= 1
        assert voice.cancelled.wait(10)
        eventually(lambda: live.endpoints.voice.places.active == 0)


def test_the_platforms_own_secret_and_deepgrams_scheme_open_every_dialect() -> None:
    with serving(voice=ScriptedVoice(), chosen=settings(dialects=ALL)) as live:
        for dialect in SPOKEN:
            assert speak(live, dialect, {"X-Vapi-Secret": SECRET}).status_code == 200
            assert speak(live, dialect, {}).status_code == 401
        assert speak(live, "deepgram", {"Authorization": f"Token {SECRET}"}).status_code == 200
        assert speak(live, "deepgram", {"Authorization": "Token other"}).status_code == 401
        headers: Any = {"subprotocols": ["token", SECRET], "compression": None}
        with connect(live.base.replace("http", "ws", 1) + LISTENING, **headers) as opened:
            assert opened.subprotocol == "token"


def test_a_voice_of_the_vendors_is_the_engines_default_where_the_engine_has_no_such_voice() -> None:
    class Choosy(ScriptedVoice):
        async def synthesize(self, utterance: Any, /) -> Any:
            if utterance.voice == "alloy":
                raise UnknownVoice("alloy", engine="scripted", examples=("a",))
            async for chunk in super().synthesize(utterance):
                yield chunk

    voice = Choosy()
    with serving(voice=voice, chosen=settings(dialects=ALL)) as live:
        for named in ("alloy", "en-us"):
            body = {"input": "Hello.", "voice": named, "response_format": "pcm"}
            assert httpx.post(live.base + "/v1/audio/speech", json=body, headers=KEY).status_code == 200
    assert [utterance.voice for utterance in voice.utterances] == [None, "en-us"]


@pytest.mark.parametrize(
    ("sound", "limits", "status", "named"),
    [
        (wav(tone(1.0, 8000), 8000), {"max_upload_bytes": 10_000}, 413, "10000 bytes"),
        (wav(tone(2.0, 8000), 8000), {"max_upload_seconds": 1}, 413, "1 s"),
        (b"", {}, 400, "empty"),
        (b"GIF89a" + bytes(100), {}, 400, "format"),
    ],
)
def test_an_upload_has_bounds(sound: bytes, limits: dict[str, int], status: int, named: str) -> None:
    with serving(transcriber=ScriptedListener(), chosen=settings(dialects=ALL, **limits)) as live:
        answer = upload(live, sound)
    assert answer.status_code == status
    assert named in answer.json()["error"]["message"]


@pytest.mark.parametrize(("rate", "heard_at"), [(8000, 8000), (11025, 11025), (48000, 16000), (96000, 16000)])
def test_a_file_of_any_rate_is_heard_at_a_rate_of_speech(rate: int, heard_at: int) -> None:
    engine = ScriptedListener(last_words=[Transcript("Yes.", final=True, end=0.5)])
    with serving(transcriber=engine, chosen=settings(dialects=ALL)) as live:
        left, right = np.frombuffer(tone(1.0, rate), "<i2"), np.frombuffer(tone(1.0, rate, 1000.0), "<i2")
        answer = upload(live, wav(np.stack([left, right], axis=1).tobytes(), rate, channels=2))
        assert answer.json()["text"] == "Yes."
        split = httpx.post(
            live.base + "/v1/listen?multichannel=true",
            content=wav(np.stack([left, right], axis=1).tobytes(), rate, channels=2),
            headers=KEY,
        )
    assert [len(each["alternatives"]) for each in split.json()["results"]["channels"]] == [1, 1]
    assert engine.rates == [heard_at] * 3
    assert all(abs(len(pushed) / 2 / heard_at - 1.0) < 0.01 for pushed in engine.pushed)
    mixed, first, second = (rms(bytes(pushed)) for pushed in engine.pushed)
    assert first == pytest.approx(second, rel=0.05)
    assert mixed == pytest.approx(first / np.sqrt(2), rel=0.05)


def test_a_broken_form_is_an_error_that_quotes_nothing() -> None:
    with serving(chosen=settings(dialects=ALL)) as live:
        for body in (b"", b"--x", b"--x\r\nnonsense: secret-words\r\n\r\n--x--"):
            headers = {**KEY, "Content-Type": "multipart/form-data; boundary=x"}
            answer = httpx.post(live.base + "/v1/audio/transcriptions", content=body, headers=headers)
            assert answer.status_code == 400
            assert "secret-words" not in answer.text


def test_a_recogniser_that_is_lost_or_full_is_told() -> None:
    def fail(pcm: bytes) -> list[Transcript]:
        raise EngineError("the recogniser is gone", retryable=False)

    with serving(transcriber=ScriptedListener(hear=fail), chosen=settings(dialects=ALL)) as live:
        assert upload(live, wav(tone(0.5, 8000), 8000)).status_code == 502
        with socket(live, LISTENING) as opened:
            opened.send(tone(0.5, 16000))
            told = json.loads(opened.recv(timeout=10))
            assert (told["type"], told["description"]) == ("Error", "the recogniser is gone")
            with pytest.raises(ConnectionClosed):
                opened.recv(timeout=10)
            assert opened.close_code == 1011
    full = ScriptedListener(fails_on_open=EngineBusy("recognitions: full"))
    with serving(transcriber=full, chosen=settings(dialects=ALL)) as live:
        assert upload(live, wav(tone(0.5, 8000), 8000)).status_code == 503
        with pytest.raises(InvalidStatus) as refused, socket(live, LISTENING):
            pass
        assert refused.value.response.status_code == 503


def test_calls_and_dialects_share_their_places() -> None:
    with serving(transcriber=ScriptedListener(), chosen=settings(dialects=ALL, max_calls=1)) as live:
        with socket(live, LISTENING) as opened:
            assert opened.ping().wait(10)
            with pytest.raises(InvalidStatus) as refused, live.call():
                pass
            assert refused.value.response.status_code == 503
            assert upload(live, wav(tone(0.5, 8000), 8000)).json()["error"]["code"] == "server_is_overloaded"
        eventually(lambda: live.endpoints.gate.places.active == 0)
        page = httpx.get(live.base + "/metrics", headers=KEY).text
    assert 'providers_refused_total{endpoint="openai",reason="full"} 1.0' in page
    assert 'providers_calls_ended_total{code="1000"} 1.0' in page


def test_two_channels_are_heard_apart_however_they_are_cut() -> None:
    engine = ScriptedListener(last_words=[])
    left, right = tone(0.2, 16000), tone(0.2, 16000, 1000.0)
    stereo = np.stack([np.frombuffer(left, "<i2"), np.frombuffer(right, "<i2")], axis=1).tobytes()
    with serving(transcriber=engine, chosen=settings(dialects=ALL)) as live:
        with socket(live, LISTENING + "&channels=2&multichannel=true") as opened:
            for begin in range(0, len(stereo), 1001):
                opened.send(stereo[begin : begin + 1001])
            opened.send(json.dumps({"type": "CloseStream"}))
            told = json.loads(opened.recv(timeout=10))
    assert (told["type"], told["channels"]) == ("Metadata", 2)
    assert engine.pushed == [bytearray(left), bytearray(right)]


def test_finalize_is_answered_even_where_nothing_was_said_and_times_go_on_after_it() -> None:
    engine = ScriptedListener(last_words=[Transcript("Again.", final=True, start=0.1, end=0.4)])
    with serving(transcriber=engine, chosen=settings(dialects=ALL)) as live, socket(live, LISTENING) as opened:
        told = []
        for _ in range(2):
            opened.send(tone(0.5, 16000))
            opened.send(json.dumps({"type": "Finalize"}))
            told.append(json.loads(opened.recv(timeout=10)))
        assert [each["start"] for each in told] == [0.1, 0.6]
        assert all(each["from_finalize"] and each["speech_final"] for each in told)
        engine.last_words = []
        opened.send(tone(0.5, 16000))
        opened.send(json.dumps({"type": "Finalize"}))
        empty = json.loads(opened.recv(timeout=10))
    assert (empty["from_finalize"], empty["is_final"], empty["channel"]["alternatives"][0]["transcript"]) == (
        True,
        True,
        "",
    )


def test_a_server_that_ends_sends_the_last_words_and_closes_1012() -> None:
    engine = ScriptedListener(last_words=[Transcript("Last words.", final=True, end=0.5)])
    chosen = settings(dialects=ALL, drain_notice_seconds=0, drain_seconds=0)
    with serving(transcriber=engine, chosen=chosen) as live, socket(live, LISTENING) as opened:
        opened.send(tone(0.5, 16000))
        eventually(lambda: bool(engine.pushed and engine.pushed[0]))
        assert httpx.post(live.base + "/drain", headers=KEY).status_code == 202
        told = [json.loads(opened.recv(timeout=10)) for _ in range(2)]
        with pytest.raises(ConnectionClosed):
            opened.recv(timeout=10)
        assert opened.close_code == 1012
    assert told[0]["channel"]["alternatives"][0]["transcript"] == "Last words."
    assert told[1]["type"] == "Metadata"


def test_neither_words_nor_secrets_are_in_the_log(logged: io.StringIO) -> None:
    engine = ScriptedListener(last_words=[Transcript("Confidential words.", final=True, end=0.5)])
    with serving(voice=ScriptedVoice(), transcriber=engine, chosen=settings(dialects=ALL)) as live:
        assert "Confidential" in upload(live, wav(tone(0.5, 8000), 8000)).text
        for dialect in SPOKEN:
            speak(live, dialect)
        with socket(live, LISTENING) as opened:
            opened.send(tone(0.5, 16000))
            opened.send(json.dumps({"type": "CloseStream"}))
            assert "Confidential" in opened.recv(timeout=10)
    for word in ("Confidential", "Hello there", SECRET):
        assert word not in logged.getvalue()
    assert '"event": "speech"' in logged.getvalue()


def test_text_that_waits_is_bounded_and_interruption_is_heard_at_once() -> None:
    voice = ScriptedVoice((LOUD, Hang()))
    with serving(voice=voice, chosen=settings(dialects=ALL, max_text_chars=100)) as live:
        with socket(live, "/v1/speak?encoding=linear16&sample_rate=16000") as opened:
            opened.send(json.dumps({"type": "Speak", "text": "Hello there. "}))
            opened.send(json.dumps({"type": "Flush"}))
            assert voice.hanging.wait(10)
            opened.send(json.dumps({"type": "Clear"}))
            kinds = []
            while "Cleared" not in kinds:
                frame = opened.recv(timeout=10)
                kinds.append("audio" if isinstance(frame, bytes) else json.loads(frame)["type"])
            assert voice.cancelled.wait(10)
            opened.send(json.dumps({"type": "Speak", "text": "x" * 101}))
            assert "at most 100" in json.loads(opened.recv(timeout=10))["description"]
            with pytest.raises(ConnectionClosed):
                opened.recv(timeout=10)
            assert opened.close_code == 1008
        eventually(lambda: live.endpoints.voice.places.active == 0)


def test_who_hangs_up_during_an_upload_frees_the_recogniser() -> None:
    engine = ScriptedListener(deaf=True)
    with serving(transcriber=engine, chosen=settings(dialects=ALL)) as live:
        gone = threading.Event()

        def ask() -> None:
            with pytest.raises(httpx.ReadTimeout):
                form: Any = {"files": {"file": ("a.wav", wav(tone(0.5, 8000), 8000))}, "data": {"model": "x"}}
                httpx.post(live.base + "/v1/audio/transcriptions", headers=KEY, timeout=1.0, **form)
            gone.set()

        thread = threading.Thread(target=ask)
        thread.start()
        eventually(lambda: engine.open == 1)
        thread.join(10)
        assert gone.is_set()
        eventually(lambda: engine.open == 0 and live.endpoints.gate.places.active == 0)


def test_who_hangs_up_while_the_last_words_are_waited_for_frees_the_recogniser() -> None:
    engine = ScriptedListener()  # finishing it never ends
    with serving(transcriber=engine, chosen=settings(dialects=ALL)) as live:
        for path, last in ((LISTENING, "CloseStream"), (LISTENING, "Finalize"), ("/api/jambonz/stt", "stop")):
            opened = socket(live, path)
            with opened:
                if "jambonz" in path:
                    opened.send(json.dumps({"type": "start", "sampleRateHz": 16000}))
                opened.send(tone(0.5, 16000))
                opened.send(json.dumps({"type": last}))
                eventually(lambda: engine.open == 1)
            eventually(lambda: engine.open == 0 and live.endpoints.gate.places.active == 0)

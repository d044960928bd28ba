"""The twelve mistakes that other servers of this kind made, each as a test of ours."""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
import threading
import time

import httpx
import numpy as np
import pytest

from benchmarks.stall import TOLERATED_STALL
from dsp import split_channels
from providers.engines.base import Transcript
from providers.engines.espeak.engine import Espeak
from providers.engines.tone import Tone
from providers.errors import EngineError
from providers.paths import VOICE_PATH
from providers.voice import flow
from providers.voice.wire import VoiceRequest
from tests.espeak_speech import espeak
from tests.fakes import LOUD, Hang, ScriptedListener, ScriptedVoice
from tests.live import SECRET, serving, settings, start
from tests.transcriber.test_endpoint import eventually, heard


def test_b1_channels_are_split_and_never_guessed_or_mixed() -> None:
    at = np.arange(8000) / 16000
    left, right = ((9000 * np.sin(2 * np.pi * hz * at)).astype("<i2") for hz in (440, 1000))
    engine = ScriptedListener()
    with serving(transcriber=engine, chosen=settings(channels="both")) as live, live.call() as call:
        call.send(start())
        call.send(np.stack([left, right], axis=1).tobytes())
        eventually(lambda: [len(pushed) for pushed in engine.pushed] == [16000, 16000])
    assert engine.pushed == [bytearray(left.tobytes()), bytearray(right.tobytes())]


def test_b2_frames_cut_at_every_byte_lose_and_shift_nothing() -> None:
    pcm = random.Random(2).randbytes(4 * 30)
    engine = ScriptedListener()
    with serving(transcriber=engine, chosen=settings(channels="both")) as live:
        for cut in range(1, len(pcm), 7):
            with live.call() as call:
                call.send(start())
                for byte in range(0, len(pcm), cut):
                    call.send(pcm[byte : byte + cut])
                eventually(lambda: [len(pushed) for pushed in engine.pushed] == [60, 60])
            assert tuple(map(bytes, engine.pushed)) == split_channels(pcm)
            engine.pushed.clear()


def test_b3_start_is_read_late_twice_wrong_or_never() -> None:
    engine = ScriptedListener()
    with serving(transcriber=engine) as live:
        for rate in (8000, 16000, 24000, 48000):
            for channels in (1, 2):
                with live.call() as call:
                    call.send('{"type":"hello"}')
                    call.send(start(rate, channels))
                    call.send(start(rate, channels))
                    call.send(b"ab--cd--" if channels == 2 else b"abcd")
                    eventually(lambda: engine.pushed == [b"abcd"])
                assert engine.rates[-1] == rate
                engine.pushed.clear()


def test_b4_two_calls_with_their_own_scripts_share_no_word() -> None:
    def hear(pcm: bytes) -> list[Transcript]:
        return [Transcript(f"{value}", True) for value in np.frombuffer(pcm, "<i2")]

    with serving(transcriber=ScriptedListener(hear)) as live:
        got: dict[int, list[str]] = {}

        def caller(base: int) -> None:
            rng = random.Random(base)
            with live.call() as call:
                call.send(start(channels=1))
                for value in range(base, base + 200):
                    call.send(np.array([value], "<i2").tobytes())
                    if rng.random() < 0.1:
                        time.sleep(0.001)
                got[base] = [heard(call)["transcription"] for _ in range(200)]

        threads = [threading.Thread(target=caller, args=(base,)) for base in (1000, 2000, 3000)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == {base: [str(value) for value in range(base, base + 200)] for base in (1000, 2000, 3000)}


def test_b5_partials_replace_and_each_utterance_has_one_final() -> None:
    said = ["one", "one two", "one two", "", "one two three"]
    script = [Transcript(text, False) for text in said] + [Transcript("One two three.", True), Transcript("", True)]
    steps = iter(script * 2)
    with serving(transcriber=ScriptedListener(lambda pcm: [next(steps)])) as live, live.call() as call:
        call.send(start(channels=1))
        for _ in range(2 * len(script)):
            call.send(b"ab")
            time.sleep(0.01)
        got = [heard(call) for _ in range(8)]
    sequence = [(message["transcriptType"], message["transcription"]) for message in got]
    utterance = [("partial", "one"), ("partial", "one two"), ("partial", "one two three"), ("final", "One two three.")]
    assert sequence == utterance * 2


def test_b6_every_door_is_closed_by_default() -> None:
    with serving() as live:
        for path in ("/api/custom-voice", "/api/custom-endpointing"):
            assert httpx.post(live.base + path, json={}).status_code == 401
        upgrade = httpx.get(
            live.base + "/api/custom-transcriber",
            headers={
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            },
        )
        assert upgrade.status_code == 401


@pytest.mark.parametrize("script", [[EngineError("x")], [bytes(3200), EngineError("x")], [], [bytes(3200)]])
def test_b7_a_fault_before_audio_is_not_a_200(script: list[bytes | Exception]) -> None:
    with serving(voice=ScriptedVoice(script)) as live:
        assert live.say("Hello.").status_code == 502


@pytest.mark.parametrize("script", [[LOUD, EngineError("x")], [LOUD] * 20 + [ValueError("x")]])
def test_b7_a_fault_after_audio_aborts_the_body(script: list[bytes | Exception]) -> None:
    with serving(voice=ScriptedVoice(script)) as live, pytest.raises(httpx.RemoteProtocolError):
        live.say("Hello.")


def test_b8_work_ends_within_100_ms_of_the_hang_up() -> None:
    engine = ScriptedVoice([LOUD, Hang()])
    body = json.dumps({"message": {"type": "voice-request", "text": "Hi", "sampleRate": 16000}}).encode()
    head = f"POST {VOICE_PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Vapi-Secret: {SECRET}\r\n"
    with serving(voice=engine) as live:
        host, port = live.base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            assert engine.hanging.wait(5)
        assert engine.cancelled.wait(0.1)


def test_b9_an_engine_that_never_reads_fills_a_bounded_queue_only() -> None:
    engine = ScriptedListener(deaf=True)
    with serving(transcriber=engine, chosen=settings(audio_buffer_seconds=1)) as live, live.call() as call:
        call.send(start())
        with pytest.raises(Exception, match="audio would be lost"):
            while True:
                call.send(bytes(64000))
        exposition = httpx.get(live.base + "/metrics", headers={"Authorization": f"Bearer {SECRET}"}).text
    (received,) = re.findall(r"^providers_call_audio_seconds_total ([\d.]+)", exposition, re.MULTILINE)
    assert float(received) <= 6  # one second in the queue, four in one read, one on its way


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100])
def test_b10_samples_are_duration_times_rate_and_long_text_is_complete(rate: int) -> None:
    text = "This is one of many sentences. " * 60
    with serving(voice=Tone(seconds_per_character=0.005)) as live:
        content = live.say(text, rate).content
    units = len("This is one of many sentences.")
    assert len(content) == 2 * 60 * round(units * 0.005 * rate)
    assert not content.startswith(b"RIFF")


def test_b11_the_loop_does_not_stall_while_an_engine_works() -> None:
    async def scenario() -> float:
        engine = Espeak()
        await engine.start()
        worst = 0.0
        done = asyncio.Event()

        async def speak() -> None:
            async for _ in flow.speak(
                VoiceRequest("It is a long sentence about nothing. " * 40, 44100, None, ""), engine
            ):
                pass
            done.set()

        async def probe() -> None:
            nonlocal worst
            while not done.is_set():
                begun = time.perf_counter()
                await asyncio.sleep(0)
                worst = max(worst, time.perf_counter() - begun)

        await asyncio.gather(speak(), probe())
        await engine.aclose()
        return worst

    # The best of three: another process on the machine may stall any single run.
    assert min(asyncio.run(scenario()) for _ in range(3)) < TOLERATED_STALL


TEXTS = [
    "नमस्ते दुनिया",
    "สวัสดีชาวโลก",
    "مرحبا بالعالم",
    "שלום עולם",
    "naïve café 🎉 déjà",
    "It costs 12,50 at 7:30",
    "日本語です",
]


@pytest.mark.parametrize("text", TEXTS)
def test_b12_text_reaches_the_engine_unharmed(text: str) -> None:
    engine = ScriptedVoice()
    with serving(voice=engine, chosen=settings(clean_text="off")) as live:
        assert live.say(text).status_code == 200
    assert " ".join(utterance.text for utterance in engine.utterances) == text


@pytest.mark.parametrize("text", ["नमस्ते", "สวัสดี", "مرحبا", "שלום"])
def test_b12_espeak_makes_sound_of_other_scripts(text: str) -> None:
    assert np.abs(np.frombuffer(espeak().render(text).pcm, "<i2").astype(int)).max() > 1000

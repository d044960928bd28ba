"""Readers that take their audio late, slowly or never, and callers that speak HTTP/1.0."""

from __future__ import annotations

import io
import json
import shutil
import socket
import subprocess
import time

import pytest

from providers.engines.tone import Tone
from providers.errors import EngineError
from providers.paths import VOICE_PATH
from tests.fakes import LOUD, ScriptedVoice
from tests.live import SECRET, serving, settings
from tests.raw_voice import connect, raw_request, read_all

LONG = [LOUD] * 3000
"""Five minutes: more than the buffers of both ends hold."""


def voice_events(stream: io.StringIO) -> list[dict[str, object]]:
    return [event for event in map(json.loads, stream.getvalue().splitlines()) if event["event"] == "voice"]


def test_a_reader_that_never_reads_is_cut_off_and_its_place_is_free(logged: io.StringIO) -> None:
    engine = ScriptedVoice(LONG)
    chosen = settings(write_seconds=0.5, lookahead_seconds=1, max_voices=1)
    with serving(voice=engine, chosen=chosen) as live, connect(live, receive_buffer=4096) as sock:
        sock.sendall(raw_request("one"))
        assert engine.cancelled.wait(30)
        deadline = time.monotonic() + 10
        while live.endpoints.voice.places.active and time.monotonic() < deadline:
            time.sleep(0.01)
        assert live.endpoints.voice.places.active == 0
        with pytest.raises(ConnectionResetError):
            read_all(sock)
    (event,) = voice_events(logged)
    assert event["outcome"] == "aborted"
    assert event["error"] == "expected the reader to take audio within 0.5 s, found none taken"


def test_a_reader_that_takes_a_little_at_a_time_is_served_to_the_end() -> None:
    engine = ScriptedVoice([LOUD] * 600)
    chosen = settings(write_seconds=1, lookahead_seconds=1)
    with serving(voice=engine, chosen=chosen) as live, connect(live, receive_buffer=4096) as sock:
        sock.sendall(raw_request("one"))
        received = 0
        slow_until = time.monotonic() + 4  # four times as long as a reader may take nothing
        while block := sock.recv(2048):
            received += len(block)
            if time.monotonic() < slow_until:
                time.sleep(0.02)
            if received >= 600 * len(LOUD):
                break
    assert received >= 600 * len(LOUD)


def test_http_1_0_gets_bare_audio_and_the_end_of_the_connection_ends_it() -> None:
    with serving(voice=Tone()) as live, connect(live) as sock:
        sock.sendall(raw_request("Hi.", version="1.0"))
        head, _, body = read_all(sock).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"transfer-encoding" not in head.lower()
    assert b"connection: close" in head.lower()
    assert len(body) == 2 * round(3 * 0.06 * 16000)


def test_http_1_0_sees_a_failure_in_the_middle_as_a_reset_and_not_as_an_end() -> None:
    with serving(voice=ScriptedVoice([LOUD, EngineError("broken")])) as live, connect(live) as sock:
        sock.sendall(raw_request("Hi.", version="1.0"))
        with pytest.raises(ConnectionResetError):
            read_all(sock)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("version", ["--http1.0", "--http1.1", "--http2"])
def test_curl_gets_the_same_audio_whatever_it_speaks(version: str) -> None:
    message = {"message": {"type": "voice-request", "text": "Hi.", "sampleRate": 16000}}
    with serving(voice=Tone()) as live:
        command = ["curl", "-sS", version, "--max-time", "20", "-H", "Content-Type: application/json"]
        command += ["-H", f"X-Vapi-Secret: {SECRET}", "-d", json.dumps(message), live.base + VOICE_PATH]
        done = subprocess.run(command, capture_output=True, timeout=30, check=True)
        assert done.stdout == live.say("Hi.").content


def test_a_reader_that_hangs_up_in_the_middle_leaves_nothing_behind() -> None:
    engine = ScriptedVoice(LONG)
    with serving(voice=engine, chosen=settings(lookahead_seconds=1)) as live:
        with connect(live) as sock:
            sock.sendall(raw_request("one"))
            sock.recv(100)
            sock.shutdown(socket.SHUT_RDWR)
        assert engine.cancelled.wait(10)
        deadline = time.monotonic() + 10
        while live.endpoints.voice.places.active and time.monotonic() < deadline:
            time.sleep(0.01)
        assert live.endpoints.voice.places.active == 0

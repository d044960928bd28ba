"""jambonz' published messages against a real server with espeak and pocketsphinx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from providers.dialects.jambonz.routes import STT_PATH, TTS_PATH, TTS_STREAM_PATH
from tests.dialects.conftest import SECRET
from tests.dialects.sounds import TEXT, WORDS, rms, words
from tests.test_cli import Server

KEY = {"Authorization": f"Bearer {SECRET}"}
START = {
    "type": "start", "language": "en-US", "format": "raw", "encoding": "LINEAR16", "interimResults": True,
    "sampleRateHz": 16000, "options": {"hints": []},
}  # fmt: skip


@contextmanager
def socket(server: Server, path: str, headers: dict[str, str] = KEY) -> Iterator[ClientConnection]:
    url = server.url.replace("http", "ws", 1) + path
    with connect(url, additional_headers=headers, compression=None, close_timeout=1) as opened:
        yield opened


def tts(server: Server, query: str = "", headers: dict[str, str] = KEY, **body: Any) -> httpx.Response:
    asked = {"language": "en-US", "voice": "default", "type": "text", "text": "Yes.", **body}
    return httpx.post(server.url + TTS_PATH + query, json=asked, headers=headers, timeout=30)


def until_closed(opened: ClientConnection) -> Iterator[str | bytes]:
    try:
        while True:
            yield opened.recv(timeout=50)
    except ConnectionClosed:
        return


def test_speech_says_its_rate_and_is_heard_again_until_stop(server: Server) -> None:
    answer = tts(server, "?format=l16&sampleRate=16000", text=TEXT)
    assert answer.headers["content-type"] == "audio/l16;rate=16000"
    assert rms(answer.content) > 300
    with socket(server, STT_PATH) as opened:
        opened.send(json.dumps(START))
        for begin in range(0, len(answer.content), 640):
            opened.send(answer.content[begin : begin + 640])
        opened.send(json.dumps({"type": "stop"}))
        told = [json.loads(message) for message in until_closed(opened)]
        assert opened.close_code == 1000
    assert {message["type"] for message in told} == {"transcription"}
    finals = [message["alternatives"][0]["transcript"] for message in told if message["is_final"]]
    assert any(not message["is_final"] for message in told)
    assert len(words(" ".join(finals)) & WORDS) >= 2
    assert told[-1]["language"] == "en-US"
    assert told[-1]["channel"] == 1


def test_speech_is_mp3_where_it_can_be_made(server: Server) -> None:
    pytest.importorskip("av", reason="the extra audio is not installed")
    answer = tts(server, text="<speak>Yes.</speak>", type="ssml")
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.content[0] == 0xFF
    assert tts(server, "?format=wav").content[:4] == b"RIFF"


def test_pieces_of_text_are_spoken_at_the_rate_of_the_call(server: Server) -> None:
    with socket(server, TTS_STREAM_PATH + "?voice=default&language=en-US&sampleRate=8000") as opened:
        hello = json.loads(opened.recv(timeout=20))
        assert hello == {"type": "connect", "data": {"sample_rate": 8000, "base64_encoding": False}}
        for piece in ("One two", " three. Four", " five."):
            opened.send(json.dumps({"type": "stream", "text": piece}))
        first = opened.recv(timeout=20)
        assert isinstance(first, bytes)
        assert rms(first) > 100
        opened.send(json.dumps({"type": "keepalive"}))
        opened.send(json.dumps({"type": "flush"}))
        assert isinstance(opened.recv(timeout=20), bytes)
        opened.send(json.dumps({"type": "stop"}))
        assert all(isinstance(message, bytes) for message in until_closed(opened))
        assert opened.close_code == 1000


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        (b"\0\0", "start"),
        ({**START, "sampleRateHz": 1}, "sampleRateHz"),
        ({**START, "encoding": "OPUS"}, "encoding"),
        ({**START, "language": "de-DE"}, "language"),
    ],
)
def test_what_cannot_be_heard_is_told_before_the_close(server: Server, sent: Any, named: str) -> None:
    with socket(server, STT_PATH) as opened:
        opened.send(sent if isinstance(sent, bytes) else json.dumps(sent))
        told = json.loads(opened.recv(timeout=20))
        assert told["type"] == "error"
        assert named in told["error"]
        with pytest.raises(ConnectionClosed) as closed:
            opened.recv(timeout=20)
        assert not isinstance(closed.value, ConnectionClosedOK)
        assert opened.close_code == 1008


def test_another_key_is_no_key(server: Server) -> None:
    other = {"Authorization": "Bearer nothing"}
    answer = tts(server, headers=other)
    assert answer.status_code == 401
    assert set(answer.json()) == {"error"}
    for path in (STT_PATH, TTS_STREAM_PATH):
        with pytest.raises(InvalidStatus) as refused, socket(server, path, other):
            pass
        assert refused.value.response.status_code == 401


def test_a_voice_that_nothing_knows_is_an_error_and_no_silence(server: Server) -> None:
    answer = tts(server, voice="nobody")
    assert answer.status_code == 400
    assert "nobody" in answer.json()["error"]

"""Deepgram's own client against a real server with espeak and pocketsphinx."""

from __future__ import annotations

import io
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from deepgram import DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from websockets.exceptions import InvalidStatus

from tests.dialects.conftest import SECRET
from tests.dialects.sounds import TEXT, WORDS, rms, words
from tests.test_cli import Server


@contextmanager
def client_of(server: Server, key: str = SECRET) -> Iterator[DeepgramClient]:
    socket = server.url.replace("http", "ws", 1)
    environment = DeepgramClientEnvironment(base=server.url, production=socket, agent=socket, agent_rest=server.url)
    with httpx.Client(timeout=50) as http:
        yield DeepgramClient(api_key=key, environment=environment, httpx_client=http)


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[DeepgramClient]:
    with client_of(server) as made:
        yield made


@pytest.fixture(scope="module")
def said(client: DeepgramClient) -> bytes:
    """PCM of the text at 16 kHz."""
    blocks = client.speak.v1.audio.generate(
        text=TEXT, model="aura-2-thalia-en", encoding="linear16", container="none", sample_rate=16000
    )
    return b"".join(blocks)


def test_speech_has_the_format_that_was_asked_for(client: DeepgramClient, said: bytes) -> None:
    assert rms(said) > 300
    made = b"".join(client.speak.v1.audio.generate(text="Yes.", encoding="linear16", sample_rate=8000))
    with wave.open(io.BytesIO(made)) as file:
        assert file.getframerate() == 8000
        assert rms(file.readframes(1 << 30)) > 300
    law = b"".join(client.speak.v1.audio.generate(text="Yes.", encoding="mulaw", container="none"))
    assert len(law) > 1000
    assert 0xFF in law


def test_a_live_stream_gives_interim_and_final_results_and_a_summary(client: DeepgramClient, said: bytes) -> None:
    told: list[Any] = []
    over = threading.Event()
    with client.listen.v1.connect(
        model="nova-3",
        encoding="linear16",
        sample_rate=16000,
        interim_results=True,
        punctuate=True,
        vad_events=True,
        utterance_end_ms=1000,
    ) as socket:
        socket.on(EventType.MESSAGE, told.append)
        socket.on(EventType.CLOSE, lambda _: over.set())
        listening = threading.Thread(target=socket.start_listening)
        listening.start()
        for begin in range(0, len(said), 3200):
            socket.send_media(said[begin : begin + 3200])
        socket.send_keep_alive()
        socket.send_finalize()
        socket.send_close_stream()
        listening.join(50)
    assert over.is_set()
    results = [each for each in told if each.type == "Results"]
    finals = [each.channel.alternatives[0] for each in results if each.is_final]
    assert any(not each.is_final for each in results)
    assert len(words(" ".join(final.transcript for final in finals)) & WORDS) >= 2
    assert any(each.from_finalize for each in results)
    assert finals[0].words[0].end <= finals[0].words[-1].end <= len(said) / 32000 + 0.1
    assert {each.type for each in told} >= {"SpeechStarted", "UtteranceEnd"}
    assert told[-1].type == "Metadata"
    assert told[-1].duration == pytest.approx(len(said) / 32000, abs=0.01)


def test_a_file_of_bare_samples_is_heard_with_its_utterances(client: DeepgramClient, said: bytes) -> None:
    answer: Any = client.listen.v1.media.transcribe_file(
        request=said[:32000],
        encoding="linear16",
        utterances=True,
        request_options={"additional_query_parameters": {"sample_rate": "16000"}, "timeout_in_seconds": 50},
    )
    assert answer.metadata.duration == pytest.approx(1.0)
    assert answer.metadata.channels == 1
    assert words(answer.results.channels[0].alternatives[0].transcript)
    assert answer.results.utterances[0].end <= 1.1


def test_text_in_pieces_is_spoken_and_cleared(client: DeepgramClient) -> None:
    told: list[Any] = []
    cleared = threading.Event()

    def take(message: Any) -> None:
        told.append(message)
        if getattr(message, "type", "") == "Cleared":
            cleared.set()

    with client.speak.v1.connect(model="aura-2-thalia-en", encoding="linear16", sample_rate=16000) as socket:
        socket.on(EventType.MESSAGE, take)
        listening = threading.Thread(target=socket.start_listening)
        listening.start()
        for piece in ("Hello the", "re. How are", " you?"):
            socket.send_text(_speak(piece))
        socket.send_flush()
        socket.send_text(_speak("This is taken back."))
        socket.send_clear()
        assert cleared.wait(20)
        socket.send_close()
        listening.join(20)
    kinds = ["audio" if isinstance(each, bytes) else each.type for each in told]
    assert kinds[0] == "Metadata"
    assert kinds[-1] == "Cleared"
    # How much of the two sentences is out before the client takes all of it back is a matter of time.
    assert set(kinds) <= {"Metadata", "audio", "Flushed", "Cleared"}


def test_flush_is_answered_when_all_audio_before_it_is_out(client: DeepgramClient) -> None:
    told: list[Any] = []
    flushed = threading.Event()

    def take(message: Any) -> None:
        told.append(message)
        if getattr(message, "type", "") == "Flushed":
            flushed.set()

    with client.speak.v1.connect(encoding="mulaw", sample_rate=8000) as socket:
        socket.on(EventType.MESSAGE, take)
        listening = threading.Thread(target=socket.start_listening)
        listening.start()
        socket.send_text(_speak("One two three. Four five six."))
        socket.send_flush()
        assert flushed.wait(20)
        socket.send_close()
        listening.join(20)
    kinds = ["audio" if isinstance(each, bytes) else each.type for each in told]
    assert kinds[-1] == "Flushed"
    audio = b"".join(each for each in told if isinstance(each, bytes))
    assert 1.0 < len(audio) / 8000 < 6.0


def test_another_key_is_no_key(server: Server) -> None:
    with client_of(server, "0123456789abcdef") as stranger:
        with pytest.raises(ApiError) as refused:
            list(stranger.speak.v1.audio.generate(text="Hi."))
        assert refused.value.status_code == 401
        assert refused.value.body["err_code"] == "INVALID_AUTH"
        with (
            pytest.raises(InvalidStatus) as closed,
            stranger.listen.v1.connect(model="x", encoding="linear16", sample_rate="8000"),
        ):
            pass
        assert closed.value.response.status_code == 401


@pytest.mark.parametrize(
    "asked",
    [
        {"encoding": "opus", "sample_rate": 16000},
        {"encoding": "linear16", "sample_rate": 96000},
        {"encoding": "linear16", "sample_rate": 16000, "channels": 3},
        {"encoding": "linear16", "sample_rate": 16000, "redact": "pci"},
        {"encoding": "linear16", "sample_rate": 16000, "language": "de"},
    ],
)
def test_what_cannot_be_heard_is_refused_before_the_upgrade(client: DeepgramClient, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidStatus) as refused, client.listen.v1.connect(model="nova-3", **asked):
        pass
    assert refused.value.response.status_code == 400


def _speak(text: str) -> Any:
    from deepgram.speak.v1.types import SpeakV1Text

    return SpeakV1Text(text=text)

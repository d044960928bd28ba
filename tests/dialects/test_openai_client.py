"""OpenAI's own client against a real server with espeak and pocketsphinx."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator

import openai
import pytest

from tests.dialects.conftest import SECRET
from tests.dialects.sounds import TEXT, WORDS, rms, words
from tests.test_cli import Server


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=SECRET, base_url=server.url + "/v1", max_retries=0, timeout=50) as made:
        yield made


def spoken(client: openai.OpenAI, form: str, **more: str) -> bytes:
    made = client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format=form, **more)
    sound: bytes = made.read()
    return sound


def test_speech_in_wav_is_heard_again_with_times_and_subtitles(client: openai.OpenAI) -> None:
    sound = spoken(client, "wav")
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24000, 1, 2)
        pcm = file.readframes(1 << 30)
    assert rms(pcm) > 300
    heard = client.audio.transcriptions.create(
        model="whisper-1", file=("said.wav", sound), response_format="verbose_json", timestamp_granularities=["word"]
    )
    assert len(words(heard.text) & WORDS) >= 2
    assert heard.words is not None
    assert 0 <= heard.words[0].start < heard.words[-1].end <= heard.duration + 0.1
    assert abs(heard.duration - len(pcm) / 2 / 24000) < 0.05


def test_a_stream_of_pcm_begins_before_it_ends_and_is_the_same_sound(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice={"id": "en-us"}, input=TEXT, response_format="pcm"
    ) as streamed:
        blocks = list(streamed.iter_bytes())
    assert len(blocks) > 1
    assert rms(b"".join(blocks)) > 300


@pytest.mark.parametrize(("form", "kind"), [("mp3", "audio/mpeg"), ("opus", "audio/ogg")])
def test_compressed_speech_is_decoded_again_on_its_way_in(client: openai.OpenAI, form: str, kind: str) -> None:
    pytest.importorskip("av", reason="the extra audio is not installed")
    made = client.audio.speech.with_raw_response.create(model="x", voice="nova", input="Yes.", response_format=form)
    assert made.headers["content-type"] == kind
    events = client.audio.transcriptions.create(model="x", file=("a." + form, made.content), stream=True)
    assert [event.type for event in events][-1] == "transcript.text.done"


def test_speech_as_events_ends_with_done(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="x", voice="alloy", input="Yes.", response_format="pcm", stream_format="sse"
    ) as streamed:
        events = [line for line in streamed.iter_lines() if line]
    assert "speech.audio.delta" in events[0]
    assert "speech.audio.done" in events[-1]


def test_the_engines_are_its_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["espeak", "pocketsphinx"]
    assert client.models.retrieve("espeak").object == "model"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


def test_another_key_is_no_key(server: Server) -> None:
    with openai.OpenAI(api_key="sk-other", base_url=server.url + "/v1", max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError) as refused:
            stranger.models.list()
        assert refused.value.code == "invalid_api_key"
        with pytest.raises(openai.AuthenticationError):
            stranger.audio.transcriptions.create(model="x", file=("a.wav", b"x"))


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"voice": "nobody"}, "voice"),
        ({"response_format": "midi"}, "response_format"),
        ({"speed": 2.0}, "speed"),
        ({"input": "..."}, "input"),
        ({"input": "x" * 10_001}, "input"),
    ],
)
def test_what_cannot_be_spoken_is_an_error_that_names_its_field(
    client: openai.OpenAI, asked: dict[str, object], param: str
) -> None:
    request = {"model": "x", "voice": "alloy", "input": "Hi.", "response_format": "pcm", **asked}
    with pytest.raises(openai.APIStatusError) as refused:
        client.audio.speech.create(**request)
    assert refused.value.status_code in (400, 413)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"file": ("a.wav", b"no sound")}, "file"),
        ({"file": ("a.wav", b"RIFF....WAVEfmt ")}, "file"),
        ({"language": "de"}, "language"),
        ({"response_format": "diarized_json"}, "response_format"),
    ],
)
def test_what_cannot_be_heard_is_an_error_that_names_its_field(
    client: openai.OpenAI, asked: dict[str, object], param: str
) -> None:
    request = {"model": "x", "file": ("a.wav", b"RIFF"), **asked}
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.transcriptions.create(**request)
    assert refused.value.param == param

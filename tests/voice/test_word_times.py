"""Times of words on their way from an engine to the call's events and to the experimental frames."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx
import numpy as np
import pytest

import dsp
from providers.engines.base import Chunk, SpeakingCapabilities, Utterance, Word
from providers.voice.pipeline import AudioPipeline
from providers.voice.word_times import WordPlacer
from tests.live import SECRET, serving, settings

RATE = 16000
LEAD = 0.5
"""Seconds of silence before each word."""


def beeps(words: int) -> tuple[bytes, list[Word]]:
    """Half a second of silence, then a tone of 200 ms for each word and as much silence after it."""
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE // 5) / RATE)
    sound = np.concatenate([np.zeros(int(LEAD * RATE)), *[np.concatenate([tone, np.zeros(RATE // 5)])] * words])
    times = [Word(f"w{n}", LEAD + 0.4 * n, LEAD + 0.4 * n + 0.2) for n in range(words)]
    return dsp.encode_pcm16(sound.astype(np.float32)), times


@dataclass
class BeepVoice:
    """One beep for each word, behind a silence that is trimmed."""

    name: str = "beeps"
    capabilities: SpeakingCapabilities = SpeakingCapabilities(word_times=True)

    async def start(self) -> None: ...

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        pcm, words = beeps(len(utterance.text.split()))
        half = len(pcm) // 4 * 2
        yield Chunk(pcm[:half], RATE, tuple(words[:1]))
        yield Chunk(pcm[half:], RATE, tuple(words[1:]))

    async def aclose(self) -> None: ...


def onsets(samples: np.ndarray, rate: int) -> list[float]:
    """Seconds at which tones begin: the first loud sample after 100 ms of quiet."""
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    return [loud[at] / rate for at in np.flatnonzero(np.diff(loud, prepend=-rate) > rate // 10)]


@pytest.mark.parametrize("rate", [8000, 24000])
def test_a_words_time_is_where_it_is_heard_in_the_answer(rate: int) -> None:
    pipeline = AudioPipeline(rate)
    pcm, words, heard = b"", list[Word](), beeps(2)
    for last in (False, True):
        pipeline.start_unit(last=last)
        pipeline.told(heard[1])
        for at in range(0, len(heard[0]), 4000):
            pcm += pipeline.feed(heard[0][at : at + 4000], RATE)
            words += pipeline.words()
        pcm += pipeline.end_unit()
        words += pipeline.words()
        pcm += b"".join(pipeline.pause(1.0)) if not last else pipeline.end()
    samples = np.frombuffer(pcm, "<i2") / 32768
    assert [word.text for word in words] == ["w0", "w1"] * 2
    assert [word.start for word in words] == pytest.approx(onsets(samples, rate), abs=0.005)
    assert all(word.end - word.start == pytest.approx(0.2) for word in words)


def test_words_of_a_unit_without_sound_are_nowhere() -> None:
    placer = WordPlacer()
    placer.told([Word("silent", 0.0, 0.1)])
    placer.start_unit()
    placer.settle(0.0)
    assert placer.take() == ()


def test_an_answers_words_are_an_event_of_its_call() -> None:
    with serving(voice=BeepVoice()) as live:
        live.say("one two three", 8000, call={"id": "c-1"})
        answer = httpx.get(f"{live.base}/api/calls/c-1", headers={"X-Vapi-Secret": SECRET})
        detail = answer.json()
    (event,) = [event for event in detail["events"] if event["kind"] == "words"]
    assert [word["text"] for word in event["words"]] == ["w0", "w1", "w2"]
    assert [word["start"] for word in event["words"]] == pytest.approx([0.02, 0.42, 0.82], abs=0.011)


def test_frames_hold_the_same_audio_and_the_words_with_their_times() -> None:
    with serving(voice=BeepVoice()) as live:
        bare = live.say("one two three", 8000)
    with serving(voice=BeepVoice(), chosen=settings(word_frames=True)) as live:
        framed = live.say("one two three", 8000)
    assert bare.headers["content-type"] == "application/octet-stream"
    assert framed.headers["content-type"] == "application/x-ndjson"
    frames = [json.loads(line) for line in framed.content.splitlines()]
    assert b"".join(base64.b64decode(frame["audio"]) for frame in frames) == bare.content
    assert {frame["sampleRate"] for frame in frames} == {8000}
    words = [word for frame in frames for word in frame["words"]]
    assert [word["word"] for word in words] == ["w0", "w1", "w2"]
    assert [word["startMs"] for word in words] == pytest.approx([20, 420, 820], abs=11)

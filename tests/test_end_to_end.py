"""Both embedded engines in one real server: words spoken by one endpoint are heard by the other."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from providers import assembly
from providers.settings import Settings
from providers.text.finals import punctuated
from tests.live import Live, serving, settings, start

TEXT = "Hello. I would like to book a table for two people this evening."

WORDS = {"hello", "like", "book", "table", "two", "people", "this", "evening"}


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    chosen = settings(espeak_wpm=150, espeak_voice="en-us+f5", cache_bytes=0)
    both = assembly.make_voice(chosen), assembly.make_transcriber(Settings.of(pocketsphinx_capacity=2))
    with serving(voice=both[0], transcriber=both[1], chosen=chosen) as running:
        yield running


def call(live: Live, customer: bytes, assistant: bytes) -> list[tuple[str, str]]:
    """Stream both sides in stereo, twice as fast as speech, and collect what comes back until the words have ended."""
    length = max(len(customer), len(assistant)) // 2
    stereo = np.zeros((length, 2), "<i2")
    stereo[: len(customer) // 2, 0] = np.frombuffer(customer, "<i2")
    stereo[: len(assistant) // 2, 1] = np.frombuffer(assistant, "<i2")
    pcm = stereo.tobytes() + bytes(4 * 16000)
    got: list[tuple[str, str]] = []
    with live.call() as socket:
        socket.send(start())

        def send() -> None:
            for at in range(0, len(pcm), 1280):
                socket.send(pcm[at : at + 1280])
                time.sleep(0.01)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            while True:
                message = json.loads(socket.recv(timeout=4))
                assert message["channel"] == "customer"
                got.append((message["transcriptType"], message["transcription"]))
        except TimeoutError:
            pass
        finally:
            sender.join()
    return got


def test_spoken_words_are_heard_with_partials_before_finals(live: Live) -> None:
    heard: set[str] = set()
    # A formant voice is hard on this recogniser and never sounds the same twice: three calls may add up the words.
    for _ in range(3):
        speech = live.say(TEXT, 16000).content
        got = call(live, speech, b"")
        finals = [text for kind, text in got if kind == "final"]
        assert got[0][0] == "partial"
        assert finals
        # What the recogniser takes for unfinished ("… for two") has no mark.
        assert all(final[0].isupper() and final == punctuated(final, ["en"]) for final in finals)
        heard |= set(" ".join(finals).lower().replace(".", "").split()) & WORDS
        if len(heard) >= 3:
            break
    assert len(heard) >= 3


def test_the_assistants_words_are_not_heard(live: Live) -> None:
    speech = live.say(TEXT, 16000).content
    assert call(live, b"", speech) == []


def test_silence_yields_nothing(live: Live) -> None:
    assert call(live, bytes(32000), bytes(32000)) == []


def test_both_engines_serve_at_once(live: Live) -> None:
    with live.call() as socket:
        socket.send(start(8000))
        answers = [live.say(TEXT, rate) for rate in (8000, 44100)]
        socket.send(bytes(6400))
    assert [answer.status_code for answer in answers] == [200, 200]
    seconds = [len(answer.content) / 2 / rate for answer, rate in zip(answers, (8000, 44100), strict=True)]
    assert abs(seconds[0] - seconds[1]) < 0.3  # espeak never renders a text twice alike

"""How many voice requests are served at once, and what one more is told."""

from __future__ import annotations

import threading
import time

import httpx

from tests.fakes import LOUD, Hang, ScriptedVoice
from tests.live import SECRET, Live, serving, settings
from tests.raw_voice import connect, raw_request


class Gate(ScriptedVoice):
    """Every utterance hangs until its caller hangs up; counts those that have begun."""

    def __init__(self) -> None:
        super().__init__([Hang()])


def ask_in_background(live: Live) -> tuple[threading.Thread, list[httpx.Response]]:
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(live.say("one more")))
    thread.start()
    return thread, answers


def until(condition: object, *, seconds: float = 10.0) -> None:
    """Wait for what another thread brings about."""
    deadline = time.monotonic() + seconds
    assert callable(condition)
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_one_request_too_many_is_503_with_the_capacity_and_its_setting() -> None:
    engine = Gate()
    chosen = settings(max_voices=1, voice_queue_seconds=0.05)
    with serving(voice=engine, chosen=chosen) as live, connect(live) as sock:
        sock.sendall(raw_request("one"))
        assert engine.hanging.wait(10)
        answer = live.say("one more")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json() == {
        "error": "voice requests: expected at most 1 at once, found one more (--max-voices)",
        "reason": "full",
    }
    assert len(engine.utterances) == 1


def test_a_place_that_becomes_free_in_time_goes_to_the_request_that_waits() -> None:
    engine = Gate()
    with serving(voice=engine, chosen=settings(max_voices=1, voice_queue_seconds=10)) as live:
        with connect(live) as sock:
            sock.sendall(raw_request("one"))
            assert engine.hanging.wait(10)
            thread, answers = ask_in_background(live)
            until(lambda: live.endpoints.voice.places.waiting == 1)
            engine.script = [LOUD]
        thread.join(10)
    assert [answer.status_code for answer in answers] == [200]


def test_the_queue_is_no_longer_than_there_are_places() -> None:
    engine = Gate()
    with serving(voice=engine, chosen=settings(max_voices=1, voice_queue_seconds=30)) as live:
        with connect(live) as sock:
            sock.sendall(raw_request("one"))
            assert engine.hanging.wait(10)
            thread, _ = ask_in_background(live)
            until(lambda: live.endpoints.voice.places.waiting == 1)
            assert live.say("a third").status_code == 503
            engine.script = [LOUD]
        thread.join(10)


def test_every_place_comes_back_however_a_request_ends() -> None:
    engine = ScriptedVoice()
    with serving(voice=engine, chosen=settings(max_voices=1, voice_queue_seconds=0)) as live:
        scripts: list[list[bytes | Exception | Hang]] = [
            [LOUD], [ValueError("broken")], [bytes(100)], [LOUD, Hang()], [Hang()],
        ]  # fmt: skip
        for script in scripts:
            engine.script = script
            engine.hanging.clear()
            if isinstance(script[-1], Hang):
                with connect(live) as sock:
                    sock.sendall(raw_request("one"))
                    assert engine.hanging.wait(10)
            else:
                live.say("one")
            until(lambda: live.endpoints.voice.places.active == 0)
        engine.script = [LOUD]
        assert live.say("one").status_code == 200


def test_a_refused_request_is_counted() -> None:
    engine = Gate()
    chosen = settings(max_voices=1, voice_queue_seconds=0)
    with serving(voice=engine, chosen=chosen) as live, connect(live) as sock:
        sock.sendall(raw_request("one"))
        assert engine.hanging.wait(10)
        live.say("one more")
        shown = httpx.get(live.base + "/metrics", headers={"X-Vapi-Secret": SECRET}).text
    assert 'providers_voice_requests_total{outcome="refused"} 1.0' in shown

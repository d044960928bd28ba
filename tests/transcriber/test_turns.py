"""Turns over real sockets: what the call's sound does to the endpointing answer, and finals that are held."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import structlog
from websockets.sync.client import ClientConnection

import dsp
from benchmarks.signals import utterance
from providers.engines.base import Transcript
from tests.fakes import ScriptedListener
from tests.live import SECRET, Live, serving, settings
from tests.turns.test_smart_turn import tiny_model

RATE = 16_000
START = '{"type": "start", "encoding": "linear16", "container": "raw", "sampleRate": 16000, "channels": 2}'
NOISE = np.random.default_rng(1)


def stereo(customer: dsp.Samples) -> bytes:
    """PCM of the customer beside a silent assistant."""
    return dsp.join_channels((dsp.encode_pcm16(customer), bytes(2 * customer.size)))


def words(seconds: float) -> bytes:
    """Speech that goes on to its last sample."""
    said = utterance("I would like to book a table for two people tomorrow evening, by the window.", RATE)
    return stereo(said[RATE // 10 : RATE // 10 + int(seconds * RATE)])


def silence(seconds: float) -> bytes:
    return stereo((0.0005 * NOISE.standard_normal(int(seconds * RATE))).astype(np.float32))


class Hears:
    """Recogniser that says a transcript once so many seconds of audio have come."""

    def __init__(self, *said: tuple[float, Transcript]) -> None:
        self._said = list(said)
        self._heard = 0

    def __call__(self, pcm: bytes) -> list[Transcript]:
        self._heard += len(pcm)
        due = [transcript for at, transcript in self._said if self._heard >= 2 * at * RATE]
        self._said = self._said[len(due) :]
        return [replace(transcript, end=self._heard / (2 * RATE)) for transcript in due]


def says(call: ClientConnection) -> tuple[str, str]:
    message = json.loads(call.recv(timeout=10))
    return message["transcriptType"], message["transcription"]


def send(call: ClientConnection, pcm: bytes) -> None:
    for at in range(0, len(pcm), 1280):
        call.send(pcm[at : at + 1280])


def asked(live: Live, said: str) -> float:
    message: dict[str, Any] = {
        "type": "call.endpointing.request", "messages": [{"role": "user", "message": said}], "call": {"id": "call-1"},
    }  # fmt: skip
    seconds: float = live.endpointing(message).json()["timeoutSeconds"]
    return seconds


Steps = Callable[[Live, ClientConnection], None]


def served(hears: Hears, steps: Steps, **chosen: Any) -> None:
    with (
        serving(chosen=settings(**chosen), transcriber=ScriptedListener(hear=hears)) as live,
        live.call(query="?call=call-1") as call,
    ):
        call.send(START)
        steps(live, call)


def test_the_silence_that_has_passed_in_the_call_is_taken_off_the_answer() -> None:
    def steps(live: Live, call: ClientConnection) -> None:
        send(call, silence(0.5) + words(1.5) + silence(0.8))
        assert says(call) == ("final", "Well I think")
        assert 0.3 < asked(live, "Well I think") < 1.0

    served(Hears((2.75, Transcript("Well I think", final=True))), steps)


def test_a_caller_who_speaks_now_is_not_interrupted_after_a_full_stop(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra turns is not installed")
    model = tiny_model(tmp_path / "tiny.onnx")

    def steps(live: Live, call: ClientConnection) -> None:
        send(call, silence(0.5) + words(1.9))
        assert says(call) == ("final", "That is all.")
        assert asked(live, "That is all.") == 1.5

    said = Transcript("That is all.", final=True)
    served(Hears((2.2, said)), steps, turn_engines="acoustic,text", turn_model=str(model))


def test_a_level_alone_never_lengthens_a_wait() -> None:
    def steps(live: Live, call: ClientConnection) -> None:
        send(call, silence(0.5) + words(3.0))
        assert says(call) == ("final", "That is all.")
        assert asked(live, "That is all.") == 0.1

    served(Hears((3.3, Transcript("That is all.", final=True))), steps)


def test_the_recognisers_own_signal_reaches_the_answer() -> None:
    done = Transcript("my name is Ann", final=True, turn="done", turn_confidence=0.97)

    def steps(live: Live, call: ClientConnection) -> None:
        send(call, silence(0.5) + words(1.5) + silence(0.3))
        assert says(call) == ("final", "my name is Ann")
        with structlog.testing.capture_logs() as events:
            assert asked(live, "my name is Ann") < 0.3
        assert [event["decided_by"] for event in events if event["event"] == "endpointing"] == ["recogniser-done"]

    served(Hears((2.2, done)), steps)


def test_a_driven_final_goes_out_when_the_turn_is_over_and_is_answered_at_once() -> None:
    hears = Hears((1.5, Transcript("I would like", final=False)), (2.1, Transcript("I would like a", final=True)))

    def steps(live: Live, call: ClientConnection) -> None:
        send(call, silence(0.5) + words(1.5) + silence(0.15))
        assert says(call) == ("partial", "I would like")
        assert says(call) == ("partial", "I would like a")
        assert asked(live, "I would like a") == 2.0
        send(call, silence(2.0))
        assert says(call) == ("final", "I would like a")
        assert asked(live, "I would like a") == 0.0

    served(hears, steps, turns="drive", turn_hold_seconds=60)


def test_an_unfinished_driven_final_is_held_and_goes_out_after_the_longest_hold() -> None:
    hears = Hears((2.1, Transcript("I would like the", final=True)))

    def steps(live: Live, call: ClientConnection) -> None:
        send(call, silence(0.5) + words(1.5) + silence(0.15))
        assert says(call) == ("partial", "I would like the")
        assert says(call) == ("final", "I would like the")
        assert 0 < asked(live, "I would like the") <= 1.5

    served(hears, steps, turns="drive", turn_hold_seconds=0.4)


def test_what_is_held_when_the_call_is_told_to_finish_goes_out() -> None:
    listener = ScriptedListener(hear=Hears((2.1, Transcript("I would like the", final=True))), last_words=[])
    with serving(chosen=settings(turns="drive", turn_hold_seconds=60), transcriber=listener) as live:
        with live.call() as call:
            call.send(START)
            send(call, silence(0.5) + words(1.5) + silence(0.15))
            assert says(call) == ("partial", "I would like the")
            httpx.post(live.base + "/drain", headers={"X-Vapi-Secret": SECRET})
            assert says(call) == ("final", "I would like the")


def test_the_sound_of_the_pause_decides_with_the_words(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra turns is not installed")
    model = tiny_model(tmp_path / "tiny.onnx")

    def steps(live: Live, call: ClientConnection) -> None:
        send(call, silence(0.5) + words(1.5) + silence(1.2))
        assert says(call) == ("final", "Well I think")
        deciding = ""
        with structlog.testing.capture_logs() as events:
            while not deciding.startswith("sound"):  # the model may still be at it
                asked(live, "Well I think")
                (deciding,) = [event["decided_by"] for event in events if event["event"] == "endpointing"][-1:]
        assert 0 < events[-1]["done"] < 1

    served(
        Hears((3.0, Transcript("Well I think", final=True))),
        steps,
        turn_engines="acoustic=3,text=0.1",
        turn_model=str(model),
    )

"""Protocol of the custom transcriber, without I/O."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsp import split_channels
from providers.transcriber.wire import Audio, CallState, Event, Refused, Started, Wire, response
from tests.live import start


def started(rate: int = 16000, channels: int = 2) -> Wire:
    wire = Wire()
    assert wire.receive_text(start(rate, channels)) == [Started(rate, channels)]
    return wire


def joined(events: list[Event]) -> bytes:
    return b"".join(event.pcm for event in events if isinstance(event, Audio))


def refused(events: list[Event]) -> tuple[int, str]:
    (event,) = events
    assert isinstance(event, Refused)
    return event.error.code, event.error.reason


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 24000, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_start_is_honoured(rate: int, channels: int) -> None:
    assert started(rate, channels).state is CallState.STREAMING


def test_start_may_carry_unknown_fields_and_an_integral_float_rate() -> None:
    wire = Wire()
    assert wire.receive_text(start(call={"id": 1}, metadata=[None])) == [Started(16000, 2)]
    assert Wire().receive_text('{"type":"start","sampleRate":8000.0}') == [Started(8000, 2)]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (start(7999), "start.sampleRate"),
        (start(48001), "start.sampleRate"),
        ('{"type":"start","sampleRate":16000.5}', "start.sampleRate"),
        ('{"type":"start","sampleRate":' + "1" * 400 + "}", "start.sampleRate"),
        ('{"type":"start","sampleRate":' + "1" * 100_000 + "}", "start.sampleRate"),
        ('{"type":"start","sampleRate":8000,"channels":' + "1" * 5000 + "}", "start.channels"),
        ('{"type":"start","sampleRate":"16000"}', "start.sampleRate"),
        ('{"type":"start","encoding":"linear16","channels":2}', "start"),
        (start(channels=3), "start.channels"),
        (start(channels=0), "start.channels"),
        ('{"type":"start","sampleRate":8000,"channels":"2"}', "start.channels"),
        ('{"type":"start","sampleRate":8000,"encoding":"mulaw"}', "start.encoding"),
        ('{"type":"start","sampleRate":8000,"encoding":null}', "start.encoding"),
        ('{"type":"start","sampleRate":8000,"container":"wav"}', "start.container"),
    ],
)
def test_a_bad_start_closes_1003_and_names_the_field(message: str, field: str) -> None:
    wire = Wire()
    code, reason = refused(wire.receive_text(message))
    assert code == 1003
    assert reason.startswith(f"{field}: ")
    assert len(reason.encode()) <= 123
    assert wire.state is CallState.CLOSED


def test_audio_before_start_closes_1002() -> None:
    wire = Wire()
    assert refused(wire.receive_bytes(b"\0\0\0\0"))[0] == 1002
    assert wire.receive_bytes(b"\0\0\0\0") == []
    assert wire.receive_text(start()) == []


def test_the_same_start_again_is_ignored_and_a_different_one_closes_1002() -> None:
    wire = started()
    assert wire.receive_text(start()) == []
    assert refused(wire.receive_text(start(8000)))[0] == 1002


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"start"', '{"type":5}', '{"type":"stop"}', "\ud800", "[" * 9999]
)
def test_unknown_text_is_ignored_before_and_after_start(text: str) -> None:
    assert Wire().receive_text(text) == []
    wire = started()
    assert wire.receive_text(text) == []
    assert joined(wire.receive_bytes(b"abcd")) == b"abcd"


def test_the_same_stream_cut_at_every_byte_gives_identical_channels() -> None:
    pcm = np.random.default_rng(1).integers(-32768, 32767, 2 * 40).astype("<i2").tobytes()
    whole = split_channels(pcm)
    for cut in range(len(pcm) + 1):
        wire = started()
        assert split_channels(joined(wire.receive_bytes(pcm[:cut]) + wire.receive_bytes(pcm[cut:]))) == whole


@pytest.mark.parametrize("channels", [1, 2])
def test_the_same_stream_cut_at_random_gives_identical_frames(channels: int) -> None:
    rng = random.Random(channels)
    pcm = rng.randbytes(4000)
    for _ in range(50):
        wire = started(channels=channels)
        events = []
        at = 0
        while at < len(pcm):
            step = rng.choice([0, 1, 1, 2, 3, 5, 640, 1281])
            events += wire.receive_bytes(pcm[at : at + step])
            at += step
        assert joined(events) == pcm
        assert all(len(event.pcm) % (2 * channels) == 0 for event in events if isinstance(event, Audio))


def test_two_wires_do_not_share_their_remainder() -> None:
    one, two = started(), started()
    assert one.receive_bytes(b"ab") == []
    assert joined(two.receive_bytes(b"wxyz")) == b"wxyz"
    assert joined(one.receive_bytes(b"cd")) == b"abcd"


@given(st.lists(st.one_of(st.binary(max_size=9), st.text(max_size=9)), max_size=9))
def test_any_frames_give_events_and_never_an_exception(frames: list[bytes | str]) -> None:
    for wire in (Wire(), started()):
        for frame in frames:
            events = wire.receive_text(frame) if isinstance(frame, str) else wire.receive_bytes(frame)
            assert isinstance(events, list)


@pytest.mark.parametrize(("final", "kind"), [(True, "final"), (False, "partial")])
def test_a_response_is_spelt_as_documented(final: bool, kind: str) -> None:
    assert json.loads(response('ö "x"', channel="customer", final=final)) == {
        "type": "transcriber-response",
        "transcription": 'ö "x"',
        "channel": "customer",
        "transcriptType": kind,
    }

"""The audio of a load is two speakers in turn, in frames that any WebSocket server reads."""

from __future__ import annotations

import numpy as np
import pytest
from websockets.frames import Opcode
from websockets.protocol import Protocol, Side

from providers.emulator.load.babble import babble
from providers.emulator.load.plan import message, script
from providers.emulator.sound import speech_spans
from providers.emulator.speech import ProbeSpeech


def payload(data: bytes) -> bytes:
    """What websockets' own server makes of a client's frame."""
    server = Protocol(Side.SERVER, max_size=None)
    server.receive_data(data)
    [event] = server.events_received()
    assert event.opcode is Opcode.BINARY
    return bytes(event.data)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 1280, 65535, 65536, 100_000])
def test_a_message_of_any_size_is_read_by_a_websocket_server(size):
    audio = (b"\x01\x02\x03" * size)[:size]
    assert payload(message(audio)) == audio


def test_the_speakers_take_turns_on_their_own_channels():
    ones, twos = np.full(8000, 0.5, np.float32), np.full(4000, 0.25, np.float32)
    words = script(ProbeSpeech(ones, twos, 8000), 8000)
    stereo = np.frombuffer(b"".join(payload(frame) for frame in words.messages), "<i2").reshape(-1, 2)
    assert words.duration == pytest.approx(1.0 + 1.0 + 0.5 + 1.0)
    assert {len(frame) for frame in words.messages} == {640 + 8}
    assert (np.flatnonzero(stereo[:, 0])[[0, -1]] == [0, 7999]).all()
    assert (np.flatnonzero(stereo[:, 1])[[0, -1]] == [16000, 19999]).all()
    assert [(span.start, span.end) for span in words.spans] == [(0.0, 1.0)]


def test_babble_has_the_rhythm_of_speech_and_is_the_same_every_time():
    first, again = babble(), babble()
    assert np.array_equal(first.customer, again.customer)
    assert np.abs(first.customer).max() == pytest.approx(0.3)
    [span] = speech_spans(first.customer, first.rate)
    assert 2.5 < span.end - span.start < 3.0

"""The audio of a load is two speakers in turn, in frames that any WebSocket server reads."""

from __future__ import annotations

import numpy as np
import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from dsp import Samples
from providers.emulator.load.load_speech import CUSTOMER, babble, utterances_of
from providers.emulator.load.script import ConversationSpeech, message, script
from providers.emulator.sound import speech_spans
from providers.emulator.utterances import Wording


def payload(data: bytes) -> bytes:
    """What websockets' own server makes of a client's frame."""
    server = Protocol(Side.SERVER, max_size=None)
    server.receive_data(data)
    [event] = server.events_received()
    assert isinstance(event, Frame)
    assert event.opcode is Opcode.BINARY
    return bytes(event.data)


def level(value: float, seconds: float) -> Samples:
    return np.full(round(8000 * seconds), value, np.float32)


def stereo_of(messages: tuple[bytes, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    return np.frombuffer(b"".join(payload(frame) for frame in messages), "<i2").reshape(-1, 2)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 1280, 65535, 65536, 100_000])
def test_a_message_of_any_size_is_read_by_a_websocket_server(size: int) -> None:
    audio = (b"\x01\x02\x03" * size)[:size]
    assert payload(message(audio)) == audio


def test_the_speakers_take_turns_on_their_own_channels() -> None:
    said = script(ConversationSpeech([level(0.5, 1.0)] * 2, [level(0.25, 0.5)], 8000, ("a b", "c d")), 8000)
    stereo = stereo_of(said.messages)
    assert said.duration == pytest.approx(2 * (1.0 + 1.0 + 0.5 + 1.0))
    assert {len(frame) for frame in said.messages} == {len(said.silence)} == {640 + 8}
    assert (np.flatnonzero(stereo[:28000, 0])[[0, -1]] == [0, 7999]).all()
    assert (np.flatnonzero(stereo[:28000, 1])[[0, -1]] == [16000, 19999]).all()
    assert [(one.start, one.end, one.text) for one in said.utterances] == [(0.0, 1.0, "a b"), (3.5, 4.5, "c d")]


def test_utterances_of_unknown_words_are_further_apart_than_any_lag_that_is_told() -> None:
    said = script(ConversationSpeech([level(0.5, 1.0)] * 2, [level(0.25, 0.5)], 8000), 8000, spacing=10.0)
    first, second = said.utterances
    assert second.start - first.end == pytest.approx(10.0)
    assert said.duration - second.end >= 10.0


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_utterances_are_where_they_are_heard_at_any_rate(rate: int) -> None:
    said = script(
        ConversationSpeech([level(0.5, 0.61), level(0.5, 0.37)], [level(0.25, 0.5)], 8000, ("a b", "c d")), rate
    )
    heard = speech_spans(stereo_of(said.messages)[:, 0].astype(np.float32) / np.float32(32768), rate)
    edges = [edge for one in said.utterances for edge in (one.start, one.end)]
    assert [edge for span in heard for edge in (span.start, span.end)] == pytest.approx(edges, abs=0.021)


def test_a_recording_is_cut_into_its_utterances() -> None:
    pause = np.zeros(8000, np.float32)
    clips = utterances_of(np.concatenate([pause, level(0.5, 1.0), pause, level(0.5, 0.5), pause]), 8000)
    assert [len(clip) / 8000 for clip in clips] == pytest.approx([1.2, 0.7])


def test_each_sentence_is_told_by_its_words_even_when_half_of_it_is_misheard() -> None:
    wording = Wording(CUSTOMER)
    for index, text in enumerate(CUSTOMER):
        known = text.split()
        assert wording.nearest(text) == index
        assert wording.nearest(" ".join(known[len(known) // 2 :])) == index


def test_babble_has_the_rhythm_of_speech_and_is_the_same_every_time() -> None:
    first, again = babble(), babble()
    assert np.array_equal(first.customer[0], again.customer[0])
    assert np.abs(first.customer[0]).max() == pytest.approx(0.3)
    [span] = speech_spans(first.customer[0], first.rate)
    assert 2.5 < span.end - span.start < 3.0
    assert not script(first, 16000).speech

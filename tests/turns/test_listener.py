"""Listener of one call: pauses, their length, and when the model is asked."""

from __future__ import annotations

import numpy as np
import pytest

import dsp
from dsp.stage import Samples
from providers.turns.acoustic import AcousticTurns
from providers.turns.listener import TurnListener
from providers.turns.state import TurnState

RATE = 8000
FRAME = 160
"""Samples; 20 ms."""


class Asked(AcousticTurns):
    """Sound engine that keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, Samples]] = []

    def judge(self, state: TurnState, samples: Samples, rate: int) -> None:
        assert rate == RATE
        self.asked.append((state.pause, samples))

    def cancel(self, state: TurnState) -> None:
        pass


class Call:
    """A call that hears syllables of noise and pauses, in frames of 20 ms."""

    def __init__(self) -> None:
        self.sound = Asked()
        self.state = TurnState(lambda: 0.0)
        self.listener = TurnListener(RATE, self.state, self.sound)
        self.heard = np.zeros(0, dtype=np.float32)
        self._noise = np.random.default_rng(1)

    def hears(self, seconds: float, level: float = 0.001) -> None:
        samples = (level * self._noise.standard_normal(int(seconds * RATE))).astype(np.float32)
        self.heard = np.concatenate([self.heard, samples])
        for at in range(0, samples.size, FRAME):
            self.listener.feed(dsp.encode_pcm16(samples[at : at + FRAME]))

    def speaks(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.3)):
            self.hears(0.15, 0.3)
            self.hears(0.15, 0.015)


def test_each_long_pause_is_judged_once() -> None:
    call = Call()
    call.hears(1.0)
    call.speaks(1.5)
    assert call.sound.asked == []
    call.hears(1.0)
    call.speaks(1.5)
    call.hears(1.0)
    asked = [pause for pause, _ in call.sound.asked]
    assert len(asked) == len(set(asked)) == 2


def test_silence_is_counted_from_where_the_words_ended() -> None:
    call = Call()
    call.hears(1.0)
    assert call.state.silence() is None
    call.speaks(1.5)
    call.hears(0.5)
    silence = call.state.silence()
    assert silence is not None
    assert silence == pytest.approx(0.55, abs=0.15)  # the last syllable ends softly
    call.speaks(0.6)
    assert call.state.silence() is None


def test_the_model_hears_the_turn_from_its_beginning_and_at_most_eight_seconds() -> None:
    call = Call()
    call.hears(1.0)
    call.speaks(1.5)
    call.hears(0.6)
    call.speaks(1.5)
    call.hears(3.0)
    call.speaks(12.0)
    call.hears(1.0)
    lengths = [samples.size / RATE for _, samples in call.sound.asked]
    assert lengths[0] == pytest.approx(1.9, abs=0.25)
    assert lengths[1] == pytest.approx(4.0, abs=0.25)
    assert lengths[-1] == 8.0


def test_the_model_hears_exactly_what_came_last() -> None:
    call = Call()
    call.speaks(12.0)
    call.hears(0.5)
    _, samples = call.sound.asked[-1]
    pcm = dsp.PcmDecoder().feed(dsp.encode_pcm16(call.heard))
    ends = [at for at in range(samples.size, pcm.size + 1) if pcm[at - 1] == samples[-1] and pcm[at - 2] == samples[-2]]
    assert any(np.array_equal(pcm[end - samples.size : end], samples) for end in ends)

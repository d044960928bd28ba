"""Listener of one call: pauses, their length, and when the model is asked."""

from __future__ import annotations

import numpy as np
import pytest

import dsp
from dsp.activity import ActivityEvent
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


class Loud:
    """Detector that takes what is loud for speech."""

    def __init__(self) -> None:
        self._heard = 0
        self._speaking = False

    def feed(self, samples: Samples, /) -> list[ActivityEvent]:
        speaking = bool(np.abs(samples).mean() > 0.01)
        at, self._heard = self._heard, self._heard + samples.size
        if speaking == self._speaking:
            return []
        self._speaking = speaking
        return [ActivityEvent(speaking=speaking, at=at)]


class Call:
    """A call that hears speech and pauses, in frames of 20 ms."""

    def __init__(self) -> None:
        self.sound = Asked()
        self.state = TurnState(lambda: 0.0)
        self.listener = TurnListener(RATE, self.state, self.sound, detector=Loud())
        self.heard = np.zeros(0, dtype=np.float32)
        self._noise = np.random.default_rng(1)

    def hears(self, samples: Samples) -> None:
        self.heard = np.concatenate([self.heard, samples])
        for at in range(0, samples.size, FRAME):
            self.listener.feed(dsp.encode_pcm16(samples[at : at + FRAME]))

    def pauses(self, seconds: float) -> None:
        self.hears((0.0005 * self._noise.standard_normal(int(seconds * RATE))).astype(np.float32))

    def speaks(self, seconds: float) -> None:
        self.hears((0.1 * self._noise.standard_normal(int(seconds * RATE))).astype(np.float32))


def test_each_long_pause_is_judged_once() -> None:
    call = Call()
    call.pauses(1.0)
    call.speaks(1.5)
    assert call.sound.asked == []
    call.pauses(1.0)
    call.speaks(1.5)
    call.pauses(1.0)
    asked = [pause for pause, _ in call.sound.asked]
    assert len(asked) == len(set(asked)) == 2


def test_silence_is_counted_from_where_the_words_ended() -> None:
    call = Call()
    call.pauses(1.0)
    assert call.state.silence() is None
    call.speaks(1.5)
    call.pauses(0.5)
    silence = call.state.silence()
    assert silence is not None
    assert silence == pytest.approx(0.5)
    call.speaks(0.6)
    assert call.state.silence() is None


def test_the_model_hears_the_turn_from_its_beginning_and_at_most_eight_seconds() -> None:
    call = Call()
    call.pauses(1.0)
    call.speaks(1.5)
    call.pauses(0.6)
    call.speaks(1.5)
    call.pauses(3.0)
    call.speaks(12.0)
    call.pauses(1.0)
    lengths = [samples.size / RATE for _, samples in call.sound.asked]
    assert lengths[0] == pytest.approx(1.9)
    assert lengths[1] == pytest.approx(4.0)
    assert lengths[-1] == 8.0


def test_the_model_hears_exactly_what_came_last() -> None:
    call = Call()
    call.speaks(12.0)
    call.pauses(0.5)
    _, samples = call.sound.asked[-1]
    pcm = dsp.PcmDecoder().feed(dsp.encode_pcm16(call.heard))
    ends = [at for at in range(samples.size, pcm.size + 1) if pcm[at - 1] == samples[-1] and pcm[at - 2] == samples[-2]]
    assert any(np.array_equal(pcm[end - samples.size : end], samples) for end in ends)

"""The two questions about level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.reconnect.speech_meter import SpeechMeter

RATE = 8000


def sine(level: float, seconds: float) -> np.ndarray:
    """A 440 Hz tone of ``level`` dBFS (RMS)."""
    peak = 32768 * 2**0.5 * 10 ** (level / 20)
    return (peak * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)).astype("<i2")


@pytest.mark.parametrize(("level", "speech"), [(-20.0, 1.0), (-36.0, 1.0), (-41.0, 0.0), (-70.0, 0.0)])
def test_speech_starts_above_its_threshold(level: float, speech: float) -> None:
    meter = SpeechMeter(RATE, 1)
    meter.feed(sine(level, 1.0).tobytes())
    assert meter.speech(0, 0.0) == pytest.approx(speech)


def test_speech_goes_on_down_to_the_lower_threshold() -> None:
    meter = SpeechMeter(RATE, 1)
    meter.feed(np.concatenate([sine(-30, 0.5), sine(-43, 0.5), sine(-50, 0.5), sine(-43, 0.5)]).tobytes())
    assert meter.speech(0, 0.0) == pytest.approx(1.0)


def test_speech_is_measured_after_a_moment_and_forgotten_before_one() -> None:
    meter = SpeechMeter(RATE, 1)
    meter.feed(np.concatenate([sine(-20, 1.0), sine(-80, 1.0), sine(-20, 1.0)]).tobytes())
    assert meter.speech(0, 0.5) == pytest.approx(1.5)
    assert meter.speech(0, 1.2) == pytest.approx(1.0)
    assert meter.speech(0, 3.0) == 0.0
    meter.forget(1.5)
    assert meter.speech(0, 0.0) == pytest.approx(1.0)


def test_the_last_loud_moment_is_known_per_channel() -> None:
    meter = SpeechMeter(RATE, 2)
    left, right = np.zeros(RATE, "<i2"), np.zeros(RATE, "<i2")
    left[:1600] = sine(-50, 0.2)
    meter.feed(np.stack([left, right], axis=1).tobytes())
    assert meter.last_loud == [pytest.approx(0.2), -np.inf]
    assert meter.speech(0, 0.0) == 0.0, "-50 dBFS may be speech, but need not be"


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=20))
def test_any_cut_of_the_stream_is_judged_alike(cuts: list[int]) -> None:
    stream = np.concatenate([sine(-20, 0.3), sine(-43, 0.3), sine(-80, 0.3), sine(-33, 0.1)])
    whole, pieces = SpeechMeter(RATE, 1), SpeechMeter(RATE, 1)
    whole.feed(stream.tobytes())
    for piece in np.split(stream, np.minimum(np.cumsum(cuts), len(stream))):
        pieces.feed(piece.tobytes())
    assert pieces.last_loud == whole.last_loud
    for after in (0.0, 0.2, 0.4, 0.95):
        assert pieces.speech(0, after) == pytest.approx(whole.speech(0, after))

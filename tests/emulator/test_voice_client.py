"""An answer is played against a clock, piece by piece."""

import numpy as np
import pytest

from providers.emulator.http_client import RecordedResponse
from providers.emulator.voice_client import played

RATE = 1000
"""Hz: one sample is one millisecond."""


def answer(*pieces: tuple[float, int], quiet: int = 0) -> RecordedResponse:
    """An answer whose pieces of so many samples came at these times; the first ``quiet`` samples are silence."""
    total = sum(samples for _, samples in pieces)
    samples = np.full(total, 16384, "<i2")
    samples[:quiet] = 0
    received, arrivals = 0, []
    for at, count in pieces:
        received += 2 * count
        arrivals.append((at, received))
    return RecordedResponse(200, "", samples.tobytes(), tuple(arrivals), pieces[-1][0] if pieces else 0.0, True)


def test_pieces_in_time_play_without_a_gap() -> None:
    playback = played(answer((0.1, 100), (0.15, 100)), RATE)
    assert (playback.duration, playback.stalled, playback.continuity) == (0.2, 0.0, 1.0)
    assert playback.first_audible == pytest.approx(0.1)


def test_a_late_piece_is_dead_air() -> None:
    playback = played(answer((0.1, 100), (0.5, 100)), RATE)
    assert playback.stalled == pytest.approx(0.3)
    assert playback.continuity == pytest.approx(0.4)


def test_silence_before_the_first_word_counts() -> None:
    assert played(answer((0.1, 100), (0.12, 100), quiet=150), RATE).first_audible == pytest.approx(0.25)


def test_a_first_word_that_comes_late_is_heard_when_it_comes() -> None:
    assert played(answer((0.1, 100), (0.9, 100), quiet=100), RATE).first_audible == pytest.approx(0.9)


def test_no_audio_is_heard_never() -> None:
    playback = played(answer(), RATE)
    assert (playback.duration, playback.first_audible, playback.continuity) == (0.0, None, 1.0)

"""Speech by level: the same boundaries however the audio is cut, on both channels."""

from __future__ import annotations

import random

import numpy as np
import pytest

from providers.calls.activity import Boundary, SpeechActivity

RATE = 8000


def sound(*stretches: tuple[float, float]) -> np.ndarray:
    """Noise of so many seconds at so many dBFS, one stretch after the other."""
    rng = np.random.default_rng(1)
    parts = [rng.standard_normal(round(RATE * seconds)) * 32768 * 10 ** (level / 20) for seconds, level in stretches]
    return np.concatenate(parts).clip(-32768, 32767).astype("<i2")


def stereo(left: np.ndarray, right: np.ndarray) -> bytes:
    return np.stack((left, right), axis=1).astype("<i2").tobytes()


def boundaries(pcm: bytes, *, seed: int | None = None) -> list[Boundary]:
    activity, found, at = SpeechActivity(RATE, 2), list[Boundary](), 0
    rng = random.Random(seed)
    while at < len(pcm):
        size = 4 * rng.randint(1, 20_000) if seed is not None else activity.block
        found += activity.look([pcm[at : at + size]])
        at += size
    return sorted(found, key=lambda boundary: (boundary.audio, boundary.channel))


TALK = stereo(
    sound((1.0, -70), (1.5, -20), (2.0, -70), (1.0, -25), (0.5, -70)),
    sound((3.0, -90), (1.0, -18), (2.0, -90)),
)


def test_boundaries_are_where_speech_starts_and_stops() -> None:
    found = [(one.channel, one.started, one.audio) for one in boundaries(TALK)]
    expected = [(0, True, 1.0), (0, False, 2.5), (1, True, 3.0), (1, False, 4.0), (0, True, 4.5), (0, False, 5.5)]
    assert [one[:2] for one in found] == [one[:2] for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[2] == pytest.approx(other[2], abs=0.05)  # a hop


@pytest.mark.parametrize("seed", range(5))
def test_the_cutting_of_the_audio_does_not_matter(seed: int) -> None:
    found, whole = boundaries(TALK, seed=seed), boundaries(TALK)
    assert [(one.channel, one.started) for one in found] == [(one.channel, one.started) for one in whole]
    # How fast the estimate of the noise rises inside a look moves a boundary by a hop at most.
    assert [one.audio for one in found] == pytest.approx([one.audio for one in whole], abs=0.05)


def test_a_click_is_no_speech_and_a_short_pause_does_not_end_it() -> None:
    click = sound((1.0, -80), (0.03, -10), (1.0, -80))
    assert boundaries(stereo(click, click * 0)) == []
    pausing = sound((0.5, -80), (0.5, -20), (0.15, -80), (0.5, -20), (0.8, -80))
    assert [one.started for one in boundaries(stereo(pausing, pausing * 0))] == [True, False]


@pytest.mark.parametrize("level", [-40, -46])
def test_steady_noise_becomes_the_line_and_speech_above_it_is_found(level: int) -> None:
    noisy = sound((30.0, level), (1.0, -20), (1.0, level))
    found = [(one.started, round(one.audio)) for one in boundaries(stereo(noisy, noisy * 0)) if one.audio > 25]
    assert found == [(True, 30), (False, 31)]


def test_silence_counts_from_the_last_loud_moment() -> None:
    activity = SpeechActivity(RATE, 1)
    assert activity.silence(0) is None
    activity.look([sound((1.0, -80), (1.0, -20)).tobytes()])
    assert activity.silence(0) == 0.0
    activity.look([sound((0.8, -80)).tobytes()])
    silence = activity.silence(0)
    assert silence is not None
    assert silence == pytest.approx(0.8, abs=0.05)

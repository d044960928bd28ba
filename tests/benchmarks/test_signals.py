from __future__ import annotations

import numpy as np
import pytest

from benchmarks.noises import NOISES, noise
from benchmarks.signals import NOMINAL_DBFS, activity, level_db, mix, speech, utterance, vad_f1


def test_speech_is_the_same_on_every_run() -> None:
    first = utterance("Yes, please.", 8000, voice="en-us+f2", seed=5)
    utterance.cache_clear()
    assert np.array_equal(first, utterance("Yes, please.", 8000, voice="en-us+f2", seed=5))


def test_speech_and_pauses_alternate_at_the_nominal_level() -> None:
    spoken = speech(8000, 12.0, seed=4, spread_db=0.0)
    assert spoken.samples.size == 96000
    assert spoken.truth.size == 1200
    assert 0.4 < spoken.truth.mean() < 0.9
    assert level_db(spoken.samples, active=spoken.truth) == pytest.approx(NOMINAL_DBFS, abs=1.0)
    assert level_db(spoken.samples, active=~spoken.truth) < NOMINAL_DBFS - 30


@pytest.mark.parametrize("kind", NOISES)
def test_noises_are_seeded_and_at_the_nominal_level(kind: str) -> None:
    made = noise(kind, 8000, 3.0, seed=1)
    assert made.dtype == np.float32
    assert level_db(made) == pytest.approx(NOMINAL_DBFS, abs=0.01)
    noise.cache_clear()
    assert np.array_equal(made, noise(kind, 8000, 3.0, seed=1))
    assert not np.array_equal(made, noise(kind, 8000, 3.0, seed=2))


def test_mix_puts_the_noise_at_the_asked_distance_below_the_active_speech() -> None:
    spoken = speech(8000, 6.0, seed=2)
    rest = mix(spoken, noise("pink", 8000, 6.0, seed=2), 10.0) - spoken.samples
    loudness = level_db(spoken.samples, active=spoken.truth)
    # float32 subtraction leaves a rounding error of about 1e-8 per sample.
    assert loudness - level_db(rest) == pytest.approx(10.0, abs=0.01)


def test_a_short_gap_belongs_to_the_speech_around_it_and_a_long_one_does_not() -> None:
    tone = np.ones(800, dtype=np.float32)
    samples = np.concatenate([tone, 0 * tone, tone, 0 * tone, 0 * tone, tone])
    active = activity(samples, 8000)
    assert active[:30].all()
    assert not active[30:50].any()
    assert active[50:].all()


def test_f1_counts_speech_frames() -> None:
    truth = np.array([True, True, True, False])
    assert vad_f1(truth, truth) == 1.0
    assert vad_f1([False] * 4, truth) == 0.0
    assert vad_f1([True] * 4, truth) == pytest.approx(6 / 7)

"""The limiter against an eightfold oversampling that is scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from dsp import Limiter, ParameterError, Samples, SignalError
from tests.dsp.any_split import assert_any_split, assert_isolated, run
from tests.dsp.flat import assert_flat_memory
from tests.dsp.voices import speech

pytestmark = pytest.mark.usefixtures("each_backend")

RATES = [8000, 16000, 22050, 24000, 44100, 48000]


def peak(samples: Samples) -> float:
    return float(20 * np.log10(np.abs(signal.resample_poly(samples.astype(np.float64), 8, 1)).max()))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("level", [-20.0, -10.0, 0.0, 12.0])
def test_the_true_peak_of_speech_stays_below_the_ceiling(rate: int, level: float) -> None:
    assert peak(run(Limiter(rate), [speech(rate, 3, level=level)], [])) <= -1


@pytest.mark.parametrize("rate", RATES)
def test_a_peak_between_the_samples_is_seen(rate: int) -> None:
    between = np.sin(np.pi / 2 * np.arange(rate) + np.pi / 4).astype(np.float32) * np.hanning(rate).astype(np.float32)
    assert np.abs(between).max() < 0.71
    assert peak(run(Limiter(rate, ceiling=-2.0), [between], [])) <= -2


@pytest.mark.parametrize("rate", RATES)
def test_what_is_below_the_ceiling_is_only_delayed(rate: int) -> None:
    words = speech(rate, 1)
    words *= np.float32(0.8 / np.abs(signal.resample_poly(words, 8, 1)).max())
    stage = Limiter(rate)
    assert stage.delay <= 0.009 * rate
    out = run(stage, [words], [])
    assert not out[: int(stage.delay)].any()
    assert np.array_equal(out[int(stage.delay) :], words)


def test_the_gain_recovers_after_a_peak() -> None:
    tone = np.sin(np.arange(16000) / 5).astype(np.float32) * np.float32(0.5)
    burst = tone.copy()
    burst[4000:4100] *= 8
    out = run(Limiter(16000), [burst], [])[int(Limiter(16000).delay) :]
    assert np.array_equal(out[:3800], tone[:3800])
    assert np.array_equal(out[9000:], tone[9000:])
    assert not np.array_equal(out[4200:5000], tone[4200:5000])


@pytest.mark.parametrize("rate", [8000, 44100])
def test_any_split_gives_the_same_bits(rate: int) -> None:
    words = np.concatenate([speech(rate, 0.4, level=-3), np.zeros(rate // 10), speech(rate, 0.3, level=-30)])
    assert_any_split(lambda: Limiter(rate), words.astype(np.float32), rounds=6)
    assert_isolated(lambda: Limiter(rate), [speech(rate, 0.2, level=0)], [speech(rate, 0.2, level=-5, seed=2)])


@pytest.mark.parametrize("rate", RATES)
def test_the_shortcut_where_no_peak_can_reach_the_ceiling_changes_no_bit(rate: int) -> None:
    quiet, loud = speech(rate, 0.5, level=-30), speech(rate, 0.3, level=-12)
    words = np.concatenate([quiet, loud, quiet, np.zeros(rate // 4), 2 * loud, quiet]).astype(np.float32)
    short, long = Limiter(rate), Limiter(rate)
    long._quiet = -1.0  # the whole calculation, always
    cuts = range(rate // 50, words.size, rate // 50)
    assert np.array_equal(run(short, [words], cuts), run(long, [words], cuts))


def test_most_of_usual_speech_takes_the_shortcut() -> None:
    stage, words, taken = Limiter(16000), speech(16000, 10, level=-26), 0
    for start in range(0, words.size, 320):
        taken += stage._resting and stage._out_of_reach(words[start : start + 320])
        stage.feed(words[start : start + 320])
    assert taken >= 0.8 * words.size / 320


def test_as_many_samples_come_out_as_go_in() -> None:
    stage = Limiter(8000)
    assert stage.flush().size == 0
    for size in (1, 0, 160, 5000):
        assert stage.feed(np.ones(size, dtype=np.float32)).size == size
    assert stage.flush().size == stage.delay


@pytest.mark.parametrize("ceiling", [0.1, -61, float("nan")])
def test_an_impossible_ceiling_is_named(ceiling: float) -> None:
    with pytest.raises(ParameterError, match="ceiling: expected -60 to 0 dBTP"):
        Limiter(8000, ceiling=ceiling)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(wrong: float) -> None:
    with pytest.raises(SignalError, match="finite values"):
        Limiter(8000).feed(np.array([wrong], dtype=np.float32))


def test_memory_stays_flat() -> None:
    assert_flat_memory(lambda: Limiter(8000), rate=8000)


# By the samples alone: what keeps an integer format from clipping.


def by_samples(rate: int, ceiling: float = -1.0) -> Limiter:
    return Limiter(rate, ceiling=ceiling, true_peak=False)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("level", [-20.0, -10.0, 0.0, 12.0])
def test_without_true_peak_no_sample_exceeds_the_ceiling(rate: int, level: float) -> None:
    out = run(by_samples(rate), [speech(rate, 3, level=level)], [])
    assert 20 * np.log10(np.abs(out).max()) <= -1 + 1e-5  # float32 rounds the product


@pytest.mark.parametrize("rate", RATES)
def test_without_true_peak_what_stays_below_the_ceiling_is_only_delayed_by_the_look_ahead(rate: int) -> None:
    words = speech(rate, 1)
    words *= np.float32(0.89 / np.abs(words).max())
    stage = by_samples(rate)
    assert stage.delay <= 0.006 * rate
    assert np.array_equal(run(stage, [words], [])[int(stage.delay) :], words)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 47999])
def test_without_true_peak_any_split_gives_the_same_bits(rate: int) -> None:
    quiet, loud = speech(rate, 0.3, level=-30), speech(rate, 0.3, level=0)
    words = np.concatenate([quiet, loud, quiet, np.zeros(rate // 4), loud, quiet]).astype(np.float32)
    assert_any_split(lambda: by_samples(rate), words, rounds=6)
    assert_isolated(lambda: by_samples(rate), [loud], [speech(rate, 0.3, level=-5, seed=2)])


def test_without_true_peak_the_shortcut_below_the_ceiling_changes_no_bit() -> None:
    tone = (np.sin(np.arange(16000) / 5) * 0.5).astype(np.float32)
    burst = tone.copy()
    burst[4000:4100] *= 8
    short, long = by_samples(16000), by_samples(16000)
    long._resting = False  # the whole calculation, from the first sample on
    assert np.array_equal(run(short, [burst], [5, 3999, 4050, 9000]), run(long, [burst], []))

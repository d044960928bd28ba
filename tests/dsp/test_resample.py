"""The soxr stream: exactly soxr for any split."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import soxr

from dsp import ParameterError, Resampler, Samples, SignalError
from tests.dsp.any_split import assert_any_split, assert_isolated
from tests.dsp.flat import assert_flat_memory

RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
PAIRS = list(itertools.permutations(RATES, 2))


def noise(count: int, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).uniform(-1, 1, count).astype(np.float32)


@pytest.mark.parametrize(("in_rate", "out_rate"), PAIRS)
def test_any_split_is_the_one_shot_call_bit_for_bit(in_rate: int, out_rate: int) -> None:
    samples = noise(in_rate // 4 + 3)
    joined = assert_any_split(lambda: Resampler(in_rate, out_rate), samples, rounds=3)
    assert joined.tobytes() == soxr.resample(samples, in_rate, out_rate).tobytes()
    assert abs(len(joined) - len(samples) * out_rate / in_rate) <= 0.5


@pytest.mark.parametrize("quality", ["LQ", "MQ", "HQ", "VHQ"])
def test_the_quality_is_soxrs_own(quality: str) -> None:
    samples = noise(4000)
    joined = assert_any_split(lambda: Resampler(24000, 8000, quality), samples, rounds=2)  # type: ignore[arg-type]
    assert joined.tobytes() == soxr.resample(samples, 24000, 8000, quality).tobytes()


def test_two_streams_do_not_meet() -> None:
    assert_isolated(lambda: Resampler(22050, 16000), [noise(9000)], [noise(9500, 2)])


def test_equal_rates_pass_samples_through() -> None:
    samples = noise(100)
    stage = Resampler(8000, 8000)
    assert np.array_equal(stage.feed(samples), samples)
    assert stage.flush().size == 0


def test_silence_stays_silence() -> None:
    stage = Resampler(24000, 8000)
    assert not np.concatenate([stage.feed(np.zeros(24000, dtype=np.float32)), stage.flush()]).any()


def test_quick_quality_is_refused() -> None:
    with pytest.raises(ParameterError, match="quality: expected LQ, MQ, HQ or VHQ, found 'QQ'"):
        Resampler(8000, 16000, "QQ")  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", [0, -1, 8000.5, "8000"])
def test_an_impossible_rate_is_named(rate: object) -> None:
    with pytest.raises(ParameterError, match="in_rate: expected"):
        Resampler(rate, 8000)  # type: ignore[arg-type]


def test_strided_samples_are_welcome() -> None:
    samples = noise(4000)
    stage = Resampler(24000, 8000)
    out = np.concatenate([stage.feed(samples[::-2]), stage.flush()])
    assert out.tobytes() == soxr.resample(samples[::-2].copy(), 24000, 8000).tobytes()


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(wrong: float) -> None:
    with pytest.raises(SignalError, match="finite values"):
        Resampler(8000, 16000).feed(np.array([wrong], dtype=np.float32))


def test_memory_stays_flat() -> None:
    assert_flat_memory(lambda: Resampler(24000, 8000), rate=24000)

"""The live resampler: exact, cut-proof, and measured against soxr."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dsp import LiveResampler, ParameterError, Samples, SignalError
from tests.dsp.any_split import assert_any_split, assert_isolated, run
from tests.dsp.flat import assert_flat_memory

pytestmark = pytest.mark.usefixtures("each_backend")

RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
PAIRS = list(itertools.permutations(RATES, 2))
TELEPHONE = [(8000, 16000), (16000, 8000), (8000, 24000), (48000, 16000), (44100, 8000), (22050, 32000)]


def noise(count: int, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).uniform(-1, 1, count).astype(np.float32)


def tone(rate: int, frequency: float, seconds: float = 0.12) -> Samples:
    return np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate + 0.3).astype(np.float32)


def resampled(in_rate: int, out_rate: int, samples: Samples) -> tuple[Samples, int]:
    stage = LiveResampler(in_rate, out_rate)
    return run(stage, [samples], []), int(stage.delay)


def settled(out: Samples, delay: int) -> slice:
    """Where the filter sees neither end of the signal."""
    return slice(2 * delay + 8, len(out) - 2 * delay - 8)


def decibels(value: float) -> float:
    return 20 * math.log10(value + 1e-12)


def fit(in_rate: int, out_rate: int, frequency: float) -> tuple[float, float, float]:
    """Gain in dB, phase error in radians and the rest in dB of a tone that comes out as the same tone."""
    out, delay = resampled(in_rate, out_rate, tone(in_rate, frequency))
    time = ((np.arange(len(out)) - delay) / out_rate)[settled(out, delay)]
    heard = out[settled(out, delay)].astype(np.float64)
    basis = np.stack([np.sin(2 * np.pi * frequency * time), np.cos(2 * np.pi * frequency * time)], axis=1)
    weights = np.linalg.lstsq(basis, heard, rcond=None)[0]
    rest = float(np.abs(heard - basis @ weights).max())
    return decibels(float(np.hypot(*weights))), math.atan2(weights[1], weights[0]) - 0.3, decibels(rest)


@pytest.mark.parametrize(("in_rate", "out_rate"), PAIRS)
def test_any_split_gives_the_same_bits(in_rate: int, out_rate: int) -> None:
    rounds = 8 if (in_rate, out_rate) in TELEPHONE else 2
    assert_any_split(lambda: LiveResampler(in_rate, out_rate), noise(4 * in_rate // 50 + 17), rounds=rounds)


@pytest.mark.parametrize(("in_rate", "out_rate"), TELEPHONE)
def test_any_split_holds_for_silence_tiny_and_huge_values(in_rate: int, out_rate: int) -> None:
    parts: list[NDArray[Any]] = [
        noise(500),
        -np.zeros(400),
        noise(300) * 1e-38,
        np.zeros(300),
        noise(200) * 1e15,
        -np.ones(200),
    ]
    signal = np.concatenate(parts).astype(np.float32)
    for seed in range(3):
        assert_any_split(lambda: LiveResampler(in_rate, out_rate), signal, seed=seed, rounds=4)


@settings(max_examples=60, deadline=None)
@given(pair=st.sampled_from(PAIRS), cuts=st.lists(st.integers(0, 2500), max_size=40), seed=st.integers(0, 9))
def test_any_split_holds_for_cuts_that_hypothesis_finds(pair: tuple[int, int], cuts: list[int], seed: int) -> None:
    signal = noise(2500, seed)
    whole, cut = (run(LiveResampler(*pair), [signal], places) for places in ([], sorted(cuts)))
    assert whole.tobytes() == cut.tobytes()


@pytest.mark.parametrize(("in_rate", "out_rate"), TELEPHONE)
def test_two_streams_do_not_meet(in_rate: int, out_rate: int) -> None:
    assert_isolated(lambda: LiveResampler(in_rate, out_rate), [noise(3000)], [noise(3100, 2)])


@pytest.mark.parametrize(("in_rate", "out_rate"), PAIRS)
def test_the_count_is_exact_after_every_feed(in_rate: int, out_rate: int) -> None:
    stage = LiveResampler(in_rate, out_rate)
    fed = given_out = 0
    for size in (1, 0, 1, 2, 159, 160, 161, 441, 1000, 7, 2500):
        fed += size
        given_out += len(stage.feed(np.zeros(size, dtype=np.float32)))
        assert given_out == -(-fed * out_rate // in_rate)
    assert len(stage.flush()) == stage.delay


@pytest.mark.parametrize(("in_rate", "out_rate"), PAIRS)
def test_the_delay_is_at_most_two_milliseconds_and_as_stated(in_rate: int, out_rate: int) -> None:
    assert 0 < LiveResampler(in_rate, out_rate).delay <= 0.002 * out_rate
    for share in (0.05, 0.4, 0.69):
        assert abs(fit(in_rate, out_rate, share * min(in_rate, out_rate) / 2)[1]) < 1e-5  # float32 rounding


@pytest.mark.parametrize(("in_rate", "out_rate"), PAIRS)
def test_the_passband_is_flat_and_images_are_gone(in_rate: int, out_rate: int) -> None:
    nyquist = min(in_rate, out_rate) / 2
    telephone = nyquist == 4000
    for share in (0.03, 0.2, 0.35, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.99):
        gain, _, rest = fit(in_rate, out_rate, share * nyquist)
        if telephone:
            assert rest <= (-92 if share < 0.95 else -14)
            assert share > 0.85 or abs(gain) <= 0.1
        else:
            assert rest <= -92
            assert share > 0.7 or abs(gain) <= 0.05


@pytest.mark.parametrize(("in_rate", "out_rate"), [pair for pair in PAIRS if min(pair) == 8000])
def test_a_pair_with_the_telephones_rate_passes_the_telephone_band(in_rate: int, out_rate: int) -> None:
    for frequency in (300, 1000, 2000, 2800, 3000, 3200, 3300, 3400):
        gain, phase, rest = fit(in_rate, out_rate, frequency)
        assert abs(gain) <= 0.1
        assert abs(phase) < 1e-5
        assert rest <= -90


def test_taking_in_without_working_out_leaves_the_same_state() -> None:
    signal = noise(3000)
    for cut in (1, 159, 160, 161, 1234, 2990):
        stage, twin = LiveResampler(8000, 16000), LiveResampler(8000, 16000)
        stage.skip(signal[:cut])
        expected = np.concatenate([twin.feed(signal), twin.flush()])
        found = np.concatenate([stage.feed(signal[cut:]), stage.flush()])
        assert np.array_equal(found, expected[expected.size - found.size :])


@pytest.mark.parametrize(("in_rate", "out_rate"), TELEPHONE)
def test_no_output_grows_beyond_the_stated_factor(in_rate: int, out_rate: int) -> None:
    stage = LiveResampler(in_rate, out_rate)
    signs = np.sign(noise(in_rate)).astype(np.float32)
    assert 1 < np.abs(stage.feed(signs)).max() <= stage.growth < 3


@pytest.mark.parametrize(("in_rate", "out_rate"), [pair for pair in PAIRS if pair[0] > pair[1]])
def test_nothing_above_the_lower_nyquist_frequency_folds_down(in_rate: int, out_rate: int) -> None:
    top = in_rate / out_rate
    first = 1.14 if out_rate == 8000 else 1.0005
    for share in np.concatenate([np.linspace(first, 1.0 + 0.3 * (top - 1), 8), np.linspace(1, top, 7)[1:-1]]):
        out, delay = resampled(in_rate, out_rate, tone(in_rate, float(share) * out_rate / 2))
        assert decibels(float(np.abs(out[settled(out, delay)]).max())) <= -92


@pytest.mark.parametrize(("in_rate", "out_rate"), PAIRS)
def test_it_agrees_with_soxr(in_rate: int, out_rate: int) -> None:
    nyquist = min(in_rate, out_rate) / 2
    tones = [tone(in_rate, share * nyquist, 0.2) for share in (0.03, 0.11, 0.29, 0.43, 0.58)]
    samples = np.asarray(np.mean(tones, axis=0), dtype=np.float32)
    ours, delay = resampled(in_rate, out_rate, samples)
    theirs = soxr.resample(samples, in_rate, out_rate, "VHQ")
    middle = slice(len(theirs) // 4, len(theirs) * 3 // 4)
    assert decibels(float(np.abs(ours[delay:][: len(theirs)] - theirs)[middle].max())) <= -50  # the passband's ripple


@pytest.mark.parametrize(("in_rate", "out_rate"), PAIRS)
def test_a_constant_stays_that_constant(in_rate: int, out_rate: int) -> None:
    out, delay = resampled(in_rate, out_rate, np.full(in_rate // 10, 0.5, dtype=np.float32))
    assert np.abs(out[settled(out, delay)] - 0.5).max() <= 2**-20  # float32 rounding of some 190 terms


def test_silence_in_is_silence_out() -> None:
    out, _ = resampled(8000, 16000, np.zeros(1000, dtype=np.float32))
    assert not out.any()
    assert not np.signbit(out).any()


def test_equal_rates_pass_samples_through() -> None:
    stage = LiveResampler(16000, 16000)
    samples = noise(100)
    assert np.array_equal(stage.feed(samples), samples)
    assert stage.flush().size == 0
    assert stage.delay == 0


def test_flushing_an_unfed_stream_gives_nothing() -> None:
    stage = LiveResampler(8000, 16000)
    stage.feed(np.zeros(0, dtype=np.float32))
    assert stage.flush().size == 0


@pytest.mark.parametrize(("in_rate", "out_rate"), [(11025, 8000), (12000, 8000), (96000, 16000), (4000, 192000)])
def test_other_rates_work_as_well(in_rate: int, out_rate: int) -> None:
    gain, phase, rest = fit(in_rate, out_rate, 0.3 * min(in_rate, out_rate))
    assert abs(gain) < (0.1 if 8000 in (in_rate, out_rate) else 0.05)
    assert abs(phase) < 1e-5
    assert rest < -92
    assert_any_split(lambda: LiveResampler(in_rate, out_rate), noise(1500), rounds=2)


@pytest.mark.parametrize("rate", [0, -8000, 3999, 200_000, 8000.0, "8000", None])
def test_an_impossible_rate_is_named(rate: object) -> None:
    with pytest.raises(ParameterError, match="in_rate: expected"):
        LiveResampler(rate, 16000)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="out_rate: expected"):
        LiveResampler(16000, rate)  # type: ignore[arg-type]


def test_rates_without_a_common_divisor_are_refused() -> None:
    with pytest.raises(ParameterError, match="at least 25 Hz, found 1 for 8001 and 16000"):
        LiveResampler(8001, 16000)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_and_leave_the_stream_as_it_was(wrong: float) -> None:
    stage, twin = LiveResampler(8000, 16000), LiveResampler(8000, 16000)
    samples = noise(400)
    first = stage.feed(samples)
    with pytest.raises(SignalError, match="finite"):
        stage.feed(np.array([0, wrong], dtype=np.float32))
    rest = [first, stage.feed(samples), stage.flush()]
    assert np.array_equal(np.concatenate(rest), run(twin, [np.concatenate([samples, samples])], []))


def test_memory_stays_flat() -> None:
    assert_flat_memory(lambda: LiveResampler(8000, 16000), rate=8000)


def test_a_big_feed_needs_no_more_than_its_own_output() -> None:
    stage = LiveResampler(8000, 16000)
    samples = noise(8000 * 60)
    stage.feed(samples[:160])
    tracemalloc.start()
    try:
        out = stage.feed(samples)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= out.nbytes + 65536

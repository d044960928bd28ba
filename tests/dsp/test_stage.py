"""The gatekeeper of samples, and chains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsp import (
    Chain,
    EchoCanceller,
    EdgeTrim,
    FourierDenoiser,
    FourierDenoisingPlan,
    Leveler,
    Limiter,
    LiveResampler,
    ParameterError,
    PcmDecoder,
    Resampler,
    SignalError,
    Stage,
    VoiceActivity,
    encode_pcm16,
)
from dsp.stage import FAINTEST, LOUDEST, valid_samples
from tests.dsp.any_split import assert_any_split
from tests.dsp.voices import speech


@given(values=st.lists(st.floats(width=32), max_size=40))
def test_exactly_the_finite_values_pass(values: list[float]) -> None:
    samples = np.array(values, dtype=np.float32)
    wrong = [index for index, value in enumerate(values) if not np.isfinite(value)]
    if not wrong:
        mine = np.clip(samples, -LOUDEST, LOUDEST)
        mine[np.abs(mine) < FAINTEST] = 0
        assert np.array_equal(valid_samples(samples), mine)
        assert (valid_samples(samples) is samples) == np.array_equal(samples, mine)
        return
    with pytest.raises(SignalError, match=f"expected finite values, found .* at index {wrong[0]}$"):
        valid_samples(samples)


@pytest.mark.parametrize("count", [1, 3, 160, 5000, 70_000])
@pytest.mark.parametrize("step", [1, -2])
def test_values_whose_squares_overflow_are_clipped_without_a_warning(count: int, step: int) -> None:
    samples = np.full(2 * count, 3e38, dtype=np.float32)[::step]
    assert (valid_samples(samples) == LOUDEST).all()
    assert (samples == np.float32(3e38)).all()
    samples[-1] = -np.inf
    with pytest.raises(SignalError, match=f"found -inf at index {samples.size - 1}$"):
        valid_samples(samples)


def test_doubles_that_no_float32_holds_are_refused_without_a_warning() -> None:
    with pytest.raises(SignalError, match="found inf at index 1$"):
        valid_samples(np.array([1e38, 1e39]))


@pytest.mark.parametrize("samples", [np.float32(1), np.zeros((2, 2), np.float32), [[0.5]]])
def test_anything_but_one_dimension_is_refused(samples: object) -> None:
    with pytest.raises(SignalError, match="shape"):
        valid_samples(samples)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", ">i2", "complex64", "bool", "float16", "U1"])
def test_anything_but_floats_is_refused(dtype: str) -> None:
    with pytest.raises(SignalError, match="expected dtype float32 or int16, found"):
        valid_samples(np.zeros(3, dtype=dtype))


def test_doubles_are_narrowed_and_strides_are_welcome() -> None:
    assert valid_samples(np.ones(3)).dtype == np.float32
    assert valid_samples(np.arange(10, dtype=np.float32)[::-3]).tolist() == [9, 6, 3, 0]


def test_int16_counts_32768_to_full_scale() -> None:
    every = np.arange(-32768, 32768, dtype=np.int16)
    assert np.array_equal(valid_samples(every), every / 32768)
    assert encode_pcm16(every) == every.tobytes()
    assert valid_samples(every[::-7]).tolist() == (every[::-7] / 32768).tolist()


def test_a_chain_is_indifferent_to_the_cut() -> None:
    words = speech(22050, 0.5)
    assert_any_split(
        lambda: Chain([Resampler(22050, 8000), EdgeTrim(8000), LiveResampler(8000, 16000)]), words, rounds=4
    )


@pytest.mark.parametrize(
    "stages",
    [
        [LiveResampler(8000, 16000), LiveResampler(16000, 24000)],
        [LiveResampler(48000, 8000), Limiter(8000), LiveResampler(8000, 16000)],
        [Limiter(16000), Chain([LiveResampler(16000, 8000), Limiter(8000)]), LiveResampler(8000, 48000)],
    ],
)
def test_a_chain_states_how_late_its_output_is(stages: list[Stage]) -> None:
    chain = Chain(stages)
    assert chain.in_rate is not None
    assert chain.out_rate is not None
    tick = np.zeros(chain.in_rate // 10, dtype=np.float32)
    tick[chain.in_rate // 20] = 0.5
    heard = np.concatenate([chain.feed(tick), chain.flush()])
    assert int(np.abs(heard).argmax()) - chain.out_rate // 20 == chain.delay


def test_a_chain_of_a_decoder_takes_bytes_and_gives_its_tail_after_half_a_sample() -> None:
    pcm = encode_pcm16(speech(8000, 0.2))
    stages: list[Any] = [PcmDecoder(), LiveResampler(8000, 16000)]
    chain: Any = Chain(stages)  # takes bytes, unlike other chains
    whole = np.concatenate([chain.feed(pcm), chain.flush()])
    cut_off = [chain.feed(pcm + b"x")]
    with pytest.raises(SignalError, match="half a sample"):
        chain.flush()
    assert np.array_equal(np.concatenate([*cut_off, chain.flush()]), whole)


@pytest.mark.parametrize(
    ("stages", "found"),
    [
        ([1], "expected objects with feed, flush and delay, found int in place 0"),
        ([Limiter(8000), PcmDecoder()], "expected stages from samples to samples, found PcmDecoder in place 1"),
        ([VoiceActivity(8000)], "expected stages from samples to samples, found VoiceActivity in place 0"),
        ([Limiter(8000), EchoCanceller(8000)], "expected stages from samples to samples, found EchoCanceller in pl"),
        ([LiveResampler(8000, 16000), Limiter(8000)], "expected a stage for 16000 Hz in place 1, found Limiter for 80"),
        ([EdgeTrim(8000), Leveler(16000)], "expected a stage for 8000 Hz in place 1, found Leveler for 16000 Hz"),
        ([Limiter(8000), Chain([Limiter(16000)])], "expected a stage for 8000 Hz in place 1, found Chain for 16000 Hz"),
        (
            [FourierDenoiser(FourierDenoisingPlan(), 16000), Resampler(8000, 16000)],
            "expected a stage for 16000 Hz in place 1, found Resampler for 8000 Hz",
        ),
    ],
)
def test_stages_that_do_not_compose_are_refused(stages: list[Any], found: str) -> None:
    with pytest.raises(ParameterError, match="stages: " + found):
        Chain(stages)

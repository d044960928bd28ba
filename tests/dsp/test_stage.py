"""The gatekeeper of samples, and chains."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsp import Chain, EdgeTrim, LiveResampler, ParameterError, Resampler, SignalError
from dsp.stage import valid_samples
from tests.dsp.any_split import assert_any_split
from tests.dsp.voices import speech


@given(values=st.lists(st.floats(width=32), max_size=40))
def test_exactly_the_finite_values_pass(values: list[float]) -> None:
    samples = np.array(values, dtype=np.float32)
    wrong = [index for index, value in enumerate(values) if not np.isfinite(value)]
    if not wrong:
        assert valid_samples(samples) is samples
        return
    with pytest.raises(SignalError, match=f"expected finite values, found .* at index {wrong[0]}$"):
        valid_samples(samples)


@pytest.mark.parametrize("count", [1, 3, 160, 5000, 70_000])
@pytest.mark.parametrize("step", [1, -2])
def test_values_whose_squares_overflow_pass_without_a_warning(count: int, step: int) -> None:
    samples = np.full(2 * count, 3e38, dtype=np.float32)[::step]
    assert valid_samples(samples) is samples
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


@pytest.mark.parametrize("dtype", ["int16", "int64", "complex64", "bool", "float16", "U1"])
def test_anything_but_floats_is_refused(dtype: str) -> None:
    with pytest.raises(SignalError, match="expected dtype float32, found"):
        valid_samples(np.zeros(3, dtype=dtype))


def test_doubles_are_narrowed_and_strides_are_welcome() -> None:
    assert valid_samples(np.ones(3)).dtype == np.float32
    assert valid_samples(np.arange(10, dtype=np.float32)[::-3]).tolist() == [9, 6, 3, 0]


def test_a_chain_is_indifferent_to_the_cut_and_adds_up_its_delays() -> None:
    stages = (LiveResampler(8000, 16000), LiveResampler(16000, 24000))
    assert Chain(stages).delay == stages[0].delay + stages[1].delay
    words = speech(22050, 0.5)
    assert_any_split(
        lambda: Chain([Resampler(22050, 8000), EdgeTrim(8000), LiveResampler(8000, 16000)]), words, rounds=4
    )


def test_a_chain_takes_stages_only() -> None:
    with pytest.raises(ParameterError, match="stages: expected objects with feed, flush and delay, found int"):
        Chain([1])  # type: ignore[list-item]

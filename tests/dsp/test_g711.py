"""G.711 against audioop, code by code."""

from __future__ import annotations

import audioop
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsp import SignalError, alaw_decode, alaw_encode, encode_pcm16, mulaw_decode, mulaw_encode

pytestmark = pytest.mark.usefixtures("each_backend")

EVERY_SAMPLE = np.arange(-32768, 32768, dtype="<i2")
EVERY_CODE = bytes(range(256))
Coder = Callable[..., Any]

ENCODERS = [(mulaw_encode, audioop.lin2ulaw), (alaw_encode, audioop.lin2alaw)]
DECODERS = [(mulaw_decode, audioop.ulaw2lin), (alaw_decode, audioop.alaw2lin)]


@pytest.mark.parametrize(("ours", "theirs"), ENCODERS)
def test_every_sample_gets_the_code_that_audioop_gives_it(ours: Coder, theirs: Coder) -> None:
    samples = (EVERY_SAMPLE / 32768).astype(np.float32)
    assert ours(samples).tobytes() == theirs(EVERY_SAMPLE.tobytes(), 2)
    assert ours(samples).dtype == np.uint8


@pytest.mark.parametrize(("ours", "theirs"), DECODERS)
def test_every_code_gets_the_sample_that_audioop_gives_it(ours: Coder, theirs: Coder) -> None:
    samples = ours(EVERY_CODE)
    assert samples.dtype == np.float32
    assert encode_pcm16(samples) == theirs(EVERY_CODE, 2)


@pytest.mark.parametrize(("encode", "decode"), [(mulaw_encode, mulaw_decode), (alaw_encode, alaw_decode)])
def test_codes_survive_the_round_trip(encode: Coder, decode: Coder) -> None:
    again = decode(encode(decode(EVERY_CODE)))
    assert np.array_equal(again, decode(EVERY_CODE))


@pytest.mark.parametrize(("ours", "theirs"), ENCODERS)
@given(values=st.lists(st.floats(-4, 4, width=32), max_size=60))
def test_samples_between_the_steps_round_as_the_pcm_encoder_does(
    ours: Coder, theirs: Coder, values: list[float]
) -> None:
    samples = np.array(values, dtype=np.float32)
    assert ours(samples).tobytes() == theirs(encode_pcm16(samples), 2)


@pytest.mark.parametrize(("ours", "theirs"), ENCODERS)
def test_long_runs_are_worked_on_in_blocks_and_half_steps_round_to_even(ours: Coder, theirs: Coder) -> None:
    halves = (np.arange(-65540, 65540) / 65536).astype(np.float32)  # crosses block edges, clips at both ends
    assert ours(halves).tobytes() == theirs(encode_pcm16(halves), 2)


@pytest.mark.parametrize(("ours", "theirs"), ENCODERS)
@pytest.mark.parametrize("value", [1, 1.5, 127, 128, 129, 383, 384, 385, 1e6, 3e38])
def test_values_of_any_size_are_clipped(ours: Coder, theirs: Coder, value: float) -> None:
    expected = theirs(struct.pack("<2h", 32767, -32768), 2)
    assert ours(np.array([value, -value], dtype=np.float32)).tobytes() == expected


@pytest.mark.parametrize("ours", [mulaw_encode, alaw_encode])
def test_strided_and_double_samples_are_welcome(ours: Coder) -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, 1001)
    expected = ours(samples.astype(np.float32))
    assert np.array_equal(ours(samples), expected)
    assert np.array_equal(ours(samples.astype(np.float32)[::-2]), expected[::-2])
    assert ours(np.zeros(0, dtype=np.float32)).shape == (0,)


@pytest.mark.parametrize("ours", [mulaw_encode, alaw_encode])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_a_named_error(ours: Coder, wrong: float) -> None:
    samples = np.zeros(70_000, dtype=np.float32)
    samples[69_999] = wrong
    with pytest.raises(SignalError, match=f"finite values, found {wrong} at index 69999"):
        ours(samples)


@pytest.mark.parametrize("ours", [mulaw_encode, alaw_encode])
def test_shape_and_dtype_of_samples_are_checked(ours: Coder) -> None:
    with pytest.raises(SignalError, match="shape"):
        ours(np.zeros((2, 2), dtype=np.float32))
    with pytest.raises(SignalError, match="dtype float32 or int16, found int32"):
        ours(EVERY_SAMPLE.astype(np.int32))


@pytest.mark.parametrize("ours", [mulaw_decode, alaw_decode])
def test_shape_and_dtype_of_codes_are_checked(ours: Coder) -> None:
    with pytest.raises(SignalError, match="shape"):
        ours(np.zeros((2, 2), dtype=np.uint8))
    with pytest.raises(SignalError, match="dtype uint8, found int64"):
        ours(np.zeros(2, dtype=np.int64))
    assert ours(b"").shape == (0,)
    assert np.array_equal(ours(memoryview(EVERY_CODE)), ours(np.frombuffer(EVERY_CODE, np.uint8)))

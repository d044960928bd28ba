"""PCM in and out, against audioop and the struct module."""

from __future__ import annotations

import audioop
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dsp import ParameterError, PcmDecoder, SignalError, decode_pcm16, encode_pcm16, join_channels, split_channels
from dsp.channels import BULK
from dsp.pcm import BLOCK
from tests.dsp.any_split import assert_any_split, assert_isolated, run

pytestmark = pytest.mark.usefixtures("each_backend")

EVERY_VALUE = np.arange(-32768, 32768, dtype="<i2").tobytes()


def test_every_value_survives_the_round_trip() -> None:
    samples = PcmDecoder().feed(EVERY_VALUE)
    assert samples.dtype == np.float32
    assert samples.min() == -1
    assert samples.max() == 32767 / 32768
    assert encode_pcm16(samples) == EVERY_VALUE


@given(pcm=st.binary(max_size=64))
def test_decoding_agrees_with_struct(pcm: bytes) -> None:
    whole = len(pcm) // 2
    expected = [value / 32768 for value in struct.unpack(f"<{whole}h", pcm[: 2 * whole])]
    assert PcmDecoder().feed(pcm).tolist() == expected


@given(values=st.lists(st.floats(-3, 3, width=32), max_size=64))
def test_encoding_rounds_half_to_even_and_clips(values: list[float]) -> None:
    counts = [max(-32768, min(32767, round(value * 32768))) for value in values]
    assert encode_pcm16(np.array(values, dtype=np.float32)) == struct.pack(f"<{len(counts)}h", *counts)


def test_long_runs_encode_as_their_parts_do() -> None:
    samples = np.random.default_rng(1).uniform(-1.1, 1.1, 3 * BLOCK + 5).astype(np.float32)
    parts = [encode_pcm16(samples[start : start + 999]) for start in range(0, samples.size, 999)]
    assert encode_pcm16(samples) == b"".join(parts)
    assert encode_pcm16(samples[::-3]) == encode_pcm16(samples[::-3].copy())


def test_any_split_decodes_to_the_same_samples() -> None:
    pcm = np.random.default_rng(2).bytes(6000)
    assert_any_split(PcmDecoder, pcm)
    assert_isolated(PcmDecoder, [pcm], [pcm[::-1]])


def test_half_a_sample_at_the_end_is_an_error_and_then_forgotten() -> None:
    decoder = PcmDecoder()
    decoder.feed(b"abc")
    with pytest.raises(SignalError, match="half a sample"):
        decoder.flush()
    assert np.array_equal(run(decoder, [b"ab"], []), PcmDecoder().feed(b"ab"))


def test_a_view_of_int16_is_decoded_whole() -> None:
    values = np.array([1, -2, 3], dtype=np.int16)
    for pcm in (values.data, memoryview(values.tobytes()), bytearray(values.tobytes())):
        decoder = PcmDecoder()
        assert (decoder.feed(pcm) * 32768).tolist() == [1, -2, 3]
        assert decoder.flush().size == 0


FORMS_OF_INT16: dict[str, Callable[[NDArray[np.int16]], Any]] = {
    "array": lambda values: values,
    "view": lambda values: values.data,
    "strided": lambda values: np.repeat(values, 2)[::2],
    "strided view": lambda values: np.repeat(values, 2).data[::2],
    "bytes": lambda values: values.tobytes(),
    "view of bytes": lambda values: memoryview(values.tobytes()),
}


@pytest.mark.parametrize("form", FORMS_OF_INT16)
@pytest.mark.parametrize("count", [1, 3, 5, 2 * BULK + 3])
def test_int16_in_any_form_loses_no_sample(form: str, count: int) -> None:
    values = np.random.default_rng(count).integers(-32768, 32768, count, dtype=np.int16)
    pcm = FORMS_OF_INT16[form](values)
    decoder = PcmDecoder()
    assert np.array_equal(np.concatenate([decoder.feed(pcm), decoder.feed(pcm)]) * 32768, np.tile(values, 2))
    assert decoder.flush().size == 0
    assert np.array_equal(decode_pcm16(pcm) * 32768, values)
    stereo = FORMS_OF_INT16[form](np.repeat(values, 2))
    assert split_channels(stereo) == (values.tobytes(), values.tobytes())
    assert join_channels([pcm, values.tobytes()]) == np.repeat(values, 2).tobytes()


@pytest.mark.parametrize(
    "wrong", [[1, 2], 4, "text", None, np.zeros(2, np.float32), np.zeros(2, np.int32).data, np.zeros(2, ">i2")]
)
def test_what_is_no_pcm_is_refused_and_changes_nothing(wrong: Any) -> None:
    decoder = PcmDecoder()
    decoder.feed(b"\x00")
    for call in (decoder.feed, decode_pcm16, split_channels, lambda pcm: join_channels([pcm])):
        with pytest.raises(SignalError, match="pcm: expected bytes or int16, found"):
            call(wrong)
    assert decoder.feed(b"\x40").tolist() == [0.5]


def test_decoded_samples_belong_to_the_caller() -> None:
    pcm = bytearray(b"\x00\x40" * 3)
    samples = PcmDecoder().feed(pcm)
    pcm[:] = bytes(6)
    samples += 1
    assert samples.tolist() == [1.5, 1.5, 1.5]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, BLOCK + 3])
def test_values_that_are_not_finite_are_a_named_error(wrong: float, at: int) -> None:
    samples = np.zeros(2 * BLOCK, dtype=np.float32)
    samples[at] = wrong
    with pytest.raises(SignalError, match=f"expected finite values, found {wrong} at index {at}"):
        encode_pcm16(samples)


def test_shape_and_dtype_are_checked() -> None:
    with pytest.raises(SignalError, match=r"shape \(n,\), found \(2, 2\)"):
        encode_pcm16(np.zeros((2, 2), dtype=np.float32))
    with pytest.raises(SignalError, match="dtype float32 or int16, found int32"):
        encode_pcm16(np.zeros(2, dtype=np.int32))


FRAME_COUNTS = [0, 1, 2, 3, 160, BULK // 4 - 1, BULK // 4, BULK // 4 + 1, 50_001]


@pytest.mark.parametrize("frames", FRAME_COUNTS)
def test_stereo_splits_as_audioop_does(frames: int) -> None:
    pcm = np.random.default_rng(frames).bytes(4 * frames)
    left, right = split_channels(pcm)
    assert left == audioop.tomono(pcm, 2, 1, 0)
    assert right == audioop.tomono(pcm, 2, 0, 1)
    assert type(left) is type(right) is bytes


@pytest.mark.parametrize("frames", FRAME_COUNTS)
@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_joining_undoes_splitting(frames: int, channels: int) -> None:
    pcm = np.random.default_rng(frames).bytes(2 * channels * frames)
    apart = split_channels(pcm, channels)
    assert len(apart) == channels
    assert join_channels(apart) == pcm
    assert split_channels(bytearray(pcm), channels) == split_channels(memoryview(pcm), channels) == apart


@given(length=st.integers(0, 64), channels=st.integers(1, 4))
def test_broken_frames_are_refused(length: int, channels: int) -> None:
    if length % (2 * channels) == 0:
        assert b"".join(split_channels(bytes(length), channels)) == bytes(length)
        return
    with pytest.raises(SignalError, match=f"pcm: expected a multiple of {2 * channels} bytes, found {length}"):
        split_channels(bytes(length), channels)


@pytest.mark.parametrize("channels", [0, -1])
def test_a_channel_count_below_one_is_refused(channels: int) -> None:
    with pytest.raises(ParameterError, match=f"channels: expected at least 1, found {channels}"):
        split_channels(b"", channels)


@pytest.mark.parametrize("channels", [[], [b"ab", b"abcd"], [b"abc", b"abc"]])
def test_channels_that_do_not_fit_together_are_refused(channels: list[bytes]) -> None:
    with pytest.raises(SignalError, match="channels: expected equal, even lengths"):
        join_channels(channels)

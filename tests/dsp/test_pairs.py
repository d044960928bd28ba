"""Two channels in step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsp import ParameterError
from dsp.pairs import Pairs, block_length


@given(st.lists(st.integers(0, 50), max_size=12), st.integers(1, 20))
def test_blocks_are_the_stream_in_order_however_it_was_cut(lengths: list[int], block: int) -> None:
    total = sum(lengths)
    near = np.linspace(-1, 0.5, total, dtype=np.float32)
    far = -near
    pairs = Pairs(block)
    out, at = [], 0
    for length in lengths:
        out += pairs.push(near[at : at + length], far[at : at + length])
        at += length
    rest, count = pairs.drain()
    assert count == (block + total % block if total else 0)
    out += rest
    for channel, stream in ((0, near), (1, far)):
        joined = np.concatenate([np.zeros(0, np.float32), *(pair[channel] for pair in out)])
        np.testing.assert_array_equal(joined[:total], stream)
        assert not joined[total:].any()
        assert len(joined) >= total // block * block + count


def test_a_drained_stream_is_over() -> None:
    pairs = Pairs(4)
    pairs.push(np.ones(3, np.float32), np.ones(3, np.float32))
    pairs.drain()
    assert pairs.drain() == ([], 0)


@pytest.mark.parametrize(("rate", "block"), [(8000, 160), (11025, 220), (16000, 320), (44100, 882), (48000, 960)])
def test_a_block_is_20_ms(rate: int, block: int) -> None:
    assert block_length(rate) == block


@pytest.mark.parametrize("rate", [4000, 7999, 48001])
def test_a_rate_outside_telephony_is_refused(rate: int) -> None:
    with pytest.raises(ParameterError, match=f"rate: expected 8000 to 48000 Hz, found {rate}"):
        block_length(rate)


@pytest.mark.parametrize("size", [4, 3, 9])
def test_a_block_stays_what_it_was_when_the_caller_uses_his_memory_again(size: int) -> None:
    pairs, memory = Pairs(4), np.full(size, 0.5, dtype=np.float32)
    blocks = pairs.push(memory, -memory)
    memory[:] = 0.25
    blocks += pairs.push(np.full(4, 0.5, dtype=np.float32), np.full(4, -0.5, dtype=np.float32))
    assert len(blocks) == (size + 4) // 4
    assert all(pair.near.tolist() == [0.5] * 4 and pair.far.tolist() == [-0.5] * 4 for pair in blocks)

"""What reverberates behind the end of the filter is expected as strong as it is."""

from __future__ import annotations

import numpy as np
import pytest

from dsp.echo_tail import LONGEST, ReverberationTail
from dsp.spectra import Power

BINS = 33


def strengths(decay: float) -> Power:
    """Squared weights of eight partitions of a room."""
    return np.repeat((decay ** np.arange(8))[:, None], BINS, axis=1).astype(np.float32)


@pytest.mark.parametrize("decay", [0.4, 0.5, 0.7])
def test_an_exponential_room_goes_on_as_it_began(decay: float) -> None:
    tail = ReverberationTail(BINS)
    tail.learn(strengths(decay))
    once = np.ones(BINS, dtype=np.float32)
    middle = slice(8, -8)  # the average over bins is of fewer at the edges
    heard = [tail.follow(once)[middle].copy(), *(tail.follow(0 * once)[middle].copy() for _ in range(3))]
    for block, power in enumerate(heard):
        assert power == pytest.approx(decay ** (8 + block), rel=1.5)  # within 4 dB
        assert power == pytest.approx(heard[0] * decay**block, rel=1e-3)


def test_a_room_that_never_ends_is_not_believed() -> None:
    tail = ReverberationTail(BINS)
    tail.learn(strengths(1.0))
    once = np.ones(BINS, dtype=np.float32)
    assert max(float(tail.follow(once).max()) for _ in range(300)) <= 1 / (1 - LONGEST)


def test_an_empty_filter_and_a_forgotten_one_expect_nothing() -> None:
    tail = ReverberationTail(BINS)
    assert not tail.follow(np.ones(BINS, dtype=np.float32)).any()
    tail.learn(strengths(0.5))
    assert tail.follow(np.ones(BINS, dtype=np.float32)).any()
    tail.forget()
    assert not tail.follow(np.ones(BINS, dtype=np.float32)).any()

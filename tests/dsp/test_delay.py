"""The delay estimator: what it finds, and that it finds nothing where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.echo_paths import EchoPath, echo_of, scene
from dsp.delay import DelayEstimator
from dsp.spectra import to_spectrum
from dsp.stage import Samples

RATE, BLOCK = 16000, 320


def observed(near: Samples, far: Samples) -> DelayEstimator:
    """An estimator that has seen both channels."""
    estimator = DelayEstimator(BLOCK, RATE, 27)
    for end in range(2 * BLOCK, len(far) + 1, BLOCK):
        estimator.push(to_spectrum(far[end - 2 * BLOCK : end]))
        estimator.compare(to_spectrum(near[end - 2 * BLOCK : end]))
    return estimator


@pytest.mark.parametrize("delay", [0.0, 0.013, 0.05, 0.11, 0.257, 0.3, 0.42, 0.5])
@pytest.mark.parametrize("both_speak", [False, True], ids=["echo alone", "double talk"])
def test_the_lag_is_the_echos_block_or_the_next(delay: float, both_speak: bool) -> None:
    call = scene(RATE, EchoPath(delay, 0.5, 0.3), seconds=4, talk_from=0, seed=7)
    near = call.heard if both_speak else call.heard - call.near
    lag = observed(near, call.far).lag
    assert lag is not None
    assert int(delay * 50) <= lag <= int(delay * 50) + 1


@pytest.mark.parametrize("seed", range(40, 44))
def test_two_voices_without_an_echo_have_no_lag(seed: int) -> None:
    call = scene(RATE, EchoPath(0, 0.5), seconds=20, talk_from=0, seed=seed)
    assert observed(call.near, call.far).lag is None


def test_a_tone_is_related_at_no_lag_in_particular() -> None:
    far = np.sin(2 * np.pi * 450 / RATE * np.arange(3 * RATE)).astype(np.float32)
    estimator = observed(echo_of(far, RATE, EchoPath(0.1, 0.5)), far)
    assert estimator.related
    assert estimator.lag is None


def test_the_lag_follows_an_echo_that_moves() -> None:
    call = scene(RATE, EchoPath(0.05, 0.5), seconds=8, talk_from=8, seed=7)
    near = call.heard.copy()
    near[4 * RATE :] = echo_of(call.far, RATE, EchoPath(0.25, 0.5))[4 * RATE :]
    assert observed(near, call.far).lag in (12, 13)


@pytest.mark.parametrize("blocks", [2, -2])
def test_a_known_jump_moves_the_lag_at_once(blocks: int) -> None:
    far = np.random.default_rng(1).standard_normal((80, BLOCK)).astype(np.float32)
    estimator = DelayEstimator(BLOCK, RATE, 12)
    for block in range(1, 80):
        late = far[max(block - 6, 0) : max(block - 4, 2)]
        estimator.push(to_spectrum(far[block - 1 : block + 1].ravel()))
        estimator.compare(to_spectrum(late.ravel()))
    assert estimator.lag == 5
    estimator.shift(blocks)
    assert estimator.lag == 5 + blocks
    estimator.shift(-100)
    assert estimator.lag == 0

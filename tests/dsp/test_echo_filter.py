"""The adaptive filter on its own: what it learns, keeps and gives up."""

from __future__ import annotations

import numpy as np
import pytest

from dsp.echo_filter import PARTITIONS, EchoFilter
from dsp.spectra import to_spectrum
from dsp.stage import Samples

BLOCK = 160


def noise(blocks: int, *, level: float = 0.1, seed: int = 1) -> Samples:
    rng = np.random.default_rng(seed)
    return (level * rng.standard_normal((blocks, BLOCK))).astype(np.float32)


def delayed(far: Samples, samples: int) -> Samples:
    return np.concatenate([np.zeros(samples, np.float32), far.ravel()])[: far.size].reshape(far.shape)


def errors(echo_filter: EchoFilter, near: Samples, far: Samples) -> Samples:
    """What is left of every near block."""
    left = np.zeros_like(near)
    before = np.zeros(BLOCK, np.float32)
    for number, block in enumerate(far):
        echo_filter.push(to_spectrum(np.concatenate([before, block])))
        left[number] = echo_filter.cancel(near[number]).error
        before = block
    return left


def gain_db(left: Samples, near: Samples) -> float:
    return 10 * float(np.log10(np.square(near).sum() / np.square(left).sum()))


@pytest.mark.parametrize("delay", [0, 80, 81, 159, 160, 500, PARTITIONS * BLOCK - 1])
def test_any_delay_within_the_span_is_learnt(delay: int) -> None:
    far = noise(300)
    near = np.float32(0.5) * delayed(far, delay)
    left = errors(EchoFilter(BLOCK, 0), near, far)
    assert gain_db(left[-50:], near[-50:]) >= 30


def test_the_span_can_be_aimed_at_a_later_echo() -> None:
    far = noise(300)
    near = np.float32(0.5) * delayed(far, 22 * BLOCK + 40)
    echo_filter = EchoFilter(BLOCK, 24)
    assert gain_db(errors(echo_filter, near[:100], far[:100])[-50:], near[50:100]) < 3
    echo_filter.aim(21)
    assert gain_db(errors(echo_filter, near[100:], far[100:])[-50:], near[-50:]) >= 30


def test_aiming_keeps_what_both_spans_share() -> None:
    far = noise(220)
    near = np.float32(0.5) * delayed(far, 4 * BLOCK + 30)
    echo_filter = EchoFilter(BLOCK, 10)
    errors(echo_filter, near[:200], far[:200])
    echo_filter.aim(2)
    before = far[199]
    echo_filter.push(to_spectrum(np.concatenate([before, far[200]])))
    assert gain_db(echo_filter.cancel(near[200]).error, near[200]) >= 25


def test_a_customer_12_db_above_the_echo_does_not_unlearn_the_path() -> None:
    far, voice = noise(500), noise(500, seed=2, level=0.2)
    echo = np.float32(0.5) * delayed(far, 100)
    voice[:250] = 0
    echo_filter = EchoFilter(BLOCK, 0)
    left = errors(echo_filter, echo + voice, far)
    assert gain_db(left[250:] - voice[250:], echo[250:]) >= 12


def test_a_filter_that_does_harm_is_given_up() -> None:
    far = noise(300, level=0.3)
    near = np.float32(0.9) * delayed(far, 100)
    near[200:] = noise(100, seed=3, level=0.01)
    left = errors(EchoFilter(BLOCK, 0), near, far)
    assert gain_db(left[250:], near[250:]) >= -3


def test_the_expected_residual_falls_as_the_path_is_learnt() -> None:
    far = noise(200)
    near = np.float32(0.5) * far
    echo_filter = EchoFilter(BLOCK, 0)
    residuals = []
    for number in range(1, 200):
        echo_filter.push(to_spectrum(far[number - 1 : number + 1].ravel()))
        residuals.append(float(echo_filter.cancel(near[number]).residual.sum()))
    assert residuals[-1] < 0.2 * residuals[0]

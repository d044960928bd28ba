"""A changed path is noticed, and an echo that jumped is found where it is now."""

from __future__ import annotations

import numpy as np
import pytest

from dsp.echo_change import FARTHEST_JUMP, SEEN, SETTLING, PathWatch
from dsp.stage import Samples
from tests.dsp.voices import speech

BLOCK = 320


def watch(near: Samples, echo: Samples, *, settled: bool = True) -> PathWatch:
    """A watch that has seen the ends of both, block by block."""
    watching = PathWatch(BLOCK)
    for start in range(0, (near.size // BLOCK) * BLOCK, BLOCK):
        watching.push(near[start : start + BLOCK], echo[start : start + BLOCK])
    assert watching.settled == settled
    return watching


def shifted(samples: Samples, count: int) -> Samples:
    return np.roll(samples, count)


ECHO = speech(16000, 2, level=-30)
CUSTOMER = speech(16000, 2, level=-24, seed=7)


@pytest.mark.parametrize("jump", [3, 40, -133, 320, -320, 901, -FARTHEST_JUMP * BLOCK, FARTHEST_JUMP * BLOCK])
def test_the_echo_is_found_at_its_new_place(jump: int) -> None:
    watching = watch(shifted(ECHO, jump), ECHO)
    assert watching.jump() == jump
    assert watching.louder or abs(jump) < 40  # a low voice hardly changes in so few samples


def test_a_filter_that_fits_is_left_alone_also_while_the_customer_speaks() -> None:
    for near in (ECHO, ECHO + CUSTOMER, 0.7 * ECHO):
        watching = watch(near.astype(np.float32), ECHO)
        assert not watching.louder
        assert not watching.misfit
        assert watching.jump() is None


def test_another_echo_is_a_misfit_but_no_jump() -> None:
    watching = watch(CUSTOMER, ECHO)
    assert watching.misfit
    assert watching.jump() is None


def test_a_filter_that_has_just_begun_and_an_echo_that_is_not_there_are_left_alone() -> None:
    short = (SETTLING - 1) * BLOCK
    assert not watch(-ECHO[:short], ECHO[:short], settled=False).louder
    silent = watch(ECHO * np.float32(1e-5), -ECHO * np.float32(1e-5))
    assert not silent.louder
    assert not silent.misfit


def test_silence_is_like_nothing() -> None:
    nothing = np.zeros((SEEN + 40) * BLOCK, dtype=np.float32)
    assert watch(nothing, nothing).jump() is None

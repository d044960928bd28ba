"""The echo gate: whom it lets through, when, and without a click."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.echo_paths import PATHS, EchoPath, erle_db, scene
from dsp import EchoGate, ParameterError, SignalError
from dsp.stage import Samples
from tests.dsp.any_split import assert_any_split, assert_isolated

RATE, BLOCK = 8000, 160


def gated(near: Samples, far: Samples, **options: float) -> Samples:
    gate = EchoGate(RATE, **options)
    return np.concatenate([gate.feed(near, far), gate.flush()])[int(gate.delay) :]


def tone(seconds: float, level: float) -> Samples:
    return np.asarray(level * np.sin(0.3 * np.arange(round(seconds * RATE))), dtype=np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.delay * 1000:.0f}ms-{path.level}")
def test_echo_alone_is_silenced(path: EchoPath) -> None:
    call = scene(RATE, path, seconds=8, talk_from=8)
    assert erle_db(call, gated(call.heard, call.far, reach=0.5), 0, 8) >= 25


def test_a_silent_assistant_leaves_the_customer_bit_for_bit() -> None:
    near = np.random.default_rng(1).uniform(-1, 1, RATE).astype(np.float32)
    np.testing.assert_array_equal(gated(near, np.zeros_like(near)), near)


@pytest.mark.parametrize(("near_level", "passes"), [(0.129, False), (0.131, True)])
def test_the_customer_has_to_be_1_3_times_as_loud(near_level: float, passes: bool) -> None:
    answer = gated(tone(1, near_level), tone(1, 0.1))
    assert bool(answer[RATE // 2 :].any()) == passes


def test_the_gate_stays_open_for_the_hang_over() -> None:
    near = np.concatenate([tone(0.5, 0.5), tone(1, 0.05)])
    heard = np.flatnonzero(gated(near, tone(1.5, 0.1)))
    assert 0.5 + 0.25 <= heard[-1] / RATE <= 0.5 + 0.25 + 0.06


def test_a_quiet_line_does_not_hold_the_gate_open_for_the_assistant() -> None:
    far = np.concatenate([silence(1), tone(1, 0.3)])
    near = np.concatenate([tone(1, 0.001), tone(1, 0.15)])
    assert not gated(near, far)[RATE + BLOCK :].any()


def test_an_echo_that_outlasts_the_assistant_by_the_reach_is_silenced() -> None:
    far = np.concatenate([tone(1, 0.3), silence(1)])
    near = np.concatenate([silence(0.3), tone(1, 0.15), silence(0.7)])
    assert not gated(near, far)[BLOCK:].any()


def test_the_gate_is_open_when_the_customer_begins() -> None:
    near = np.concatenate([silence(0.5), tone(0.5, 0.5)])
    answer = gated(near, tone(1, 0.1))
    np.testing.assert_array_equal(answer[RATE // 2 :], near[RATE // 2 :])


def test_opening_and_closing_are_straight_lines() -> None:
    near = np.concatenate([np.full(RATE // 2, level, np.float32) for level in (0.05, 0.5, 0.05)])
    gain = gated(near, tone(1.5, 0.1)) / near
    assert np.abs(np.diff(gain)).max() <= 1.01 / (BLOCK - 1)


def test_cutting_the_input_changes_no_bit() -> None:
    near, far = (np.random.default_rng(seed).uniform(-1, 1, RATE).astype(np.float32) for seed in (1, 2))
    near *= np.repeat(np.array([0.1, 1, 0.3, 1.3], dtype=np.float32), RATE // 4)
    whole = assert_any_split(lambda: EchoGate(RATE), near, far)
    assert len(whole) == len(near) + BLOCK
    assert_isolated(lambda: EchoGate(RATE), (near, far), (far, near))


def test_bad_parameters_and_input_are_refused_by_name() -> None:
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ParameterError, match="ratio: expected a number above 0"):
            EchoGate(RATE, ratio=wrong)
    with pytest.raises(ParameterError, match=r"hang_over: expected 0 to 5 s, found -0.1"):
        EchoGate(RATE, hang_over=-0.1)
    with pytest.raises(ParameterError, match=r"reach: expected 0 to 5 s, found 6"):
        EchoGate(RATE, reach=6)
    with pytest.raises(ParameterError, match="rate: expected 8000 to 48000 Hz, found 4000"):
        EchoGate(4000)
    with pytest.raises(SignalError, match="near, far: expected equal lengths, found 3 and 2 samples"):
        EchoGate(RATE).feed(np.zeros(3, np.float32), np.zeros(2, np.float32))

"""The echo canceller: what goes, what stays, and what cannot upset it."""

from __future__ import annotations

import dataclasses
import tracemalloc
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.echo_paths import (
    PATHS,
    EchoPath,
    Scene,
    drifted,
    echo_of,
    erle_db,
    jumped,
    near_damage_db,
    near_snr_db,
    scene,
)
from dsp import EchoCanceller, ParameterError, SignalError
from dsp.stage import Samples
from tests.dsp.any_split import assert_any_split, assert_isolated

pytestmark = pytest.mark.usefixtures("each_backend")

RATE = 16000


def cleaned(near: Samples, far: Samples, rate: int = RATE) -> Samples:
    """The near channel without the echo, in time with it."""
    canceller = EchoCanceller(rate)
    whole = np.concatenate([canceller.feed(near, far), canceller.flush()])
    return whole[int(canceller.delay) :]


def noise(seconds: float, *, level: float = 0.1, seed: int = 1, rate: int = RATE) -> Samples:
    rng = np.random.default_rng(seed)
    return (level * rng.standard_normal(round(seconds * rate))).astype(np.float32)


def level_db(samples: Samples) -> float:
    return 10 * float(np.log10(np.square(samples, dtype=np.float64).mean() + 1e-20))


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.delay * 1000:.0f}ms-{path.level}-{path.reverberation}")
def test_echo_is_25_db_weaker_after_two_seconds_and_the_customer_keeps_all_but_one_db(
    path: EchoPath, rate: int
) -> None:
    call = scene(rate, path)
    answer = cleaned(call.heard, call.far, rate)
    assert erle_db(call, answer, 2, call.talk_from) >= 25
    assert near_damage_db(call, answer) <= 1
    assert near_snr_db(call, answer) >= near_snr_db(call, call.heard) + 8


@pytest.mark.parametrize("delay", [0.4, 0.5])
def test_echo_up_to_half_a_second_late_is_found(delay: float) -> None:
    call = scene(RATE, EchoPath(delay, 0.5, 0.3))
    assert erle_db(call, cleaned(call.heard, call.far), 2, call.talk_from) >= 25


@pytest.mark.parametrize("rate", [11025, 22050, 24000, 44100, 48000])
def test_every_telephone_and_studio_rate_works(rate: int) -> None:
    call = scene(rate, EchoPath(0.1, 0.5, 0.2), seconds=6, talk_from=4)
    answer = cleaned(call.heard, call.far, rate)
    assert erle_db(call, answer, 2, 4) >= 25
    assert near_damage_db(call, answer) <= 1


@pytest.mark.parametrize("path", PATHS[1::2])
def test_double_talk_from_the_first_word_costs_less_than_one_db(path: EchoPath) -> None:
    call = scene(RATE, path, talk_from=0)
    answer = cleaned(call.heard, call.far)
    assert near_damage_db(call, answer) <= 1
    assert near_snr_db(call, answer) >= near_snr_db(call, call.heard) + 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (EchoPath(0.045, 0.65, 0.3), EchoPath(0.045, 0.65, 0.3, seed=2)),
        (EchoPath(0.045, 0.5, 0.3), EchoPath(0.2, 0.5, 0.3)),
        (EchoPath(0.2, 0.5), EchoPath(0.045, 0.5)),
        (EchoPath(0.1, 0.3), EchoPath(0.1, 0.65)),
        (EchoPath(0.1, 0.65, 0.2), EchoPath(0.11, 0.65, 0.2)),
    ],
    ids=["other room", "later", "sooner", "louder", "a little later"],
)
def test_a_path_that_changes_is_learnt_anew_within_two_seconds(before: EchoPath, after: EchoPath) -> None:
    call = scene(RATE, before, seconds=14, talk_from=14, seed=21)
    heard = call.heard.copy()
    heard[7 * RATE :] = echo_of(call.far, RATE, after)[7 * RATE :]
    changed = dataclasses.replace(call, heard=heard)
    answer = cleaned(heard, call.far)
    assert erle_db(changed, answer, 5, 7) >= 25
    assert erle_db(changed, answer, 9, 14) >= 25
    assert level_db(answer[7 * RATE : 9 * RATE]) < level_db(heard[7 * RATE : 9 * RATE]) + 0.5


@lru_cache
def drifting_scene(path: EchoPath, ppm: float) -> Scene:
    """A call whose echo drifts; both backends are judged by the same one."""
    call = scene(RATE, path, seconds=10, talk_from=7, seed=41)
    return dataclasses.replace(call, heard=call.near + drifted(call.heard - call.near, ppm))


@pytest.mark.parametrize(
    ("path", "ppm"), [(EchoPath(0.15, 0.5), 200), (EchoPath(0.15, 0.5), -200), (EchoPath(0.045, 0.65, 0.3), 200)]
)
def test_clocks_that_drift_apart_are_followed(path: EchoPath, ppm: float) -> None:
    call = drifting_scene(path, ppm)
    answer = cleaned(call.heard, call.far)
    assert erle_db(call, answer, 3, 7) >= 30
    assert near_damage_db(call, answer) <= 1


@pytest.mark.parametrize("milliseconds", [20, -20, 13])
@pytest.mark.parametrize("path", [EchoPath(0.15, 0.5), EchoPath(0.11, 0.4, 0.4)], ids=["line", "room"])
def test_a_delay_that_jumps_is_followed_within_half_a_second(path: EchoPath, milliseconds: int) -> None:
    call = scene(RATE, path, seconds=7, talk_from=7, seed=43)
    call = dataclasses.replace(call, heard=jumped(call.heard, 5 * RATE, milliseconds * RATE // 1000))
    answer = cleaned(call.heard, call.far)
    assert erle_db(call, answer, 3, 4.9) >= 25
    assert erle_db(call, answer, 5.5, 6.9) >= 25


@pytest.mark.parametrize("reverberation", [0.6, 1.0])
def test_a_room_that_rings_longer_than_the_filter_still_loses_25_db(reverberation: float) -> None:
    call = scene(RATE, EchoPath(0.1, 0.5, reverberation, tail=0.7))
    answer = cleaned(call.heard, call.far)
    assert erle_db(call, answer, 2, call.talk_from) >= 25
    assert near_damage_db(call, answer) <= 1


def test_an_echo_that_begins_late_in_a_call_is_removed() -> None:
    call = scene(RATE, EchoPath(0.12, 0.5, 0.2), seconds=24, talk_from=0, seed=31)
    near, echo = call.near.copy(), call.heard - call.near
    near[14 * RATE :] = 0
    echo[: 14 * RATE] = 0
    late = dataclasses.replace(call, near=near, heard=near + echo)
    answer = cleaned(late.heard, call.far)
    assert erle_db(late, answer, 18, 24) >= 25
    assert near_damage_db(late, answer) <= 1


def test_without_an_echo_the_customer_passes_untouched_after_two_seconds() -> None:
    call = scene(RATE, PATHS[0], talk_from=0, seed=5)
    answer = cleaned(call.near, call.far)
    settled = slice(5 * RATE, None)
    assert level_db(answer[settled] - call.near[settled]) < level_db(call.near[settled]) - 120
    assert near_damage_db(call, answer) <= 1


def test_while_the_assistant_is_silent_the_customer_passes_untouched() -> None:
    near = noise(2)
    answer = cleaned(near, np.zeros_like(near))
    np.testing.assert_allclose(answer, near, atol=2e-7)  # two sine windows, rounded once each


def test_a_caller_who_mutes_the_telephone_is_known_when_back() -> None:
    call = scene(RATE, EchoPath(0.11, 0.5, 0.3), seconds=20, talk_from=20)
    heard = call.heard.copy()
    heard[4 * RATE : 14 * RATE] = 0
    answer = cleaned(heard, call.far)
    assert not answer[4 * RATE + 320 : 14 * RATE - 320].any()
    assert erle_db(dataclasses.replace(call, heard=heard), answer, 14, 15.5) >= 25


def test_silence_stays_silence_before_and_after_an_echo() -> None:
    far = np.concatenate([np.zeros(RATE, np.float32), noise(2), np.zeros(2 * RATE, np.float32)])
    echo = np.roll(far, 800) * np.float32(0.5)
    answer = cleaned(echo, far)
    assert not answer[: RATE - 320].any()
    assert not answer[-RATE:].any()


@pytest.mark.parametrize("shape", ["white", "square", "tone", "clicks"])
def test_loud_and_artificial_far_signals_are_cancelled_too(shape: str) -> None:
    time = np.arange(6 * RATE) / RATE
    far = {
        "white": noise(6, level=0.3),
        "square": np.sign(noise(6)) * np.float32(0.999),
        "tone": (0.9 * np.sin(2 * np.pi * 440 * time)).astype(np.float32),
        "clicks": np.where(np.arange(time.size) % 4001 == 0, 0.99, 0).astype(np.float32),
    }[shape]
    heard = np.clip(echo_of(far, RATE, EchoPath(0.1, 0.6, 0.2)), -1, 1)
    call = Scene(RATE, np.zeros_like(far), far, heard, 6.0)
    assert erle_db(call, cleaned(heard, far), 2, 6) >= 20


def test_unrelated_noise_in_both_channels_never_makes_the_near_one_louder() -> None:
    near, far = noise(20, seed=1), noise(20, seed=2, level=0.3)
    answer = cleaned(near, far).reshape(-1, RATE)
    for second, original in zip(answer, near.reshape(-1, RATE), strict=True):
        assert level_db(second) < level_db(original) + 0.5


def test_a_driven_loudspeaker_still_loses_25_db() -> None:
    call = scene(RATE, EchoPath(0.045, 0.65, 0.3, drive=3))
    answer = cleaned(call.heard, call.far)
    assert erle_db(call, answer, 2, call.talk_from) >= 25
    assert near_damage_db(call, answer) <= 1


@pytest.mark.parametrize("rate", [8000, 16000, 11025])
def test_cutting_the_input_changes_no_bit(rate: int) -> None:
    far = noise(1.2, rate=rate)
    near = echo_of(far, rate, EchoPath(0.03, 0.5)) + noise(1.2, seed=2, level=0.02, rate=rate)
    whole = assert_any_split(lambda: EchoCanceller(rate), near, far)
    assert len(whole) == len(near) + EchoCanceller(rate).delay


def test_two_calls_do_not_know_of_each_other() -> None:
    first, second = (noise(0.7, seed=seed) for seed in (1, 2))
    assert_isolated(lambda: EchoCanceller(RATE), (first * np.float32(0.4), first), (second, first))


def test_nothing_in_is_nothing_out() -> None:
    nothing = np.zeros(0, dtype=np.float32)
    assert_any_split(lambda: EchoCanceller(RATE), nothing, nothing, rounds=1)
    assert EchoCanceller(RATE).flush().size == 0


def test_the_state_is_as_large_after_two_minutes_as_after_ten_seconds() -> None:
    far = noise(10, rate=8000)
    far[16000:] = 0  # a call is mostly silence, and silence is quickly done
    near = echo_of(far, 8000, EchoPath(0.05, 0.5))
    canceller = EchoCanceller(8000)
    tracemalloc.start()
    try:
        canceller.feed(near, far)
        size = tracemalloc.get_traced_memory()[0]
        for _ in range(11):
            canceller.feed(near, far)
        grown = tracemalloc.get_traced_memory()[0] - size
    finally:
        tracemalloc.stop()
    assert grown <= 4096  # what the interpreter itself keeps


@settings(max_examples=30, deadline=None)
@given(
    near_value=st.floats(width=32, allow_nan=False, allow_infinity=False),
    far_value=st.floats(width=32, allow_nan=False, allow_infinity=False),
    length=st.integers(0, 2000),
)
def test_any_finite_input_gives_a_finite_answer(near_value: float, far_value: float, length: int) -> None:
    near, far = (np.full(length, value, dtype=np.float32) for value in (near_value, far_value))
    answer = cleaned(near, far)
    assert answer.shape == (length,)
    assert np.isfinite(answer).all()
    assert np.abs(answer, dtype=np.float64).max(initial=0) <= 4


def test_bad_input_is_refused_by_name() -> None:
    canceller = EchoCanceller(RATE)
    good = np.zeros(10, dtype=np.float32)
    with pytest.raises(SignalError, match=r"near, far: expected equal lengths, found 10 and 9 samples"):
        canceller.feed(good, good[:9])
    with pytest.raises(SignalError, match=r"far: expected finite values, found nan at index 3"):
        canceller.feed(good, np.where(np.arange(10) == 3, np.nan, good).astype(np.float32))
    with pytest.raises(SignalError, match=r"near: expected finite values, found inf at index 0"):
        canceller.feed(np.full(10, np.inf, np.float32), good)
    with pytest.raises(SignalError, match=r"near: expected dtype float32 or int16, found int32"):
        canceller.feed(good.astype(np.int32), good)
    with pytest.raises(SignalError, match=r"far: expected shape \(n,\), found \(2, 5\)"):
        canceller.feed(good, good.reshape(2, 5))
    for rate in (4000, 7999, 48001):
        with pytest.raises(ParameterError, match=f"rate: expected 8000 to 48000 Hz, found {rate}"):
            EchoCanceller(rate)


def test_a_refused_run_leaves_the_call_as_it_was() -> None:
    far = noise(0.5)
    near = far * np.float32(0.5)
    disturbed = EchoCanceller(RATE)
    parts = [disturbed.feed(near[:5000], far[:5000])]
    with pytest.raises(SignalError):
        disturbed.feed(near, np.full_like(far, np.nan))
    parts += [disturbed.feed(near[5000:], far[5000:]), disturbed.flush()]
    np.testing.assert_array_equal(np.concatenate(parts)[320:], cleaned(near, far))

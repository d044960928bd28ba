"""The echo measures, on answers whose score is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks.echo_paths import PATHS, EchoPath, aligned, echo_of, erle_db, near_damage_db, near_snr_db, scene

RATE = 8000


@pytest.mark.parametrize("path", PATHS)
def test_an_echo_has_its_level_and_comes_after_its_delay(path: EchoPath) -> None:
    far = np.random.default_rng(1).standard_normal(2 * RATE).astype(np.float32)
    echo = echo_of(far, RATE, path)
    assert echo.std() == pytest.approx(path.level * far.std(), rel=0.01)
    assert np.abs(echo[: round(path.delay * RATE)]).max(initial=0) < 1e-6
    # The FFT's rounding is all that may come earlier; the direct sound follows at once.
    assert abs(echo[round(path.delay * RATE)]) > 0.01


def test_a_path_is_the_same_every_time_and_another_room_is_another_path() -> None:
    far = np.random.default_rng(1).standard_normal(RATE).astype(np.float32)
    path = EchoPath(0.05, 0.5, 0.3)
    np.testing.assert_array_equal(echo_of(far, RATE, path), echo_of(far, RATE, path))
    assert not np.array_equal(echo_of(far, RATE, path), echo_of(far, RATE, dataclasses.replace(path, seed=2)))


def test_a_driven_loudspeaker_adds_harmonics() -> None:
    far = (0.9 * np.sin(2 * np.pi * 500 / RATE * np.arange(RATE))).astype(np.float32)
    linear, driven = (np.abs(np.fft.rfft(echo_of(far, RATE, EchoPath(0, 0.5, drive=drive)))) for drive in (0, 3))
    assert linear[1500] < 1e-4 * linear[500]
    assert driven[1500] > 1e-2 * driven[500]


def test_known_answers_get_known_scores() -> None:
    call = scene(RATE, EchoPath(0.05, 0.5), seconds=4, talk_from=2)
    echo = call.heard - call.near
    answer = call.near * np.float32(0.5) + echo * np.float32(0.1)
    assert erle_db(call, answer, 0, 2) == pytest.approx(20, abs=0.1)
    assert near_damage_db(call, call.near * np.float32(0.5)) == pytest.approx(6.02, abs=0.01)
    assert near_damage_db(call, call.heard) == pytest.approx(0, abs=0.3)
    assert near_snr_db(call, call.near * np.float32(0.9)) == pytest.approx(20, abs=0.1)
    assert erle_db(call, call.near, 0, 2) == pytest.approx(100)


def test_an_unknown_delay_is_undone() -> None:
    call = scene(RATE, EchoPath(0.05, 0.5), seconds=4, talk_from=1)
    late = np.concatenate([np.zeros(321, np.float32), call.near])[: call.near.size]
    found = aligned(call, late)
    np.testing.assert_array_equal(found[:-321], call.near[:-321])

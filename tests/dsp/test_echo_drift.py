"""The drift between two clocks is found from the error of a filter, and only from that."""

from __future__ import annotations

import numpy as np
import pytest

from dsp.echo_drift import MOST_DRIFT, DriftTracker
from dsp.spectra import Power, Spectrum, to_spectrum

BLOCK = 320
FREQUENCIES = np.pi * np.arange(BLOCK + 1) / BLOCK


def voices(count: int, seed: int) -> list[Spectrum]:
    """Spectra of blocks of coloured noise."""
    rng = np.random.default_rng(seed)
    noise = np.cumsum(rng.standard_normal((count, 2 * BLOCK)), axis=1) * 0.01
    noise[:, :BLOCK] = 0
    return list(to_spectrum(noise.astype(np.float32)))


def flat(power: float) -> Power:
    return np.full(BLOCK + 1, power, dtype=np.float32)


def followed(drift: float, *, customer: float = 0.0, blocks: int = 400) -> float:
    """The drift that is found where the echo really comes later by ``drift`` samples per block."""
    tracker, late = DriftTracker(BLOCK), 0.0
    for echo, other in zip(voices(blocks, 1), voices(blocks, 2), strict=True):
        late += drift
        error = echo * (np.exp(-1j * FREQUENCIES * late) - 1) + customer * other
        power = np.abs(error) ** 2 + 1e-3
        tracker.follow(error.astype(np.complex64), echo, power.astype(np.float32))
        late -= tracker.whole()
        turn = tracker.turn()
        if turn is not None:
            late += float(np.angle(turn[BLOCK // 8]) / FREQUENCIES[BLOCK // 8])
    assert abs(late) < (0.1 if not customer else 0.5)  # samples
    return tracker.drift


@pytest.mark.parametrize("ppm", [200, -200, 50, 0])
def test_a_drift_is_found_and_followed(ppm: float) -> None:
    samples = ppm * 1e-6 * BLOCK
    assert followed(samples) == pytest.approx(samples, abs=0.002)


@pytest.mark.parametrize("ppm", [200, 0])
def test_a_customer_who_speaks_over_it_neither_hides_nor_makes_a_drift(ppm: float) -> None:
    samples = ppm * 1e-6 * BLOCK
    assert followed(samples, customer=1.0) == pytest.approx(samples, abs=0.03)


def test_no_echo_moves_nothing() -> None:
    tracker = DriftTracker(BLOCK)
    nothing = np.zeros(BLOCK + 1, dtype=np.complex64)
    for error in voices(50, 3):
        tracker.follow(error, nothing, flat(1.0))
        assert tracker.turn() is None
    assert tracker.drift == 0


def test_the_echo_creeps_on_while_nothing_is_heard() -> None:
    tracker, drift = DriftTracker(BLOCK), 0.05
    for echo in voices(100, 1):
        tracker.follow((echo * (np.exp(-1j * FREQUENCIES * drift) - 1)).astype(np.complex64), echo, flat(1e-3))
    tracker.whole()
    tracker.turn()
    for _ in range(200):
        tracker.coast()
    assert tracker.due == pytest.approx(200 * tracker.drift)
    assert tracker.whole() == round(200 * tracker.drift)
    assert abs(tracker.due) <= 0.5


def test_a_drift_beyond_belief_is_not_believed() -> None:
    tracker = DriftTracker(BLOCK)
    for echo in voices(200, 1):
        error = (echo * (np.exp(-1j * FREQUENCIES * 5) - 1)).astype(np.complex64)
        tracker.follow(error, echo, flat(1e-3))
    assert 0 < abs(tracker.drift) <= MOST_DRIFT * BLOCK


def test_a_changed_path_keeps_the_drift() -> None:
    tracker = DriftTracker(BLOCK)
    for echo in voices(100, 1):
        error = (echo * (np.exp(-1j * FREQUENCIES * 0.05) - 1)).astype(np.complex64)
        tracker.follow(error, echo, flat(1e-3))
    found = tracker.drift
    assert found > 0
    tracker.restart()
    assert tracker.drift == found
    tracker.forget()
    assert tracker.drift == 0

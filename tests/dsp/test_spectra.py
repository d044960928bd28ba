"""Spectra of two blocks, and their history."""

from __future__ import annotations

import numpy as np

from dsp.spectra import FarSpectra, power, to_spectrum


def test_history_returns_any_run_newest_first() -> None:
    history = FarSpectra(5, 2)
    for number in range(1, 24):
        history.push(np.full(2, number, dtype=np.complex64))
        for offset in range(3):
            expected = [max(0, number - offset - back) for back in range(3)]
            assert history.spectra(offset, 3)[:, 0].tolist() == expected
            assert history.powers(offset, 3)[:, 1].tolist() == [value**2 for value in expected]


def test_power_is_the_squared_magnitude() -> None:
    spectra = to_spectrum(np.random.default_rng(1).standard_normal((4, 320)).astype(np.float32))
    np.testing.assert_allclose(power(spectra), np.abs(spectra) ** 2, rtol=1e-5)

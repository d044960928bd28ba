from __future__ import annotations

import pytest

from benchmarks.stats import middle, percentile, ratio


def test_the_median_ignores_an_outlier_and_the_spread_is_half_the_interquartile_range() -> None:
    found = middle([10.0, 10.0, 11.0, 9.0, 500.0])
    assert found.median == 10.0
    assert found.spread == pytest.approx(0.05)


def test_a_single_round_has_no_spread() -> None:
    assert middle([7.0]) == middle([7.0, 7.0])


def test_ratios_are_taken_round_by_round_so_a_noisy_round_cancels_out() -> None:
    found = ratio([2.0, 20.0, 2.0], [1.0, 10.0, 1.0])
    assert (found.median, found.spread) == (2.0, 0.0)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_percentiles_are_values_that_occurred(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected

"""Medians, spreads and percentiles."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Middle:
    """The median of some rounds and how far they scatter."""

    median: float
    spread: float
    """Half the interquartile range over the median: half of the rounds lie within about ± this share."""


def middle(values: Sequence[float]) -> Middle:
    """Median and spread of at least one value."""
    median = statistics.median(values)
    if len(values) < 2 or median == 0:
        return Middle(median, 0.0)
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return Middle(median, (upper - lower) / 2 / abs(median))


def ratio(numerator: Sequence[float], denominator: Sequence[float]) -> Middle:
    """Median of the ratios of rounds that ran side by side, so that a noisy minute cancels out."""
    return middle([above / below for above, below in zip(numerator, denominator, strict=True)])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` (0…1) of all values do not exceed."""
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 1)
    return ordered[max(int(rank) - 1, 0)]

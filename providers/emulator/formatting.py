"""Figures as people read them: percentiles, milliseconds, shares."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` (0 … 1) of the values do not exceed; NaN for no values.

    Examples
    --------
    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5)
    2.0
    """
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def seconds(value: float | None) -> str:
    """A time with a unit that fits it.

    Examples
    --------
    >>> seconds(0.01234), seconds(1.5), seconds(None)
    ('12.3 ms', '1.50 s', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    return f"{value * 1000:.1f} ms" if abs(value) < 1 else f"{value:.2f} s"


def decibels(value: float) -> str:
    """A level; silence is −∞."""
    return "−∞ dBFS" if math.isinf(value) else f"{value:.1f} dBFS".replace("-", "−")


def count(number: int, noun: str) -> str:
    """A number with its noun.

    Examples
    --------
    >>> count(1, "call"), count(2, "call")
    ('1 call', '2 calls')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"

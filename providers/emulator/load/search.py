"""Looking for the number of calls at which a server misses its first target."""

from __future__ import annotations

from collections.abc import Callable

from providers.emulator.load.fleet import LoadResult
from providers.emulator.load.results import Thresholds

_CLOSE_ENOUGH = 1.15
"""Ratio of the smallest load that broke to the largest that held; a finer answer would be noise."""
_MOST = 100_000


def find_limit(
    attempt: Callable[[int], LoadResult],
    thresholds: Thresholds,
    *,
    start: int,
    on_step: Callable[[LoadResult, str | None], None],
) -> list[tuple[LoadResult, str | None]]:
    """Double the calls until a target is missed, then halve the distance until it is small.

    A load at which the generator was saturated says nothing about the server: it counts as broken, by the generator.
    """
    steps: list[tuple[LoadResult, str | None]] = []
    held, broke, calls = 0, 0, start
    while True:
        result = attempt(calls)
        missed = result.saturation or thresholds.broken(result)
        steps.append((result, missed))
        on_step(result, missed)
        if result.interrupted:
            return steps
        if missed is None:
            held = calls
        else:
            broke = calls
        if broke == 1 or held >= _MOST or (held and broke and broke / held < _CLOSE_ENOUGH):
            return steps
        calls = held * 2 if not broke else (held + broke) // 2
        if calls in (held, broke):
            return steps

"""The callers of the overload benchmark, against the server it starts."""

from __future__ import annotations

import asyncio

from benchmarks.groups.overload import GROUP
from benchmarks.overload import load, served


def test_calls_are_taken_and_their_lag_is_measured() -> None:
    with served(gated=True) as port:
        met = asyncio.run(load(port, 2, ramp=0.1, seconds=2.2))
    assert (met.admitted, met.lost, met.refusals) == (2, 0, [])
    assert len(met.lags) >= 4
    assert all(0 < lag < 5 for lag in met.lags)


def test_the_group_runs_only_when_it_is_named() -> None:
    assert not GROUP.default

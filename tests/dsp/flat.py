"""Memory stays flat: nothing in a stage grows with the length of the call."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np


def assert_flat_memory(make: Callable[[], Any], *, rate: int, minutes: float = 10, allowance: int = 4096) -> None:
    """Feed ``minutes`` of noise and silence in 100 ms runs and check that nothing accumulates.

    ``allowance`` is in bytes, for what the interpreter itself keeps. The stage may hold whatever it likes, as long as
    it holds it after the first tenth already.
    """
    step = rate // 10
    rng = np.random.default_rng(3)
    loud = rng.uniform(-0.5, 0.5, step).astype(np.float32)
    runs = [loud * np.float32(gain) for gain in (1, 0.1, 0, 0, 0.5, 0, 1)]
    stage = make()
    total = int(minutes * 600)
    tracemalloc.start()
    try:
        for number in range(total):
            stage.feed(runs[number // 20 % len(runs)])
            if number == total // 10:
                early = tracemalloc.get_traced_memory()[0]
        grown = tracemalloc.get_traced_memory()[0] - early
    finally:
        tracemalloc.stop()
    assert grown <= allowance, f"{grown} bytes more after {minutes} minutes than after a tenth of them"

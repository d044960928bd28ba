"""Garbage collection while no caller is served."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref

import psutil
import pytest

from providers.operations.garbage import collect_and_release, collect_when_idle


class Cycle:
    """Refers to itself, so that only the garbage collector frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.parametrize(("busy", "freed"), [(True, False), (False, True)])
def test_cycles_are_freed_when_no_caller_is_served_and_only_then(busy: bool, freed: bool) -> None:
    async def scenario() -> bool:
        lost = weakref.ref(Cycle())
        looks: asyncio.Queue[float] = asyncio.Queue(maxsize=1)
        task = asyncio.create_task(collect_when_idle(lambda: busy, sleep=looks.put))
        for _ in range(3):
            assert await looks.get() > 0
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return lost() is None

    gc.disable()
    try:
        assert asyncio.run(scenario()) is freed
    finally:
        gc.enable()


@pytest.mark.skipif(sys.platform != "linux", reason="only the C library of Linux is asked to give memory back")
def test_what_a_burst_had_needed_goes_back_to_the_system() -> None:
    process = psutil.Process()
    # Blocks of 64 KB, the size of what waits in a call's queues, with small ones in use between them.
    blocks = [(b"\1" * 65536, bytearray(600)) for _ in range(1600)]
    kept = [small for _, small in blocks]
    used = process.memory_info().rss
    del blocks
    collect_and_release()
    assert len(kept) == 1600
    assert used - process.memory_info().rss > 60e6

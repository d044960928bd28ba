"""How much later the first audio comes from espeak in its worker processes than from its library in a thread."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from time import perf_counter_ns

from benchmarks.case import Contender, at_most
from benchmarks.vendors.case import Round, VendorCase

UTTERANCES = 40
"""Per round."""
TEXT = "Your table in the corner is booked for seven o'clock tonight, thank you."


def _worker_processes() -> Round:
    from providers.engines.base import Utterance
    from providers.engines.espeak.engine import Espeak

    loop = asyncio.new_event_loop()
    engine = Espeak()
    loop.run_until_complete(engine.start())

    async def speak() -> float:
        async with aclosing(engine.synthesize(Utterance(TEXT, 22050))) as chunks:
            started = perf_counter_ns()
            await anext(chunks)
            waited = perf_counter_ns() - started
            async for _ in chunks:
                pass
        return waited / 1e6

    return lambda: loop.run_until_complete(_median(speak))


def _thread() -> Round:
    from concurrent.futures import ThreadPoolExecutor

    from providers.engines.espeak.library import EspeakLibrary

    loop = asyncio.new_event_loop()
    library, pool = EspeakLibrary(), ThreadPoolExecutor(1)
    loop.run_until_complete(loop.run_in_executor(pool, library.render, TEXT))

    async def speak() -> float:
        started = perf_counter_ns()
        await loop.run_in_executor(pool, library.render, TEXT)
        return (perf_counter_ns() - started) / 1e6

    return lambda: loop.run_until_complete(_median(speak))


async def _median(speak: Callable[[], Awaitable[float]]) -> float:
    return statistics.median([await speak() for _ in range(UTTERANCES)])


CASES = (
    VendorCase(
        name="first audio, espeak",
        figure="ms to the first audio, p50",
        contenders=(
            Contender("providers", "ours", _worker_processes),
            Contender("library in a thread", "floor", _thread),
        ),
        bound=at_most(2.0),
        against=lambda ours, bare: ours - bare,
        promise="ms over the library's",
    ),
)

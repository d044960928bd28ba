"""When an engine owes an answer, in virtual time."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from providers.reconnect.response_watchdog import ResponseWatchdog
from tests.virtual_time import run_virtual, virtual_clock

SPEECH = np.full(800, 6000, dtype="<i2").tobytes()
"""100 ms at 8 kHz."""
QUIET = bytes(1600)


def test_it_is_overdue_so_long_after_there_was_enough_speech() -> None:
    async def scenario() -> None:
        owed = ResponseWatchdog(8000, 1, enough=0.5, clock=virtual_clock)
        overdue = asyncio.create_task(owed.overdue(lambda: 3.0))
        for block in [QUIET] * 10 + [SPEECH] * 4 + [QUIET] * 10 + [SPEECH]:
            await asyncio.sleep(0.1)
            owed.fed(block)
        assert await overdue == 3.0
        assert virtual_clock() == pytest.approx(2.5 + 3.0)

    run_virtual(scenario())


def test_an_answer_settles_it_until_there_is_speech_again() -> None:
    async def scenario() -> None:
        owed = ResponseWatchdog(8000, 1, enough=0.1, clock=virtual_clock)
        overdue = asyncio.create_task(owed.overdue(lambda: 3.0))
        owed.fed(SPEECH)
        await asyncio.sleep(2.0)
        owed.heard()
        await asyncio.sleep(60.0)
        assert not overdue.done()
        owed.fed(SPEECH)
        await overdue
        assert virtual_clock() == pytest.approx(65.0)

    run_virtual(scenario())


def test_an_answer_and_new_speech_start_a_new_wait() -> None:
    async def scenario() -> None:
        owed = ResponseWatchdog(8000, 1, enough=0.1, clock=virtual_clock)
        overdue = asyncio.create_task(owed.overdue(lambda: 3.0))
        owed.fed(SPEECH)
        await asyncio.sleep(2.0)
        owed.heard()
        owed.fed(SPEECH)
        await overdue
        assert virtual_clock() == pytest.approx(5.0)

    run_virtual(scenario())

"""Transcripts on their way to one reader."""

from __future__ import annotations

import asyncio

import pytest

from providers.engines.base import Transcript
from providers.errors import EngineError
from providers.reconnect.outbox import Outbox
from tests.virtual_time import run_virtual


def test_a_partial_that_nobody_read_is_replaced_and_a_final_never_is() -> None:
    async def scenario() -> None:
        outbox = Outbox()
        for text, final, channel in [
            ("a", False, 0),
            ("x", False, 1),
            ("b", False, 0),
            ("b", True, 0),
            ("c", False, 0),
        ]:
            await outbox.put(Transcript(text, final, channel))
        outbox.end(None)
        told = []
        with pytest.raises(StopAsyncIteration):
            while True:
                told.append(await outbox.get())
        assert [(one.text, one.final) for one in told] == [("x", False), ("b", True), ("c", False)]

    run_virtual(scenario())


def test_the_producer_waits_for_a_reader_that_does_not_read() -> None:
    async def scenario() -> None:
        outbox, put = Outbox(), 0

        async def produce() -> None:
            nonlocal put
            for _ in range(1000):
                await outbox.put(Transcript("word", True))
                put += 1

        producer = asyncio.create_task(produce())
        await asyncio.sleep(1.0)
        assert put == 256
        for _ in range(1000):
            await outbox.get()
        await producer

    run_virtual(scenario())


def test_a_loss_is_raised_after_what_was_still_there_and_again_whenever_asked() -> None:
    async def scenario() -> None:
        outbox = Outbox()
        await outbox.put(Transcript("word", True))
        outbox.end(EngineError("lost"))
        assert (await outbox.get()).text == "word"
        for _ in range(2):
            with pytest.raises(EngineError, match="lost"):
                await outbox.get()

    run_virtual(scenario())

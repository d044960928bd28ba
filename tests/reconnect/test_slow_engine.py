"""An engine that runs here and is slower than speech: its caller is slowed, the engine is not replaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from providers.reconnect.options import ReconnectOptions
from tests.engines.imitations.tone_vendor import Fault, Manner, ToneRecognition, ToneVendor
from tests.engines.tone_words import RATE
from tests.reconnect.calls import FAST, QUIET, Call, play
from tests.virtual_time import virtual_clock


class SlowEngine(ToneVendor):
    """An engine with a capacity of its own, which takes ``pace`` seconds for a second of audio."""

    def __init__(self, pace: float, manner: Manner, *, faults: Sequence[Fault] = (), local: bool = True) -> None:
        super().__init__(faults, manner)
        self.pace = pace
        if local:
            self.capabilities = replace(self.capabilities, capacity=4)

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncIterator[ToneRecognition]:
        async with super().listen(rate=rate, channels=channels) as recognition:
            push = recognition.push

            async def slowly(pcm: bytes, /) -> None:
                await asyncio.sleep(self.pace * len(pcm) / (2 * rate * channels))
                await push(pcm)

            recognition.push = slowly  # type: ignore[method-assign]  # this connection alone
            yield recognition


def test_an_engine_slower_than_speech_slows_its_caller_and_is_not_lost() -> None:
    engine = SlowEngine(6.0, Manner(most=40, latency=6.0))
    call = Call(engine, ReconnectOptions(replay=2.0))
    took: list[float] = []

    async def scenario() -> None:
        await call.speak(FAST.pcm(), QUIET)
        took.append(virtual_clock())

    play(scenario)
    assert call.words() == list(range(40))
    assert (call.events, engine.opened) == ([], 1)
    assert took[0] > 5.0 * len(FAST.pcm()) / RATE, "the caller waited for the engine"


def test_one_block_may_take_an_engine_longer_than_a_vendor_has() -> None:
    engine = SlowEngine(24.0, Manner(most=2))  # 6 s for each block of a quarter of a second
    call = Call(engine, ReconnectOptions(first_result=20.0, next_result=20.0))
    play(lambda: call.speak(FAST.pcm()[: 2 * RATE], QUIET))
    assert (call.events, engine.opened) == ([], 1)
    assert call.words()


def test_an_engine_that_takes_no_audio_at_all_is_replaced_when_speech_waits_for_it() -> None:
    engine = SlowEngine(0.0, Manner(), faults=[Fault("stall", 0.5)])
    call = Call(engine)
    play(lambda: call.speak(FAST.pcm(), QUIET))
    assert call.kinds() == ["lost", "reconnected"]
    assert "transcripts: expected one for speech within 8 s" in call.events[0].detail
    assert call.words() == list(range(40))


def test_a_vendor_that_takes_no_audio_is_lost_all_the_same() -> None:
    call = Call(SlowEngine(24.0, Manner(), local=False), ReconnectOptions(suspect=20.0))

    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(12.0):
                await call.speak(FAST.pcm())

    play(scenario)
    assert "push: expected within 5 s" in call.events[0].detail

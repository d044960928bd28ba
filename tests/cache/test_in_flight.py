"""One synthesis, many listeners; what the cache builds on."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from providers.cache.in_flight import InFlightSynthesis
from providers.engines.base import Utterance
from providers.errors import EngineError
from tests.engines.scripted import ScriptedVoice, Step, tone
from tests.virtual_time import run_virtual

A, B = tone(0.1, level=1000), tone(0.1, level=2000)


def flight_of(*script: Step, longest: float = 60.0) -> tuple[InFlightSynthesis, ScriptedVoice]:
    voice = ScriptedVoice("a", script)
    return InFlightSynthesis(voice.synthesize(Utterance("Hello.", 8000)), longest=longest), voice


async def listen(flight: InFlightSynthesis) -> bytes:
    async with aclosing(flight.listen()) as chunks:
        return b"".join([chunk.pcm async for chunk in chunks])


def test_a_finished_flight_has_a_recording_and_can_still_be_joined() -> None:
    async def scenario() -> None:
        flight, _ = flight_of(A, 0.1, B)
        assert flight.can_be_joined
        assert await listen(flight) == A + B
        recording = await flight.completed()
        assert recording is not None
        assert recording.pcm == A + B
        assert flight.can_be_joined
        assert await listen(flight) == A + B

    run_virtual(scenario())


def test_a_failed_flight_can_only_disappoint() -> None:
    async def scenario() -> None:
        flight, _ = flight_of(A, EngineError("cut"))
        with pytest.raises(EngineError, match="cut"):
            await listen(flight)
        assert not flight.can_be_joined
        assert await flight.completed() is None

    run_virtual(scenario())


def test_a_deserted_flight_is_over_before_its_engine_has_let_go() -> None:
    async def scenario() -> None:
        flight, voice = flight_of(A, 60.0, B)
        listener = asyncio.create_task(listen(flight))
        await asyncio.sleep(1.0)
        listener.cancel()
        await asyncio.wait([listener])
        assert not flight.can_be_joined
        assert voice.cancelled == 1

    run_virtual(scenario())


def test_an_endless_answer_is_cut_off() -> None:
    async def scenario() -> None:
        flight, voice = flight_of(*[A] * 20, longest=1.0)
        with pytest.raises(EngineError, match="at most 1 s"):
            await listen(flight)
        assert voice.running == 0

    run_virtual(scenario())

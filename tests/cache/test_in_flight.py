"""One synthesis in synthesis with many listeners."""

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


def in_flight_synthesis(*script: Step, longest: float = 60.0) -> tuple[InFlightSynthesis, ScriptedVoice]:
    voice = ScriptedVoice("a", script)
    return InFlightSynthesis(voice.synthesize(Utterance("Hello.", 8000)), longest=longest), voice


async def listen(synthesis: InFlightSynthesis) -> bytes:
    async with aclosing(synthesis.listen()) as chunks:
        return b"".join([chunk.pcm async for chunk in chunks])


def test_a_completed_synthesis_has_a_recording_and_can_still_be_joined() -> None:
    async def scenario() -> None:
        synthesis, _ = in_flight_synthesis(A, 0.1, B)
        assert synthesis.can_be_joined
        assert await listen(synthesis) == A + B
        recording = await synthesis.completed()
        assert recording is not None
        assert recording.pcm == A + B
        assert synthesis.can_be_joined
        assert await listen(synthesis) == A + B

    run_virtual(scenario())


def test_a_failed_synthesis_cannot_be_joined() -> None:
    async def scenario() -> None:
        synthesis, _ = in_flight_synthesis(A, EngineError("cut"))
        with pytest.raises(EngineError, match="cut"):
            await listen(synthesis)
        assert not synthesis.can_be_joined
        assert await synthesis.completed() is None

    run_virtual(scenario())


def test_a_synthesis_without_listeners_cannot_be_joined_while_its_engine_stops() -> None:
    async def scenario() -> None:
        synthesis, voice = in_flight_synthesis(A, 60.0, B)
        listener = asyncio.create_task(listen(synthesis))
        await asyncio.sleep(1.0)
        listener.cancel()
        await asyncio.wait([listener])
        assert not synthesis.can_be_joined
        assert voice.cancelled == 1

    run_virtual(scenario())


def test_an_endless_synthesis_is_cancelled() -> None:
    async def scenario() -> None:
        synthesis, voice = in_flight_synthesis(*[A] * 20, longest=1.0)
        with pytest.raises(EngineError, match="at most 1 s"):
            await listen(synthesis)
        assert voice.running == 0

    run_virtual(scenario())

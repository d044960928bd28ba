"""Start of an engine's stream."""

from __future__ import annotations

import pytest

from providers.engines.base import Chunk, Utterance
from providers.errors import EngineError
from providers.failover.started_stream import StartedStream, next_chunk, start_stream
from tests.engines.scripted import ScriptedVoice, Step, tone
from tests.virtual_time import run_virtual, virtual_clock

LOUD, QUIET = tone(0.01, level=40), tone(0.01, level=30)
"""Samples on both sides of -60 dBFS, which is 32 counts."""


async def begin(*script: Step, text: str = "Hello.") -> tuple[StartedStream, ScriptedVoice]:
    voice = ScriptedVoice("a", script)
    return await start_stream(voice, Utterance(text, 8000), within=2.0), voice


def test_the_first_audio_ends_with_the_first_audible_chunk() -> None:
    async def scenario() -> None:
        stream, voice = await begin(QUIET, QUIET, LOUD, QUIET)
        assert stream.beginning == (Chunk(QUIET, 8000), Chunk(QUIET, 8000), Chunk(LOUD, 8000))
        assert await next_chunk(stream.remainder, voice, within=1.0) == Chunk(QUIET, 8000)
        assert await next_chunk(stream.remainder, voice, within=1.0) is None

    run_virtual(scenario())


def test_a_silent_stream_is_held_back_whole() -> None:
    async def scenario() -> None:
        stream, voice = await begin(QUIET, QUIET)
        assert len(stream.beginning) == 2
        assert await next_chunk(stream.remainder, voice, within=1.0) is None

    run_virtual(scenario())


def test_a_second_of_silence_counts_as_started() -> None:
    async def scenario() -> None:
        stream, voice = await begin(tone(0.6, level=0), 0.1, tone(0.6, level=0), 60.0, LOUD)
        assert len(stream.beginning) == 2
        assert virtual_clock() == pytest.approx(0.1)
        await stream.remainder.aclose()

    run_virtual(scenario())


@pytest.mark.parametrize("script", [[3.0, LOUD], [QUIET, 3.0, LOUD], [EngineError("down")]])
def test_a_stream_that_does_not_start_is_an_error_and_is_closed(script: list[Step]) -> None:
    voice = ScriptedVoice("a", script)

    async def scenario() -> None:
        with pytest.raises(EngineError):
            await start_stream(voice, Utterance("Hello.", 8000), within=2.0)
        assert voice.running == 0
        assert virtual_clock() <= 2.0

    run_virtual(scenario())


def test_no_sound_is_an_error_of_the_text_alone_and_none_for_a_text_without_words() -> None:
    async def scenario() -> None:
        assert (await begin(text="...")).__class__ is tuple
        with pytest.raises(EngineError) as caught:
            await begin(text="नमस्ते")
        assert not caught.value.retryable

    run_virtual(scenario())

"""Pool of worker processes: retries, refused texts, ended processes and errors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from providers.engines.processes.voice_child import Sentence, encode_options
from providers.engines.processes.voice_pool import PoolOptions, VoicePool
from providers.errors import EngineError, EngineUnavailable, UnknownVoice, UnspeakableText
from tests.engines.processes.scripted_voice import SECOND, ScriptedOptions

MODULE = "tests.engines.processes.scripted_voice"


def pool(*, loading: str = "well", workers: int = 1, start: float = 30.0, stop: float = 1.0) -> VoicePool:
    options = encode_options(ScriptedOptions(loading))
    bounds = PoolOptions(workers=workers, start=start, stop=stop)
    return VoicePool(MODULE, options, engine="scripted", limits=bounds)


def opened(act: Callable[[VoicePool], Awaitable[None]], *, stop: float = 1.0) -> None:
    async def scenario() -> None:
        voices = pool(stop=stop)
        try:
            await voices.start()
            await act(voices)
        finally:
            await voices.aclose()
        assert psutil.Process().children(recursive=True) == []

    asyncio.run(scenario())


def worker() -> psutil.Process:
    ((found,),) = (server.children() for server in psutil.Process().children())
    return found


async def say(voices: VoicePool, text: str = "well", voice: str | None = None) -> bytes:
    async with aclosing(voices.speak(Sentence(text, voice))) as chunks:
        return b"".join([chunk.pcm async for chunk in chunks])


def test_a_sentence_is_retried_once_after_its_process_has_ended(tmp_path: Path) -> None:
    async def act(voices: VoicePool) -> None:
        before = worker().pid
        assert await say(voices, f"dies-once {tmp_path / 'seen'}") == SECOND
        assert worker().pid != before

    opened(act)


def test_a_text_that_ends_two_processes_is_refused_and_then_costs_none() -> None:
    async def act(voices: VoicePool) -> None:
        with pytest.raises(UnspeakableText):
            await say(voices, "dies")
        assert await say(voices) == SECOND
        alive = worker().pid
        with pytest.raises(UnspeakableText):
            await say(voices, "dies")
        assert worker().pid == alive

    opened(act)


def test_a_process_that_ends_after_the_first_chunk_is_an_error_and_no_retry() -> None:
    async def act(voices: VoicePool) -> None:
        heard = b""
        with pytest.raises(EngineError, match="its process ended in the middle of a sentence") as lost:
            async with aclosing(voices.speak(Sentence("dies-later"))) as chunks:
                async for chunk in chunks:
                    heard += chunk.pcm
        assert heard == SECOND
        assert lost.value.retryable
        assert await say(voices) == SECOND

    opened(act)


def test_a_failing_library_is_an_error_that_does_not_quote_the_text() -> None:
    async def act(voices: VoicePool) -> None:
        with pytest.raises(EngineError, match="^scripted failed with ValueError$"):
            await say(voices, "fails")
        with pytest.raises(UnknownVoice, match="for example one"):
            await say(voices, voice="nobody")

    opened(act)


def test_closing_stops_a_library_between_its_blocks_and_keeps_its_process() -> None:
    async def act(voices: VoicePool) -> None:
        alive = worker().pid
        chunks = voices.speak(Sentence("goes-on"))
        await anext(chunks)
        await chunks.aclose()
        assert await say(voices) == SECOND
        assert worker().pid == alive

    opened(act, stop=30.0)


def test_closing_ends_the_process_of_a_library_that_does_not_stop() -> None:
    async def act(voices: VoicePool) -> None:
        before = worker().pid
        chunks = voices.speak(Sentence("ignores"))
        await anext(chunks)
        await chunks.aclose()
        async with asyncio.timeout(20):
            assert await say(voices) == SECOND
        assert worker().pid != before

    opened(act, stop=0.1)


def test_a_library_that_is_not_loaded_in_time_is_an_error_with_the_reason() -> None:
    async def scenario() -> None:
        voices = pool(start=0.001)
        with pytest.raises(EngineUnavailable, match="scripted cannot load its library within 0.001 s"):
            await voices.start()
        await voices.aclose()
        assert psutil.Process().children(recursive=True) == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("loading", "complaint"),
    [
        ("dies", "scripted cannot start: its process ended while loading the voice"),
        ("fails", "^scripted: no model$"),
        ("hangs", "scripted cannot load its voice within 2 s"),
    ],
)
def test_a_voice_that_cannot_be_loaded_is_an_error_with_the_reason(loading: str, complaint: str) -> None:
    async def scenario() -> None:
        voices = pool(loading=loading, workers=2, start=2.0 if loading == "hangs" else 30.0)
        with pytest.raises(EngineUnavailable, match=complaint):
            await voices.start()
        await voices.aclose()
        assert psutil.Process().children(recursive=True) == []

    asyncio.run(scenario())

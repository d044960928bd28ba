"""Start of an engine's stream, up to its first audible sample.

Until then another engine can take over without the caller noticing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial

from dsp import PcmDecoder, is_audible
from providers.engines.base import Chunk, TextToSpeech, Utterance
from providers.engines.first_audio import until_audible
from providers.errors import EngineError
from providers.text.sentences import has_words

__all__ = ["StartedStream", "next_chunk", "start_stream"]

SILENCE_HELD = 1.0
"""Seconds of leading silence after which a stream counts as started: an engine that streams this much works."""


@dataclass(frozen=True, slots=True)
class StartedStream:
    """Synthesis that has started. Its holder closes ``remainder``."""

    beginning: tuple[Chunk, ...]
    """Chunks up to and including the first audible one; all of them where the whole stream is silent."""
    remainder: AsyncGenerator[Chunk, None]
    """The chunks that follow; exhausted where the whole stream is silent."""


async def start_stream(engine: TextToSpeech, utterance: Utterance, *, within: float) -> StartedStream:
    """Start an engine and wait for its first audible sample.

    Parameters
    ----------
    within
        Seconds until the first audible sample.

    Raises
    ------
    EngineError
        The engine raised it, was late, or made no sound for a text that can be spoken.
    """
    chunks = engine.synthesize(utterance)
    try:
        return StartedStream(await _beginning(chunks, engine, utterance, within=within), chunks)
    except BaseException:
        await chunks.aclose()
        raise


async def next_chunk(chunks: AsyncGenerator[Chunk, None], engine: TextToSpeech, *, within: float) -> Chunk | None:
    """Wait for the next chunk of a stream; None at its end.

    Parameters
    ----------
    within
        Seconds until the chunk.

    Raises
    ------
    EngineError
        The engine raised it, or the chunk was late.
    """
    try:
        async with asyncio.timeout(within):
            return await anext(chunks, None)
    except TimeoutError:
        raise EngineError(f"audio: expected more within {within:g} s, found none", engine=engine.name) from None


async def _beginning(
    chunks: AsyncGenerator[Chunk, None], engine: TextToSpeech, utterance: Utterance, *, within: float
) -> tuple[Chunk, ...]:
    decoder = PcmDecoder()
    silence = 0.0

    def started(chunk: Chunk) -> bool:
        nonlocal silence
        samples = decoder.feed(chunk.pcm)
        silence += samples.size / chunk.rate
        return silence >= SILENCE_HELD or is_audible(samples)

    following = partial(anext, chunks, None)
    beginning = await until_audible(following, started, within=within, engine=engine.name)
    if not silence and has_words(utterance.text):
        # Not retryable, so that one text (in a script the engine cannot read) does not stop the engine for all.
        raise EngineError("audio: expected some for this text, found none", engine=engine.name, retryable=False)
    return tuple(beginning)

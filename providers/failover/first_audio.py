"""An engine's stream up to its first audible sample.

Until something can be heard nothing is decided: another engine may still take over without the caller noticing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import numpy as np

from dsp.pcm import PcmDecoder
from providers.engines.base import Chunk, TextToSpeech, Utterance
from providers.errors import EngineError
from providers.text.sentences import has_words

__all__ = ["StartedStream", "next_chunk", "start_stream"]

AUDIBLE = 2.0**-10
"""Peak level (-60 dBFS) from which a sample can be heard: over dither and idle noise, under the quietest onset."""

SILENCE_HELD = 1.0
"""Seconds of leading silence after which a stream counts as started: an engine that streams this much is alive."""


@dataclass(frozen=True, slots=True)
class StartedStream:
    """A synthesis that has started. Its holder closes ``remainder``."""

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
        The engine raised it, or was late, or had nothing to say about a text that can be spoken.
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
        The engine raised it, or hangs.
    """
    try:
        async with asyncio.timeout(within):
            return await anext(chunks, None)
    except TimeoutError:
        raise EngineError(f"audio: expected more within {within:g} s, found none", engine=engine.name) from None


async def _beginning(
    chunks: AsyncGenerator[Chunk, None], engine: TextToSpeech, utterance: Utterance, *, within: float
) -> tuple[Chunk, ...]:
    beginning: list[Chunk] = []
    decoder = PcmDecoder()
    silence = 0.0
    try:
        async with asyncio.timeout(within):
            async for chunk in chunks:
                beginning.append(chunk)
                samples = decoder.feed(chunk.pcm)
                silence += samples.size / chunk.rate
                if silence >= SILENCE_HELD or (samples.size and np.abs(samples).max() >= AUDIBLE):
                    return tuple(beginning)
    except TimeoutError:
        raise EngineError(f"first audio: expected within {within:g} s, found none", engine=engine.name) from None
    if not silence and has_words(utterance.text):
        # Not retryable, so that one odd text (a script the engine cannot read) does not retire the engine for all.
        raise EngineError("audio: expected some for this text, found none", engine=engine.name, retryable=False)
    return tuple(beginning)

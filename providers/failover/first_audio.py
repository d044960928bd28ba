"""The head of an answer: what an engine says up to its first audible sample.

Until there is something to hear nothing is decided: another engine may still take over without anybody noticing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import numpy as np

from dsp.pcm import PcmDecoder
from providers.engines.base import Chunk, TextToSpeech, Utterance
from providers.errors import EngineError

__all__ = ["Answer", "answer_of", "next_of"]

AUDIBLE = 2.0**-10
"""Peak level (-60 dBFS) from which a sample can be heard: over dither and idle noise, under the quietest onset."""

SILENCE_HELD = 1.0
"""Seconds of leading silence after which an answer counts as begun: an engine that streams this much is alive."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An engine's answer that has begun. Whoever holds it closes ``rest``."""

    head: tuple[Chunk, ...]
    """Chunks up to and including the first audible one; all of them where the whole answer is silent."""
    rest: AsyncGenerator[Chunk, None]
    """What follows; exhausted where the whole answer is silent."""


async def answer_of(engine: TextToSpeech, utterance: Utterance, *, within: float) -> Answer:
    """Start an engine and wait for its first audible sample.

    Parameters
    ----------
    within
        Seconds until the first audible sample.

    Raises
    ------
    EngineError
        What the engine raised; or it was late; or it had nothing to say about a text that has something to say.
    """
    rest = engine.synthesize(utterance)
    try:
        return Answer(await _head(rest, engine, utterance, within=within), rest)
    except BaseException:
        await rest.aclose()
        raise


async def next_of(rest: AsyncGenerator[Chunk, None], engine: TextToSpeech, *, within: float) -> Chunk | None:
    """Wait for the next chunk of an answer; None at its end.

    Parameters
    ----------
    within
        Seconds until the chunk.

    Raises
    ------
    EngineError
        What the engine raised, or it hangs.
    """
    try:
        async with asyncio.timeout(within):
            return await anext(rest, None)
    except TimeoutError:
        raise EngineError(f"audio: expected more within {within:g} s, found none", engine=engine.name) from None


async def _head(
    chunks: AsyncGenerator[Chunk, None], engine: TextToSpeech, utterance: Utterance, *, within: float
) -> tuple[Chunk, ...]:
    head: list[Chunk] = []
    decoder = PcmDecoder()
    silence = 0.0
    try:
        async with asyncio.timeout(within):
            async for chunk in chunks:
                head.append(chunk)
                samples = decoder.feed(chunk.pcm)
                silence += samples.size / chunk.rate
                if silence >= SILENCE_HELD or (samples.size and np.abs(samples).max() >= AUDIBLE):
                    return tuple(head)
    except TimeoutError:
        raise EngineError(f"first audio: expected within {within:g} s, found none", engine=engine.name) from None
    if not silence and any(character.isalnum() for character in utterance.text):
        # Not retryable, so that one odd text (a script the engine cannot read) does not send it to rest for everybody.
        raise EngineError("audio: expected some for this text, found none", engine=engine.name, retryable=False)
    return tuple(head)

"""The order of steps of one voice request: text to parts, parts to units, units to audio, always one unit ahead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from providers.engines.base import TextToSpeech, Utterance
from providers.errors import EngineError
from providers.text.controls import without_controls
from providers.text.sentences import has_words, speakable, units
from providers.text.tags import Pause, parts
from providers.voice.pipeline import AudioPipeline, sliced
from providers.voice.wire import VoiceRequest

_FIRST_SLICE, _LATER_SLICES = 0.25, 1.0
"""Seconds of audio processed before the loop serves others: under a millisecond of work."""


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """Bounds of a voice request."""

    lookahead: float = 30.0
    """Seconds of audio made ahead of a slow reader."""
    first_audio: float = 10.0
    """Seconds until the first audible sample must be there."""
    next_audio: float = 10.0
    """Seconds between two blocks."""


def steps(text: str) -> list[str | Pause]:
    """What is to be done for a text, in order: units to speak, and pauses."""
    plan: list[str | Pause] = []
    for part in parts(without_controls(text)):
        plan += [part] if isinstance(part, Pause) else [unit for unit in units(part.text) if speakable(unit)]
    return plan


async def speak(
    request: VoiceRequest,
    engine: TextToSpeech,
    options: VoiceOptions = VoiceOptions(),
) -> AsyncGenerator[bytes, None]:
    """PCM blocks of one request; the first one holds the first audible sample.

    Text without anything to say yields nothing.

    Raises
    ------
    EngineError
        Nothing audible came, in time or at all; or, later, the engine failed in the middle.
    """
    plan = steps(request.text)
    track = AudioPipeline(request.sample_rate)
    limit = int(options.lookahead * request.sample_rate) * 2
    waits = (options.first_audio, options.next_audio)
    held = b""
    async with aclosing(_ahead(_render(plan, request, engine, track), limit=limit, waits=waits)) as blocks:
        async for pcm, audible in blocks:
            if audible:
                yield held + pcm
                held = b""
            else:
                held += pcm
    if track.audible:
        return
    if any(isinstance(step, str) and has_words(step) for step in plan):
        raise EngineError("expected audible speech, found silence", engine=engine.name)
    if held:
        yield held


Block = tuple[bytes, bool]
"""PCM, and whether anything audible has come by its end."""


async def _render(
    plan: list[str | Pause], request: VoiceRequest, engine: TextToSpeech, track: AudioPipeline
) -> AsyncGenerator[Block, None]:
    continued_by = None
    for index, step in enumerate(plan):
        if isinstance(step, Pause):
            track.pause(step.seconds)
            continue
        track.begin_unit(last=index == len(plan) - 1)
        utterance = Utterance(step, request.sample_rate, request.voice, continued_by)
        async with aclosing(engine.synthesize(utterance)) as chunks:
            async for chunk in chunks:
                continued_by = chunk.fallback_engine
                for pcm in sliced(chunk, first=_FIRST_SLICE, later=_LATER_SLICES):
                    yield track.feed(pcm, chunk.rate), track.audible
                    await asyncio.sleep(0)
        yield track.end_unit(), track.audible
    yield track.end(), track.audible


async def _ahead(
    source: AsyncGenerator[Block, None], *, limit: int, waits: tuple[float, float]
) -> AsyncGenerator[Block, None]:
    """Let a source run ahead of its reader by up to ``limit`` bytes, in a task that ends with this generator."""
    buffer = _Buffer(limit)
    task = asyncio.create_task(buffer.fill(source))
    clock = asyncio.get_running_loop().time
    first, later = waits
    audible_by = clock() + first
    heard = False
    try:
        while True:
            try:
                async with asyncio.timeout_at(clock() + later if heard else audible_by):
                    block = await buffer.take()
            except TimeoutError:
                what = f"the next audio within {later:g} s" if heard else f"audible speech within {first:g} s"
                raise EngineError(f"expected {what}, found none") from None
            if block is None:
                break
            heard = heard or block[1]
            yield block
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Buffer:
    """Blocks between one producer and one consumer, bounded in bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._blocks: list[Block] = []
        self._size = 0
        self._ended = False
        self._changed = asyncio.Event()

    async def fill(self, source: AsyncGenerator[Block, None]) -> None:
        """Produce everything the source has."""
        try:
            async with aclosing(source):
                async for block in source:
                    if not block[0]:
                        continue
                    while self._size >= self._limit:
                        self._changed.clear()
                        await self._changed.wait()
                    self._blocks.append(block)
                    self._size += len(block[0])
                    self._changed.set()
        finally:
            self._ended = True
            self._changed.set()

    async def take(self) -> Block | None:
        """The next block, None after the last."""
        while not self._blocks:
            if self._ended:
                return None
            self._changed.clear()
            await self._changed.wait()
        block = self._blocks.pop(0)
        self._size -= len(block[0])
        self._changed.set()
        return block

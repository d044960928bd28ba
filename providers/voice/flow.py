"""Steps of one voice request: text to parts, parts to units, units to audio, always ahead of the reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial
from typing import NamedTuple

from providers import telemetry
from providers.engines.base import SpeakingCapabilities, TextToSpeech, Utterance, Word
from providers.engines.first_audio import until_audible
from providers.errors import EngineError
from providers.loop_share import LoopShare
from providers.queues import BoundedQueue
from providers.text.cleaning import cleaned
from providers.text.controls import without_controls
from providers.text.sentences import has_words, speakable, units
from providers.text.tags import Pause, parts
from providers.voice.options import DEFAULT_OPTIONS, VoiceOptions
from providers.voice.pipeline import AudioPipeline, blocks_of
from providers.voice.wire import VoiceRequest

_FIRST_BLOCK, _LATER_BLOCKS = 0.25, 1.0
"""Seconds of audio processed before the loop serves others."""

_COST, _LEVELLING_COST = 1.0, 8.0
"""Milliseconds of work per second of audio, without and with a loudness that is set (two cores, 24 kHz)."""

_LONG_TEXT = 1000
"""Characters. A longer text is taken apart in a thread: 10,000 hostile ones take up to 16 ms."""

Step = str | Pause
"""A unit to speak, or a pause."""


class Block(NamedTuple):
    """Processed audio on its way to the caller."""

    pcm: bytes
    audible: bool
    """Whether anything audible has come by its end."""
    words: tuple[Word, ...] = ()
    """Words that were told with it, with their times in the whole answer."""


def steps(text: str, *, pauses: float = VoiceOptions.pauses, clean: Callable[[str], str] = str) -> list[Step]:
    """Units to speak and pauses, in order; of the pauses as many as ``pauses`` seconds hold."""
    plan: list[Step] = []
    for part in parts(without_controls(text)):
        if not isinstance(part, Pause):
            plan += [unit for unit in units(clean(part.text)) if speakable(unit)]
        elif pauses > 0:
            plan.append(Pause(min(part.seconds, pauses)))
            pauses -= part.seconds
    return plan


def cleaner(options: VoiceOptions, capabilities: SpeakingCapabilities, voice: str | None) -> Callable[[str], str]:
    """What is done to text before it is cut into units: cleaning, in the language of the voice, or nothing."""
    if options.clean_text == "off" or (options.clean_text == "auto" and capabilities.normalises_text):
        return str
    return partial(cleaned, voice=capabilities.default_language if voice is None else voice)


async def speak(
    request: VoiceRequest,
    engine: TextToSpeech,
    options: VoiceOptions = DEFAULT_OPTIONS,
    share: LoopShare | None = None,
    *,
    spoken_by: Callable[[str], None] | None = None,
    words: Callable[[tuple[Word, ...]], None] | None = None,
) -> AsyncGenerator[bytes, None]:
    """PCM blocks of one request; the first one holds the first audible sample.

    Text without anything to say yields nothing. ``share`` is common to all requests of a server. ``spoken_by`` is told
    the name of an engine that speaks in place of the first one; ``words`` is told each block's words before the block.

    Raises
    ------
    EngineError
        Nothing audible came, in time or at all; or, later, the engine failed in the middle.
    """
    clean = cleaner(options, engine.capabilities, request.voice)
    planning = partial(steps, request.text, pauses=options.pauses, clean=clean)
    plan = await asyncio.to_thread(planning) if len(request.text) > _LONG_TEXT else planning()
    turns = _Turns(share or LoopShare(), spoken_by, cost=_COST if options.loudness is None else _LEVELLING_COST)
    pipeline = AudioPipeline(request.sample_rate, loudness=options.loudness)
    told = words or _no_words
    ahead = BoundedQueue[Block](max(1, int(options.lookahead * request.sample_rate) * 2), size_of=_size)
    producer = asyncio.create_task(_produce(ahead, _render(plan, request, engine, pipeline, turns)))
    try:
        beginning = await until_audible(ahead.get, _is_audible, within=options.first_audio, engine=engine.name)
        _check_sound(plan, beginning, engine)
        if beginning and (pipeline.audible or any(isinstance(step, Pause) for step in plan)):
            told(tuple(word for block in beginning for word in block.words))
            yield b"".join(block.pcm for block in beginning)
        while (block := await _next_block(ahead, within=options.next_audio)) is not None:
            told(block.words)
            yield block.pcm
    finally:
        ahead.close()
        producer.cancel()
        await asyncio.gather(producer, return_exceptions=True)


def _check_sound(plan: list[Step], beginning: list[Block], engine: TextToSpeech) -> None:
    """Refuse silence for words: it would be taken for an answer."""
    silent = not beginning or not beginning[-1].audible
    if silent and any(isinstance(step, str) and has_words(step) for step in plan):
        raise EngineError("expected audible speech, found silence", engine=engine.name)


class _Turns:
    """One request's turns on the loop. Until its caller hears something it goes before others."""

    def __init__(self, share: LoopShare, spoken_by: Callable[[str], None] | None = None, *, cost: float) -> None:
        self._share = share
        self.spoken_by = spoken_by or _nothing
        self._cost = cost
        """Milliseconds per second of audio."""
        self.urgent = True

    async def take(self, seconds: float) -> None:
        """Wait for room for this much audio."""
        await self._share.spend(seconds * self._cost, urgent=self.urgent)


async def _render(
    plan: list[Step], request: VoiceRequest, engine: TextToSpeech, pipeline: AudioPipeline, turns: _Turns
) -> AsyncGenerator[Block, None]:
    continued_by = None
    for index, step in enumerate(plan):
        if isinstance(step, Pause):
            for pcm in pipeline.pause(step.seconds):
                yield Block(pcm, pipeline.audible)
                await turns.take(len(pcm) / 2 / request.sample_rate)
            continue
        pipeline.start_unit(last=index == len(plan) - 1)
        utterance = Utterance(step, request.sample_rate, request.voice, continued_by)
        with telemetry.part("synthesis", engine=engine.name, characters=len(step)) as span:
            async with aclosing(engine.synthesize(utterance)) as chunks:
                async for chunk in chunks:
                    continued_by = chunk.fallback_engine
                    if continued_by:
                        span.set(spoken_by=continued_by)
                        turns.spoken_by(continued_by)
                    pipeline.told(chunk.words)
                    for pcm in blocks_of(chunk, first=_FIRST_BLOCK, later=_LATER_BLOCKS):
                        await turns.take(len(pcm) / 2 / chunk.rate)
                        yield _block_of(pipeline, pipeline.feed(pcm, chunk.rate))
                        turns.urgent = not pipeline.audible
                        await asyncio.sleep(0)
        yield _block_of(pipeline, pipeline.end_unit())
    yield _block_of(pipeline, pipeline.end())


async def _produce(ahead: BoundedQueue[Block], source: AsyncGenerator[Block, None]) -> None:
    """Let a source run ahead of its reader until the queue is full."""
    try:
        async with aclosing(source) as blocks:
            async for block in blocks:
                if block.pcm:
                    await ahead.put(block)
    except Exception as error:  # the reader raises it
        ahead.end(error)
    else:
        ahead.end()


async def _next_block(ahead: BoundedQueue[Block], *, within: float) -> Block | None:
    try:
        async with asyncio.timeout(within):
            return await ahead.get()
    except TimeoutError:
        raise EngineError(f"expected the next audio within {within:g} s, found none") from None


def _block_of(pipeline: AudioPipeline, pcm: bytes) -> Block:
    """Audio that just came out of a pipeline; words without any stay behind for the next."""
    return Block(pcm, pipeline.audible, pipeline.words() if pcm else ())


def _no_words(words: tuple[Word, ...]) -> None:
    """Told the words, where nobody asks."""


def _nothing(engine: str) -> None:
    """Told which engine speaks, where nobody asks."""


def _size(block: Block) -> int:
    return len(block.pcm)


def _is_audible(block: Block) -> bool:
    return block.audible

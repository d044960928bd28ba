"""Probe of one engine: a sentence to say or to hear, and how fast it came."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import Any

from dsp import PcmDecoder, Resampler, encode_pcm16
from providers.engines.base import SpeechToText, TextToSpeech, Utterance
from providers.errors import EngineError, ProvidersError, one_line

SENTENCE = "Your table is booked for seven."
PROBE_RATE = 16000
"""Hz."""
_FRAME = 0.02
"""Seconds of audio per push, as a call sends it."""


class StartError(ProvidersError):
    """An engine that was made does not start; the message says why."""


async def _start(engine: TextToSpeech | SpeechToText) -> None:
    try:
        await engine.start()
    except ProvidersError as error:
        raise StartError(str(error)) from error
    except Exception as error:  # an engine of another package may raise anything
        raise StartError(f"cannot start: {one_line(error)}") from error


async def say(engine: TextToSpeech) -> tuple[str, bytes]:
    """First audio of one sentence, and the sentence at the probe's rate."""
    try:
        await _start(engine)
        begun = time.perf_counter()
        first = 0.0
        decoder, resampler, pcm = PcmDecoder(), None, b""
        async with aclosing(engine.synthesize(Utterance(SENTENCE, PROBE_RATE))) as chunks:
            async for chunk in chunks:
                first = first or time.perf_counter() - begun
                resampler = resampler or Resampler(chunk.rate, PROBE_RATE)
                pcm += encode_pcm16(resampler.feed(decoder.feed(chunk.pcm)))
        if resampler is None:
            raise EngineError("expected speech, found none")
        pcm += encode_pcm16(resampler.flush())
        return f"first audio {1000 * first:.1f} ms, {len(pcm) / 2 / PROBE_RATE:.1f} s of speech", pcm
    finally:
        await engine.aclose()


async def hear(engine: SpeechToText, speech: bytes) -> str:
    """What is heard of the sentence, pushed in real time, and how long after its end the final comes."""
    if not speech:
        return "not probed: no voice is ready to speak to it"
    finals: list[str] = []
    last = 0.0
    try:
        await _start(engine)
        async with engine.listen(rate=PROBE_RATE) as recognition:

            async def listen() -> None:
                nonlocal last
                async for transcript in recognition:
                    if transcript.final:
                        finals.append(transcript.text)
                        last = time.perf_counter()

            ended = 0.0

            async def play() -> None:
                nonlocal ended
                ended = await _play(recognition.push, speech)
                await recognition.finish()

            await asyncio.gather(listen(), play())
    finally:
        await engine.aclose()
    if not finals:
        return "heard nothing"
    return f"lag {1000 * max(0.0, last - ended):.0f} ms: {' '.join(finals)!r}"


async def _play(push: Any, speech: bytes) -> float:
    """Push speech as a call sends it; the time at which it ended."""
    size = 2 * round(_FRAME * PROBE_RATE)
    begun = time.perf_counter()
    for index, at in enumerate(range(0, len(speech), size)):
        await push(speech[at : at + size])
        await asyncio.sleep(max(0.0, begun + (index + 1) * _FRAME - time.perf_counter()))
    return time.perf_counter()

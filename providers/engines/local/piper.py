"""Piper as a speaking engine: a VITS voice on this machine's CPU, the model file brought by the user.

Piper is GPL-3.0 and optional (extra ``piper``). One loaded voice serves every call; the library's phonemizer has a lock
of its own and the network may run in several threads.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from providers.engines.base import Chunk, SpeakingCapabilities, Utterance
from providers.engines.local.model import Model, existing
from providers.engines.local.threads import spoken
from providers.errors import UnknownVoice

NAME = "piper"


@dataclass(frozen=True, slots=True, kw_only=True)
class PiperOptions:
    """What can be set of the engine."""

    model: Path | None = None
    """The voice, ``….onnx``; its configuration ``….onnx.json`` stands beside it."""
    speed: float = 1.0
    """2.0 is twice as fast."""
    threads: int = os.cpu_count() or 1
    """Utterances that are made at the same time."""


class Piper:
    """The engine. Its voices are the speakers of the model, by name or number."""

    name = NAME

    def __init__(self, options: PiperOptions) -> None:
        self._options = options
        self._model = Model(self._load, engine=NAME, extra="piper")
        self._pool = ThreadPoolExecutor(options.threads, thread_name_prefix=NAME)

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """The model's own rate, language and speakers, once it is loaded."""
        voice = self._model.loaded
        if voice is None:
            return SpeakingCapabilities()
        language = str(voice.config.espeak_voice)
        return SpeakingCapabilities(
            rates=(voice.config.sample_rate,), languages=(language,), voices=tuple(_speakers(voice))[:8]
        )

    async def start(self) -> None:
        """Load the model."""
        await self._model.get()

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak in a thread; closing the generator stops before the next sentence of the utterance."""
        voice = await self._model.get()
        speakers = _speakers(voice)
        if utterance.voice is not None and utterance.voice not in speakers:
            raise UnknownVoice(utterance.voice, engine=NAME, examples=tuple(speakers)[:8])
        speaker = speakers[utterance.voice] if utterance.voice is not None else None

        def produce(sink: Callable[[Chunk], bool]) -> None:
            from piper import SynthesisConfig

            scale = voice.config.length_scale / self._options.speed
            for made in voice.synthesize(utterance.text, SynthesisConfig(speaker_id=speaker, length_scale=scale)):
                if not sink(Chunk(made.audio_int16_bytes, made.sample_rate)):
                    return

        stream = spoken(self._pool, produce, engine=NAME)
        try:
            async for chunk in stream:
                yield chunk
        finally:
            await stream.aclose()

    async def aclose(self) -> None:
        """End the threads; one that is at work ends with its sentence."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _load(self) -> Any:
        from piper import PiperVoice

        model = existing(self._options.model, "PROVIDERS_PIPER_MODEL", engine=NAME)
        existing(model.with_name(model.name + ".json"), "PROVIDERS_PIPER_MODEL (its .json)", engine=NAME)
        return PiperVoice.load(model, download_dir=model.parent)


def _speakers(voice: Any) -> dict[str, int]:
    """Names to numbers, and the numbers as names for models that have no others."""
    numbered = {str(number): number for number in range(max(voice.config.num_speakers, 1))}
    return {**voice.config.speaker_id_map, **numbered}

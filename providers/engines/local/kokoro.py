"""Kokoro as a speaking engine: an 82 M parameter voice on this machine's CPU, the model files brought by the user.

The library is MIT, what it needs for phonemes is GPL-3.0: optional (extra ``kokoro``), imported when it is used. It
works on a copy of the espeak library, so it and the espeak engine do not meet.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dsp import encode_pcm16
from providers.engines.base import Chunk, SpeakingCapabilities, Utterance
from providers.engines.local.model import Model, existing
from providers.engines.local.threads import spoken
from providers.errors import UnknownVoice

NAME = "kokoro"

LANGUAGES = {
    "a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "j": "ja", "p": "pt-br", "z": "cmn",
}  # fmt: skip
"""The first letter of a voice's name is its language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KokoroOptions:
    """What can be set of the engine."""

    model: Path | None = None
    """``kokoro….onnx``"""
    voices: Path | None = None
    """``voices….bin``"""
    voice: str = "af_heart"
    """The default voice; the first of the file where it is missing."""
    speed: float = 1.0
    """0.5 … 2.0"""
    threads: int = os.cpu_count() or 1
    """Utterances that are made at the same time."""


class Kokoro:
    """The engine, at 24 kHz."""

    name = NAME

    def __init__(self, options: KokoroOptions) -> None:
        self._options = options
        self._model = Model(self._load, engine=NAME, extra="kokoro")
        self._pool = ThreadPoolExecutor(options.threads, thread_name_prefix=NAME)

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """The voices of the file, once it is loaded."""
        voices = tuple(self._model.loaded.get_voices()) if self._model.loaded is not None else ()
        spoken_languages = sorted({LANGUAGES[voice[0]] for voice in voices if voice[:1] in LANGUAGES})
        return SpeakingCapabilities(rates=(24000,), languages=tuple(spoken_languages), voices=voices[:8])

    async def start(self) -> None:
        """Load the model."""
        await self._model.get()

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak one utterance in a thread, whole: the model makes a sentence in one go."""
        kokoro = await self._model.get()
        voices: list[str] = kokoro.get_voices()
        default = self._options.voice if self._options.voice in voices else voices[0]
        voice = default if utterance.voice is None else utterance.voice
        if voice not in voices:
            raise UnknownVoice(voice, engine=NAME, examples=tuple(voices[:8]))

        def produce(sink: Callable[[Chunk], bool]) -> None:
            language = LANGUAGES.get(voice[:1], "en-us")
            audio, rate = kokoro.create(utterance.text, voice, speed=self._options.speed, lang=language)
            sink(Chunk(encode_pcm16(np.asarray(audio, dtype=np.float32)), rate))

        stream = spoken(self._pool, produce, engine=NAME)
        try:
            async for chunk in stream:
                yield chunk
        finally:
            await stream.aclose()

    async def aclose(self) -> None:
        """End the threads; one that is at work ends with its utterance."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _load(self) -> Any:
        import kokoro_onnx

        model = existing(self._options.model, "PROVIDERS_KOKORO_MODEL", engine=NAME)
        voices = existing(self._options.voices, "PROVIDERS_KOKORO_VOICES", engine=NAME)
        kokoro = kokoro_onnx.Kokoro(str(model), str(voices))
        if isinstance(kokoro.voices, np.lib.npyio.NpzFile):
            # The library leaves the archive open and reads it anew for every utterance, whatever the thread.
            with kokoro.voices as archive:
                kokoro.voices = {name: archive[name] for name in archive.files}
        return kokoro

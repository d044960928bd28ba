"""sherpa-onnx as a speaking engine: many families of open voices, each a folder that the user brings.

The library is Apache-2.0 and optional (extra ``sherpa``). One loaded voice serves every call. Which family a folder
holds is told by the names of its files, which the project's releases keep to.

A folder that the library itself cannot make sense of ends the process with the library's own message on standard error:
its C++ calls ``exit``. That can only happen at the start.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dsp import Samples, encode_pcm16
from providers.engines.base import Chunk, SpeakingCapabilities, Utterance
from providers.engines.local.model import Model, existing, one_of
from providers.engines.local.threads import spoken
from providers.errors import EngineUnavailable, UnknownVoice

NAME = "sherpa"


@dataclass(frozen=True, slots=True, kw_only=True)
class SherpaVoiceOptions:
    """What can be set of speaking."""

    folder: Path | None = None
    """With ``tokens.txt`` and the model: VITS (piper, coqui, MeloTTS …), Matcha with its vocoder, Kokoro or Kitten."""
    speed: float = 1.0
    """2.0 is twice as fast."""
    threads: int = os.cpu_count() or 1
    """Utterances that are made at the same time, one thread each."""


class SherpaVoice:
    """Speaking. Its voices are the numbers of the model's speakers."""

    name = NAME

    def __init__(self, options: SherpaVoiceOptions) -> None:
        self._options = options
        self._model = Model(self._load, engine=NAME, extra="sherpa")
        self._pool = ThreadPoolExecutor(options.threads, thread_name_prefix=NAME)

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """The model's own rate and speakers, once it is loaded."""
        model = self._model.loaded
        if model is None:
            return SpeakingCapabilities()
        return SpeakingCapabilities(rates=(model.sample_rate,), voices=tuple(_speakers(model))[:8])

    async def start(self) -> None:
        """Load the model."""
        await self._model.get()

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak in a thread; closing the generator stops before the next sentence of the utterance."""
        model = await self._model.get()
        voice = utterance.voice or "0"
        if voice not in _speakers(model):
            raise UnknownVoice(voice, engine=NAME, examples=tuple(_speakers(model))[:8])

        def produce(sink: Callable[[Chunk], bool]) -> None:
            def on_audio(samples: Samples, progress: float) -> int:
                # The memory behind the samples is the library's and only lent.
                pcm = encode_pcm16(np.array(samples, dtype=np.float32))
                return 1 if sink(Chunk(pcm, model.sample_rate)) else 0

            model.generate(utterance.text, sid=int(voice), speed=self._options.speed, callback=on_audio)

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
        import sherpa_onnx

        folder = existing(self._options.folder, "PROVIDERS_SHERPA_VOICE_FOLDER", engine=NAME)
        config = sherpa_onnx.OfflineTtsConfig(model=_voice_config(sherpa_onnx, folder), max_num_sentences=1)
        if not config.validate():
            raise EngineUnavailable(f"sherpa: {folder} is no complete voice, see the lines above", engine=NAME)
        return sherpa_onnx.OfflineTts(config)


def _speakers(model: Any) -> list[str]:
    return [str(number) for number in range(max(model.num_speakers, 1))]


def _voice_config(sherpa_onnx: Any, folder: Path) -> Any:
    """The folder's files as a configuration."""
    tokens, data = str(one_of(folder, "tokens.txt", engine=NAME)), folder / "espeak-ng-data"
    lexicon = ",".join(str(path) for path in sorted(folder.glob("lexicon*.txt")))
    common = {"tokens": tokens, "lexicon": lexicon, "data_dir": str(data) if data.is_dir() else ""}
    acoustic, voices = sorted(folder.glob("model-steps-*.onnx")), folder / "voices.bin"
    if acoustic:
        vocoder = str(one_of(folder, "voco*.onnx", "hifigan*.onnx", engine=NAME))
        matcha = sherpa_onnx.OfflineTtsMatchaModelConfig(acoustic_model=str(acoustic[0]), vocoder=vocoder, **common)
        return sherpa_onnx.OfflineTtsModelConfig(matcha=matcha)
    model = str(one_of(folder, "model*.onnx", "*.onnx", engine=NAME))
    if voices.exists():
        kitten = "kitten" in folder.name.lower()
        family = sherpa_onnx.OfflineTtsKittenModelConfig if kitten else sherpa_onnx.OfflineTtsKokoroModelConfig
        config = family(model=model, voices=str(voices), **common)
        return sherpa_onnx.OfflineTtsModelConfig(**{"kitten" if kitten else "kokoro": config})
    return sherpa_onnx.OfflineTtsModelConfig(vits=sherpa_onnx.OfflineTtsVitsModelConfig(model=model, **common))

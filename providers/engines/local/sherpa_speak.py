"""sherpa-onnx as a speaking engine: many families of open voices, each a folder of the user's.

The library is Apache-2.0 and optional (extra ``sherpa``). The family of a folder is found by the names of its
files, which are the same in all releases of the project. Some families read callers' text with espeak-ng, which some
texts crash, and a folder that the library cannot read ends its process. So it runs in its own worker processes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dsp import Samples, encode_pcm16
from providers.engines.base import Chunk, SpeakingCapabilities
from providers.engines.local.model import existing, one_of
from providers.engines.local.voices import THREADS, WORKERS, pool_of, run_voice
from providers.engines.processes.voice_child import Sentence, Sink, decode_options
from providers.engines.processes.voice_engine import WorkerVoice
from providers.errors import EngineUnavailable, UnknownVoice

NAME = "sherpa"


@dataclass(frozen=True, slots=True, kw_only=True)
class SherpaVoiceOptions:
    """Options of the sherpa-onnx speaking engine."""

    folder: Path | None = None
    """With ``tokens.txt`` and the model: VITS (piper, coqui, MeloTTS …), Matcha with its vocoder, Kokoro or Kitten."""
    speed: float = 1.0
    """2.0 is twice as fast."""
    workers: int = WORKERS
    """Worker processes: sentences spoken at the same time."""
    threads: int = THREADS
    """Threads of one worker process."""


class SherpaVoice(WorkerVoice):
    """The speaking engine. Its voices are the numbers of the model's speakers."""

    def __init__(self, options: SherpaVoiceOptions) -> None:
        super().__init__(NAME, __name__, options, pool=pool_of(options.workers))


def main(control_fd: int, options: bytes) -> None:
    """Run the fork server until the control socket ends."""
    load = partial(SherpaLibrary, decode_options(options, SherpaVoiceOptions))
    run_voice(control_fd, load, engine=NAME, package="sherpa_onnx", extra="sherpa")


class SherpaLibrary:
    """The loaded voice, in a worker process."""

    def __init__(self, options: SherpaVoiceOptions) -> None:
        import sherpa_onnx

        folder = existing(options.folder, "PROVIDERS_SHERPA_VOICE_FOLDER", engine=NAME)
        model = sherpa_onnx.OfflineTtsModelConfig(**_families(sherpa_onnx, folder), num_threads=options.threads)
        config = sherpa_onnx.OfflineTtsConfig(model=model, max_num_sentences=1)
        if not config.validate():
            raise EngineUnavailable(f"sherpa: {folder} is no complete voice, see the lines above", engine=NAME)
        self._model: Any = sherpa_onnx.OfflineTts(config)
        self._speed = options.speed
        self._speakers = tuple(str(number) for number in range(max(self._model.num_speakers, 1)))

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """The model's own rate and speakers."""
        return SpeakingCapabilities(rates=(self._model.sample_rate,), voices=self._speakers[:8])

    def speak(self, sentence: Sentence, sink: Sink, cancelled: Callable[[], bool]) -> None:
        """Speak; a cancel takes effect before the next sentence of the text."""
        voice = "0" if sentence.voice is None else sentence.voice
        if voice not in self._speakers:
            raise UnknownVoice(voice, engine=NAME, examples=self._speakers[:8])

        def on_audio(samples: Samples, progress: float) -> int:
            # The memory of the samples belongs to the library and is valid only during this call.
            pcm = encode_pcm16(np.array(samples, dtype=np.float32))
            return 1 if sink(Chunk(pcm, self._model.sample_rate)) else 0

        self._model.generate(sentence.text, sid=int(voice), speed=self._speed, callback=on_audio)


def _families(sherpa_onnx: Any, folder: Path) -> dict[str, Any]:
    """The configuration of one family from the folder's files."""
    tokens, data = str(one_of(folder, "tokens.txt", engine=NAME)), folder / "espeak-ng-data"
    lexicon = ",".join(str(path) for path in sorted(folder.glob("lexicon*.txt")))
    common = {"tokens": tokens, "lexicon": lexicon, "data_dir": str(data) if data.is_dir() else ""}
    acoustic, voices = sorted(folder.glob("model-steps-*.onnx")), folder / "voices.bin"
    if acoustic:
        vocoder = str(one_of(folder, "voco*.onnx", "hifigan*.onnx", engine=NAME))
        matcha = sherpa_onnx.OfflineTtsMatchaModelConfig(acoustic_model=str(acoustic[0]), vocoder=vocoder, **common)
        return {"matcha": matcha}
    model = str(one_of(folder, "model*.onnx", "*.onnx", engine=NAME))
    if voices.exists():
        kitten = "kitten" in folder.name.lower()
        family = sherpa_onnx.OfflineTtsKittenModelConfig if kitten else sherpa_onnx.OfflineTtsKokoroModelConfig
        config = family(model=model, voices=str(voices), **common)
        return {"kitten" if kitten else "kokoro": config}
    return {"vits": sherpa_onnx.OfflineTtsVitsModelConfig(model=model, **common)}

"""Kokoro as a speaking engine: an 82 M parameter voice on this machine's CPU, with the user's model files.

The library is MIT, its phonemiser GPL-3.0: optional (extra ``kokoro``). It reads callers' text with espeak-ng, which
some texts crash, so it runs in its own worker processes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from dsp import encode_pcm16
from providers.engines.base import Chunk, SpeakingCapabilities
from providers.engines.local.model import existing
from providers.engines.local.voices import THREADS, WORKERS, onnx_session, pool_of, run_voice
from providers.engines.processes.voice_child import Sentence, Sink, decode_options
from providers.engines.processes.voice_engine import WorkerVoice
from providers.errors import UnknownVoice

NAME = "kokoro"

RATE = 24000
"""Hz."""

LANGUAGES = {
    "a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "j": "ja", "p": "pt-br", "z": "cmn",
}  # fmt: skip
"""Languages by the first letter of a voice's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KokoroOptions:
    """Options of the Kokoro engine."""

    model: Path | None = None
    """``kokoro….onnx``"""
    voices: Path | None = None
    """``voices….bin``"""
    voice: str = "af_heart"
    """The default voice; the first of the file if it is missing."""
    speed: float = 1.0
    """0.5 … 2.0"""
    workers: int = WORKERS
    """Worker processes: sentences spoken at the same time."""
    threads: int = THREADS
    """Threads of one worker process."""


class Kokoro(WorkerVoice):
    """The speaking engine, at 24 kHz."""

    def __init__(self, options: KokoroOptions) -> None:
        known = SpeakingCapabilities(rates=(RATE,))
        super().__init__(NAME, __name__, options, pool=pool_of(options.workers), known=known)


def main(control_fd: int, options: bytes) -> None:
    """Run the fork server until the control socket ends."""
    load = partial(KokoroLibrary, decode_options(options, KokoroOptions))
    run_voice(control_fd, load, engine=NAME, package="kokoro_onnx", extra="kokoro")


class KokoroLibrary:
    """The loaded model and its voices, in a worker process."""

    def __init__(self, options: KokoroOptions) -> None:
        from kokoro_onnx import Kokoro

        model = existing(options.model, "PROVIDERS_KOKORO_MODEL", engine=NAME)
        file = existing(options.voices, "PROVIDERS_KOKORO_VOICES", engine=NAME)
        self._kokoro = Kokoro.from_session(onnx_session(str(model), options.threads), str(file))
        if isinstance(self._kokoro.voices, np.lib.npyio.NpzFile):
            # The library keeps the archive open and reads it again for every sentence.
            with self._kokoro.voices as archive:
                self._kokoro.voices = {name: archive[name] for name in archive.files}
        self._voices: tuple[str, ...] = tuple(self._kokoro.get_voices())
        self._default = options.voice if options.voice in self._voices else self._voices[0]
        self._speed = options.speed

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """The voices of the file and their languages."""
        languages = sorted({LANGUAGES[voice[0]] for voice in self._voices if voice[:1] in LANGUAGES})
        return SpeakingCapabilities(rates=(RATE,), languages=tuple(languages), voices=self._voices[:8])

    def speak(self, sentence: Sentence, sink: Sink, cancelled: Callable[[], bool]) -> None:
        """Speak a sentence whole: the model makes it in one step."""
        voice = self._default if sentence.voice is None else sentence.voice
        if voice not in self._voices:
            raise UnknownVoice(voice, engine=NAME, examples=self._voices[:8])
        language = LANGUAGES.get(voice[:1], "en-us")
        audio, rate = self._kokoro.create(sentence.text, voice, speed=self._speed, lang=language)
        sink(Chunk(encode_pcm16(np.asarray(audio, dtype=np.float32)), rate))

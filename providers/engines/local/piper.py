"""Piper as a speaking engine: a VITS voice on this machine's CPU, with the user's model file.

Piper is GPL-3.0 and optional (extra ``piper``). It reads callers' text with espeak-ng, which some texts crash, so it
runs in its own worker processes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from providers.engines.base import Chunk, SpeakingCapabilities
from providers.engines.local.model import existing
from providers.engines.local.voices import THREADS, WORKERS, onnx_session, pool_of, run_voice
from providers.engines.processes.voice_child import Sentence, Sink, decode_options
from providers.engines.processes.voice_engine import WorkerVoice
from providers.errors import UnknownVoice

NAME = "piper"


@dataclass(frozen=True, slots=True, kw_only=True)
class PiperOptions:
    """Options of the Piper engine."""

    model: Path | None = None
    """The voice, ``….onnx``; its configuration ``….onnx.json`` is in the same folder."""
    speed: float = 1.0
    """2.0 is twice as fast."""
    workers: int = WORKERS
    """Worker processes: sentences spoken at the same time."""
    threads: int = THREADS
    """Threads of one worker process."""


class Piper(WorkerVoice):
    """The speaking engine. Its voices are the speakers of the model, by name or number."""

    def __init__(self, options: PiperOptions) -> None:
        super().__init__(NAME, __name__, options, pool=pool_of(options.workers))


def main(control_fd: int, options: bytes) -> None:
    """Run the fork server until the control socket ends."""
    load = partial(PiperLibrary, decode_options(options, PiperOptions))
    run_voice(control_fd, load, engine=NAME, package="piper", extra="piper")


class PiperLibrary:
    """The loaded voice, in a worker process."""

    def __init__(self, options: PiperOptions) -> None:
        from piper import PiperConfig, PiperVoice, SynthesisConfig

        model = existing(options.model, "PROVIDERS_PIPER_MODEL", engine=NAME)
        about = existing(model.with_name(model.name + ".json"), "PROVIDERS_PIPER_MODEL (its .json)", engine=NAME)
        config = PiperConfig.from_dict(json.loads(about.read_text("utf-8")))
        session = onnx_session(str(model), options.threads)
        self._voice = PiperVoice(config=config, session=session, download_dir=model.parent)
        self._style = partial(SynthesisConfig, length_scale=config.length_scale / options.speed)
        # Numbers are names as well, for models without other names.
        numbered = {str(number): number for number in range(max(config.num_speakers, 1))}
        self._speakers: dict[str, int] = {**config.speaker_id_map, **numbered}

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """The model's own rate, language and speakers."""
        config = self._voice.config
        return SpeakingCapabilities(
            rates=(config.sample_rate,), languages=(str(config.espeak_voice),), voices=tuple(self._speakers)[:8]
        )

    def speak(self, sentence: Sentence, sink: Sink, cancelled: Callable[[], bool]) -> None:
        """Speak; a cancel takes effect before the next sentence of the text."""
        if sentence.voice is not None and sentence.voice not in self._speakers:
            raise UnknownVoice(sentence.voice, engine=NAME, examples=tuple(self._speakers)[:8])
        speaker = self._speakers[sentence.voice] if sentence.voice is not None else None
        for made in self._voice.synthesize(sentence.text, self._style(speaker_id=speaker)):
            if not sink(Chunk(made.audio_int16_bytes, made.sample_rate)):
                return

"""Piper as a speaking engine: a VITS voice on this machine's CPU, with the user's model file.

Piper is GPL-3.0 and optional (extra ``piper``). It reads callers' text with espeak-ng, which some texts crash, so it
runs in its own worker processes.

A sentence is spoken by phrases: the first one is heard while the rest is made. The library brings each of its pieces to
full scale, which makes a short phrase up to 9 dB louder than the next; here all pieces have one gain.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

import dsp
from providers.engines.base import Chunk, SpeakingCapabilities
from providers.engines.local.model import existing
from providers.engines.local.voices import THREADS, WORKERS, onnx_session, pool_of, run_voice
from providers.engines.processes.voice_child import Sentence, Sink, decode_options
from providers.engines.processes.voice_engine import WorkerVoice
from providers.errors import UnknownVoice
from providers.text.phrases import opening

NAME = "piper"

LEVEL = -23.0
"""dBFS, RMS, of the sentence by which the gain is found; the peaks of speech are 18 dB above."""

_SENTENCE = "Good morning, how may I help you today?"
_GAINS = (-12.0, 12.0)
"""dB."""

_BREATH = 0.14
"""Seconds of silence that stay between two phrases; the library leaves 0.15 to 0.3."""


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
        length = config.length_scale / options.speed
        self._style = partial(SynthesisConfig, length_scale=length, normalize_audio=False)
        # Numbers are names as well, for models without other names.
        numbered = {str(number): number for number in range(max(config.num_speakers, 1))}
        self._speakers: dict[str, int] = {**config.speaker_id_map, **numbered}
        self._gain = 1.0
        self._gain = _gain_for(np.concatenate(list(self._spoken(_SENTENCE, None))))

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """The model's own rate, language and speakers."""
        config = self._voice.config
        return SpeakingCapabilities(
            rates=(config.sample_rate,),
            languages=(str(config.espeak_voice),),
            voices=tuple(self._speakers)[:8],
            streaming=True,
        )

    def speak(self, sentence: Sentence, sink: Sink, cancelled: Callable[[], bool]) -> None:
        """Speak; a cancel takes effect before the next phrase of the text."""
        if sentence.voice is not None and sentence.voice not in self._speakers:
            raise UnknownVoice(sentence.voice, engine=NAME, examples=tuple(self._speakers)[:8])
        speaker = self._speakers[sentence.voice] if sentence.voice is not None else None
        first, rest = opening(sentence.text)
        rate = self._voice.config.sample_rate
        for samples in self._spoken(first, speaker):
            heard = dsp.trim_silence(samples, rate, tail=_BREATH) if rest else samples
            if not sink(Chunk(dsp.encode_pcm16(heard), rate)):
                return
        for index, samples in enumerate(self._spoken(rest, speaker) if rest else ()):
            heard = dsp.trim_silence(samples, rate, tail=len(samples) / rate) if index == 0 else samples
            if not sink(Chunk(dsp.encode_pcm16(heard), rate)):
                return

    def _spoken(self, text: str, speaker: int | None) -> Iterator[dsp.Samples]:
        for made in self._voice.synthesize(text, self._style(speaker_id=speaker)):
            yield self._gain * np.asarray(made.audio_float_array, dtype=np.float32)


def _gain_for(samples: dsp.Samples) -> float:
    """Factor that brings speech to `LEVEL`; 1 for silence."""
    loud = samples[np.abs(samples) > 0.01]
    if not loud.size:
        return 1.0
    wanted = LEVEL - 20 * np.log10(np.sqrt(np.mean(samples**2)))
    return float(10 ** (np.clip(wanted, *_GAINS) / 20))

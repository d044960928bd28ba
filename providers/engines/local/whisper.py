"""Whisper as a listening engine, through faster-whisper: accurate, punctuated, a segment at a time.

MIT and optional (extra ``whisper``); the model is a folder of the user's. Whisper does not stream: `dsp.VoiceActivity`
cuts speech into utterances. Each is transcribed as soon as a pause begins, so that its final is ready when the pause
has lasted long enough to end it; a speaker who goes on makes that a partial. Other partials are the utterance so far,
transcribed again, and they are made only while that takes no more than half of the time; words that two of them agree
on stay. Silence never reaches the model, which is known to invent sentences in it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from dsp import PcmDecoder, Samples, VoiceActivity
from providers.engines.base import ListeningCapabilities, Transcript, Word
from providers.engines.local.inventions import is_invented
from providers.engines.local.listener import ThreadedListener, ThreadOptions
from providers.engines.local.model import existing, live_resampler
from providers.engines.local.partials import Piece, StablePartials
from providers.engines.local.real_time import RealTimeFactor, WorkMeter

NAME = "whisper"

MODEL_RATE = 16000
"""Hz."""

BACKLOG = 60.0
"""Seconds of audio that may wait: the caller continues to speak while an utterance is transcribed."""

LONGEST = 28.0
"""Seconds of one utterance; the model sees 30 at once."""

SHORTEST = 0.1
"""Seconds; shorter audio has no word, and the model would invent one."""

QUIETEST = 10 ** (-55 / 20)
"""Loudest tenth of a second of an utterance, RMS re full scale; quieter audio is line noise."""

BEFORE = 0.2
"""Seconds of audio before the detected start that are transcribed too, so that the first word is whole."""

PAUSE = 0.2
"""Seconds without speech after which the utterance is transcribed, in case that it has ended."""

GOING_ON = 0.3
"""Probability of speech below which no partial is begun: a pause may have begun, whose final it would delay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperOptions:
    """Options of the Whisper engine."""

    folder: Path | None = None
    """Folder of a model converted for CTranslate2."""
    language: str | None = None
    """ISO 639-1; None lets the model guess for every utterance."""
    device: str = "cpu"
    compute_type: str = "int8"
    silence: float = 0.5
    """Seconds of pause that end an utterance."""
    partial_every: float = 0.7
    """Seconds of speech between partials; 0 means none."""
    capacity: int | None = None
    """Recognitions at once; None is two per core, or as many as keep up by the measured real-time factor if those are
    fewer. A caller speaks for part of the time."""
    threads: int = os.cpu_count() or 1
    """Utterances that are transcribed at the same time."""


class Whisper(ThreadedListener[Any]):
    """The listening engine: punctuated, one channel at any rate, speech cut into utterances.

    Parameters
    ----------
    library
        Function that imports the library; tests pass their own.
    """

    def __init__(
        self, options: WhisperOptions, *, library: Callable[[], Any] = lambda: import_module("faster_whisper")
    ) -> None:
        self.real_time = RealTimeFactor(options.threads)
        super().__init__(
            NAME,
            load=lambda: _load(library(), options),
            recogniser=lambda model, rate: WhisperRecogniser(
                model, rate=rate, options=options, real_time=self.real_time
            ),
            capabilities=ListeningCapabilities(
                languages=(options.language,) if options.language else (),
                partials=options.partial_every > 0,
                punctuates=True,
                word_times=True,
                capacity=options.capacity or 2 * (os.cpu_count() or 1),
                capacity_note="(--local-capacity)",
            ),
            bounds=ThreadOptions(threads=options.threads, backlog=BACKLOG),
            keeps_up=self.real_time.callers if options.capacity is None else None,
        )


def _load(faster_whisper: Any, options: WhisperOptions) -> Any:
    folder = existing(options.folder, "PROVIDERS_WHISPER_FOLDER", engine=NAME)
    return faster_whisper.WhisperModel(
        str(folder),
        device=options.device,
        compute_type=options.compute_type,
        cpu_threads=1,
        num_workers=options.threads,
        local_files_only=True,
    )


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a decode found."""

    transcript: Transcript
    """As a final."""
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pause:
    """A pause that may be the end of the utterance."""

    at: int
    """Its beginning, in samples from the start of the stream."""
    heard: Transcript
    """The final, should it be the end."""


class WhisperRecogniser:
    """Blocking recogniser of one speaker: finds the utterances and transcribes each."""

    def __init__(
        self,
        model: Any,
        *,
        rate: int,
        options: WhisperOptions,
        clock: Callable[[], float] = time.monotonic,
        real_time: RealTimeFactor | None = None,
    ) -> None:
        self._model = model
        self._options = options
        self._work = WorkMeter(clock, real_time or RealTimeFactor(options.threads))
        self._decoder = PcmDecoder()
        self._resampler = live_resampler(rate, MODEL_RATE)
        self._activity = VoiceActivity(MODEL_RATE, hang_over=min(PAUSE, options.silence))
        self._audio: Samples = np.zeros(0, dtype=np.float32)
        self._first = 0
        """Samples from the start of the stream to the start of ``_audio``."""
        self._begin: int | None = None
        """Start of the open utterance in samples, same origin; None between utterances."""
        self._next_partial = 0
        self._partials = StablePartials()
        self._pause: _Pause | None = None

    def feed(self, pcm: bytes) -> Iterator[Transcript]:
        """Recognise the next audio."""
        return self._hear(self._resampler.feed(self._decoder.feed(pcm)))

    def finish(self) -> Iterator[Transcript]:
        """End the audio."""
        yield from self._hear(self._resampler.flush())
        for event in self._activity.flush():
            yield from self._turn(event.at, speaking=event.speaking)
        yield from self._end_pause()

    def _hear(self, samples: Samples) -> Iterator[Transcript]:
        self._audio = np.concatenate([self._audio, samples])
        for event in self._activity.feed(samples):
            yield from self._turn(event.at, speaking=event.speaking)
        end = self._first + len(self._audio)
        if self._pause is not None:
            if end - self._pause.at >= self._options.silence * MODEL_RATE:
                yield from self._end_pause()
        elif self._begin is None:
            self._forget(end - self._ahead())
        elif end - self._begin >= LONGEST * MODEL_RATE:
            yield from self._close(self._transcribe(end).transcript, end)
            self._open(end)
        elif self._options.partial_every > 0 and end >= self._next_partial and self._activity.probability > GOING_ON:
            yield from self._partial(end)

    def _turn(self, at: int, *, speaking: bool) -> Iterator[Transcript]:
        if not speaking:
            if self._begin is not None:
                yield from self._begin_pause(max(at, self._begin))
            return
        if self._pause is not None and at - self._pause.at < self._options.silence * MODEL_RATE:
            self._pause = None  # the speaker goes on
            return
        yield from self._end_pause()
        self._open(max(at - round(BEFORE * MODEL_RATE), self._first))

    def _begin_pause(self, at: int) -> Iterator[Transcript]:
        """Transcribe the utterance, in case that it has ended; it is shown as a partial until that is known."""
        heard = self._transcribe(at)
        self._pause = _Pause(at, heard.transcript)
        self._next_partial = at + round(self._options.partial_every * MODEL_RATE)
        if self._options.partial_every > 0:
            yield from self._partials.show(heard.transcript, heard.pieces)

    def _end_pause(self) -> Iterator[Transcript]:
        """End the utterance whose pause has lasted long enough; its transcript is there."""
        if self._pause is not None:
            pause, self._pause = self._pause, None
            yield from self._close(pause.heard, pause.at)

    def _open(self, at: int) -> None:
        self._begin = at
        self._partials = StablePartials()
        self._next_partial = at + round(self._options.partial_every * MODEL_RATE)

    def _close(self, heard: Transcript, end: int) -> Iterator[Transcript]:
        shown = self._partials.shown
        if not heard.text and shown is not None:
            heard = replace(heard, text=shown.text, words=shown.words)
        self._work.ended(heard.end - heard.start)
        self._begin = None
        self._forget(end)
        if heard.text:
            yield heard

    def _partial(self, end: int) -> Iterator[Transcript]:
        before = self._work.seconds
        heard = self._transcribe(end)
        wait = max(self._options.partial_every, 2 * (self._work.seconds - before))
        self._next_partial = end + round(wait * MODEL_RATE)
        yield from self._partials.show(heard.transcript, heard.pieces)

    def _transcribe(self, end: int) -> _Heard:
        """The utterance up to here as a final, whatever it is shown as."""
        assert self._begin is not None
        start = self._begin / MODEL_RATE
        audio = self._audio[self._begin - self._first : end - self._first]
        if not _is_audible(audio):
            return _Heard(Transcript("", final=True, start=start, end=end / MODEL_RATE))
        with self._work.working():
            segments, _ = self._model.transcribe(
                audio,
                language=self._options.language,
                beam_size=1,
                temperature=0.0,
                word_timestamps=True,
                vad_filter=False,
                condition_on_previous_text=False,
            )
            sure = [segment for segment in segments if not is_invented(segment)]  # decoded while they are read
        text = " ".join(segment.text.strip() for segment in sure).strip()
        until = end / MODEL_RATE
        pieces = tuple(
            Piece(
                word.word,
                Word(word.word.strip(), min(start + float(word.start), until), min(start + float(word.end), until)),
            )
            for segment in sure
            for word in segment.words or ()
            if word.word.strip()
        )
        words = tuple(piece.word for piece in pieces)
        return _Heard(Transcript(text, final=True, start=start, end=until, words=words), pieces)

    def _forget(self, until: int) -> None:
        drop = min(max(until - self._first, 0), len(self._audio))
        self._audio = self._audio[drop:]
        self._first += drop

    def _ahead(self) -> int:
        """Samples to keep between utterances: the detector's delay and `BEFORE`."""
        return round(BEFORE * MODEL_RATE + self._activity.delay) + MODEL_RATE


def _is_audible(audio: Samples) -> bool:
    block = round(SHORTEST * MODEL_RATE)
    blocks = audio[: len(audio) - len(audio) % block].reshape(-1, block)
    return bool(len(blocks)) and bool(np.max(np.mean(blocks**2, axis=1)) > QUIETEST**2)

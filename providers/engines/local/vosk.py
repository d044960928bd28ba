"""Vosk as a listening engine: streaming Kaldi models, each a folder of the user's.

Apache-2.0 and optional (extra ``vosk``). One loaded model serves every call; each call has its own recogniser,
which takes any rate. The library releases the interpreter's lock.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from providers.engines.base import ListeningCapabilities, Transcript, Word
from providers.engines.local.listener import ThreadedListener, ThreadOptions
from providers.engines.local.model import existing

NAME = "vosk"

STEP = 0.1
"""Seconds of audio between two partials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoskOptions:
    """Options of the Vosk engine."""

    folder: Path | None = None
    """The unpacked model."""
    languages: tuple[str, ...] = ()
    """BCP 47 tags, for the list of engines."""
    capacity: int | None = None
    """Recognitions at once."""
    threads: int = os.cpu_count() or 1


class Vosk(ThreadedListener[Any]):
    """The listening engine: one channel at any rate.

    Parameters
    ----------
    library
        Function that imports the library; tests pass their own.
    """

    def __init__(self, options: VoskOptions, *, library: Callable[[], Any] = lambda: import_module("vosk")) -> None:
        def recogniser(model: Any, rate: int) -> VoskRecogniser:
            kaldi = library().KaldiRecognizer(model, float(rate))
            kaldi.SetWords(True)
            return VoskRecogniser(kaldi, rate=rate)

        super().__init__(
            NAME,
            load=lambda: _load(library(), options),
            recogniser=recogniser,
            capabilities=ListeningCapabilities(
                languages=options.languages,
                partials=True,
                word_times=True,
                capacity=options.capacity,
                capacity_note="(--local-capacity)",
            ),
            bounds=ThreadOptions(threads=options.threads),
        )


def _load(vosk: Any, options: VoskOptions) -> Any:
    # Without a path the library would download a model, and end the process if that fails.
    folder = existing(options.folder, "PROVIDERS_VOSK_FOLDER", engine=NAME)
    vosk.SetLogLevel(-1)
    return vosk.Model(model_path=str(folder))


class VoskRecogniser:
    """Blocking recogniser of one speaker. Its times count from the first audio."""

    def __init__(self, recognizer: Any, *, rate: int) -> None:
        self._recognizer = recognizer
        self._rate = rate
        self._step = 2 * round(rate * STEP)
        self._fed = 0
        self._carry = b""
        self._shown = ""
        self._since = self._covered = 0.0

    def feed(self, pcm: bytes) -> Iterator[Transcript]:
        """Recognise the next audio in steps of a fixed size, for any division of the input."""
        pcm = self._carry + pcm
        whole = len(pcm) - len(pcm) % self._step
        self._carry = pcm[whole:]
        for begin in range(0, whole, self._step):
            yield from self._hear(pcm[begin : begin + self._step])

    def finish(self) -> Iterator[Transcript]:
        """End the audio."""
        if self._carry:
            yield from self._hear(self._carry)
        yield from self._final(self._recognizer.FinalResult())

    def _hear(self, pcm: bytes) -> Iterator[Transcript]:
        self._fed += len(pcm) // 2
        if self._recognizer.AcceptWaveform(pcm):
            yield from self._final(self._recognizer.Result())
            return
        text = json.loads(self._recognizer.PartialResult()).get("partial", "").strip()
        if text and text != self._shown:
            end = self._fed / self._rate
            self._since = self._since if self._shown else max(self._covered, end - STEP)
            self._shown = text
            yield Transcript(text, final=False, start=self._since, end=end)

    def _final(self, result: str) -> Iterator[Transcript]:
        found = json.loads(result)
        # A recogniser may withdraw the words of a partial; the utterance still ends with a final.
        text = found.get("text", "").strip() or self._shown
        words = tuple(Word(word["word"], word["start"], word["end"]) for word in found.get("result", ()))
        end = self._fed / self._rate
        start = words[0].start if words else self._since
        self._shown, self._covered = "", end
        if text:
            yield Transcript(text, final=True, start=start, end=end, words=words)

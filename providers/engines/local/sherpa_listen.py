"""sherpa-onnx as a listening engine: streaming models of several families, each a folder of the user's.

The library is Apache-2.0 and optional (extra ``sherpa``). One loaded model serves every call; each call has its own
stream. The family of a folder is found by the names of its files, which are the same in all releases of the project.

A folder that the library cannot read ends the process with the library's own message on standard error: its C++ calls
``exit``. That can only happen at the start.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dsp import PcmDecoder, Samples
from providers.engines.base import ListeningCapabilities, Transcript, Word
from providers.engines.local.listener import ThreadedListener, ThreadOptions
from providers.engines.local.model import existing, live_resampler, one_of
from providers.engines.local.together import DecodesTogether

NAME = "sherpa"

MODEL_RATE = 16000
"""Hz of all streaming models."""

LONGEST_TOKEN = 0.3
"""Seconds that a token lasts when nothing follows it."""

TAIL = 0.6
"""Seconds of silence after the last audio: the models look ahead so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SherpaListenerOptions:
    """Options of the sherpa-onnx listening engine."""

    folder: Path | None = None
    """With ``tokens.txt`` and a streaming model: transducer (encoder, decoder, joiner), Paraformer (encoder, decoder)
    or CTC (``model….onnx``: zipformer2, or the family in the folder's name: wenet, nemo, t-one)."""
    languages: tuple[str, ...] = ()
    """BCP 47 tags, for the list of engines."""
    silence: float = 0.6
    """Seconds without words that end an utterance."""
    longest: float = 20.0
    """Seconds after which an utterance is ended without a pause."""
    punctuates: bool = False
    """True for a model that writes punctuation."""
    capacity: int | None = None
    """Recognitions at once."""
    threads: int = os.cpu_count() or 1
    together: bool = False
    """Whether streams that wait for the model are decoded in one step; worth it with more threads than cores."""


class SherpaListener(ThreadedListener[Any]):
    """The listening engine, streaming: partials every third of a second, one channel at any rate."""

    def __init__(self, options: SherpaListenerOptions) -> None:
        super().__init__(
            NAME,
            load=lambda: _load(options),
            recogniser=lambda model, rate: SherpaRecogniser(model, rate=rate),
            capabilities=ListeningCapabilities(
                languages=options.languages,
                partials=True,
                punctuates=options.punctuates,
                word_times=True,
                capacity=options.capacity,
                capacity_note="(--local-capacity)",
            ),
            bounds=ThreadOptions(threads=options.threads),
        )


def _load(options: SherpaListenerOptions) -> Any:
    import sherpa_onnx

    folder = existing(options.folder, "PROVIDERS_SHERPA_LISTEN_FOLDER", engine=NAME)
    recognizer = _recognizer(sherpa_onnx.OnlineRecognizer, folder, options)
    return DecodesTogether(recognizer) if options.together else recognizer


class SherpaRecogniser:
    """Blocking recogniser of one speaker. Times are the library's: start of the segment plus the token's own."""

    def __init__(self, recognizer: Any, *, rate: int) -> None:
        self._recognizer = recognizer
        self._stream = recognizer.create_stream()
        self._decoder = PcmDecoder()
        self._resampler = live_resampler(rate, MODEL_RATE)
        self._fed = 0
        self._shown = ""

    def feed(self, pcm: bytes) -> Iterator[Transcript]:
        """Recognise the next audio."""
        return self._hear(self._resampler.feed(self._decoder.feed(pcm)))

    def finish(self) -> Iterator[Transcript]:
        """End the audio."""
        yield from self._hear(self._resampler.flush())
        self._stream.accept_waveform(MODEL_RATE, np.zeros(round(TAIL * MODEL_RATE), dtype=np.float32))
        self._stream.input_finished()
        while self._recognizer.is_ready(self._stream):
            self._recognizer.decode_stream(self._stream)
        if heard := self._look():
            yield replace(heard, final=True, end=max(heard.end, self._fed / MODEL_RATE))

    def _hear(self, samples: Samples) -> Iterator[Transcript]:
        self._stream.accept_waveform(MODEL_RATE, samples)
        self._fed += len(samples)
        while self._recognizer.is_ready(self._stream):
            self._recognizer.decode_stream(self._stream)
            heard = self._look()
            if self._recognizer.is_endpoint(self._stream):
                self._recognizer.reset(self._stream)
                self._shown = ""
                if heard:
                    yield replace(heard, final=True, end=max(heard.end, self._recognizer.start_time(self._stream)))
            elif heard and heard.text != self._shown:
                self._shown = heard.text
                yield heard

    def _look(self) -> Transcript | None:
        """Transcript of the open segment so far."""
        text = self._recognizer.get_result(self._stream).strip()
        if not text:
            return None
        shouting = text.isupper()  # many models write in capitals only
        begin, limit = self._recognizer.start_time(self._stream), self._fed / MODEL_RATE
        at = [min(begin + offset, limit) for offset in self._recognizer.timestamps(self._stream)] or [begin]
        words = tuple(_words(self._recognizer.tokens(self._stream), at, limit, lower=shouting))
        end = min(at[-1] + LONGEST_TOKEN, limit)
        return Transcript(text.lower() if shouting else text, final=False, start=at[0], end=end, words=words)


def _words(tokens: list[str], at: list[float], limit: float, *, lower: bool) -> Iterator[Word]:
    """Words made of tokens, for models whose tokens mark where a word begins.

    A word ends where the next begins, at most `LONGEST_TOKEN` after its last token began.
    """
    tokens = [token.replace("\u2581", " ") for token in tokens]
    begins = [index for index, token in enumerate(tokens) if token.startswith(" ")]
    for index, until in zip(begins, [*begins[1:], len(tokens)], strict=True):
        text = "".join(tokens[index:until]).strip()
        if text and until <= len(at):
            end = min(at[until - 1] + LONGEST_TOKEN, at[until] if until < len(at) else limit)
            yield Word(text.lower() if lower else text, at[index], end)


def _recognizer(factories: Any, folder: Path, options: SherpaListenerOptions) -> Any:
    """A recogniser from the folder's files."""
    common = {
        "tokens": str(one_of(folder, "tokens.txt", engine=NAME)),
        "num_threads": 1,
        "sample_rate": MODEL_RATE,
        "enable_endpoint_detection": True,
        "rule2_min_trailing_silence": options.silence,
        "rule3_min_utterance_length": options.longest,
    }
    if any(folder.glob("joiner*.onnx")):
        parts = {part: str(one_of(folder, f"{part}*.onnx", engine=NAME)) for part in ("encoder", "decoder", "joiner")}
        return factories.from_transducer(**parts, **common)
    if any(folder.glob("encoder*.onnx")):
        parts = {part: str(one_of(folder, f"{part}*.onnx", engine=NAME)) for part in ("encoder", "decoder")}
        return factories.from_paraformer(**parts, **common)
    families = {"wenet": "from_wenet_ctc", "nemo": "from_nemo_ctc", "t-one": "from_t_one_ctc"}
    named = next((make for family, make in families.items() if family in folder.name.lower()), "from_zipformer2_ctc")
    return getattr(factories, named)(model=str(one_of(folder, "model*.onnx", "*.onnx", engine=NAME)), **common)

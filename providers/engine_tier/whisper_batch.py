"""Whisper over several calls at once: utterances of different callers go through the model as one batch.

The recognitions, which cut speech into utterances, stay with their calls and hand each utterance to `RemoteModel`. The
process of the model collects what comes within a few milliseconds and passes it to `transcribe_together`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dsp import Samples
from providers.engines.local.whisper import LONGEST, MODEL_RATE

MOST = 16
"""Utterances of one batch."""
_OPTIONS = {"beam_size": 1, "temperature": 0.0, "word_timestamps": True, "without_timestamps": False}


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One word, with its times in seconds of its utterance."""

    word: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class HeardSegment:
    """One segment of an utterance, with the fields that `providers.engines.local.whisper` reads."""

    text: str
    words: tuple[HeardWord, ...]
    no_speech_prob: float
    avg_logprob: float


def transcribe_together(
    model: Any, pipeline: Callable[[Any], Any], utterances: Sequence[Samples], *, language: str | None
) -> list[list[HeardSegment]]:
    """Segments of each utterance, which the model hears in one batch.

    Parameters
    ----------
    model
        faster-whisper's ``WhisperModel``.
    pipeline
        Its ``BatchedInferencePipeline``.
    utterances
        Mono samples at `MODEL_RATE`, at most `LONGEST` seconds each; the library pads each of them by itself.
    """
    cut = [utterance[: round(LONGEST * MODEL_RATE)] for utterance in utterances]
    ends = np.cumsum([len(each) for each in cut])
    clips = [(int(end) - len(each), int(end)) for each, end in zip(cut, ends, strict=True)]
    found: list[list[HeardSegment]] = [[] for _ in cut]
    segments, _ = pipeline(model).transcribe(
        np.concatenate(cut),
        clip_timestamps=[{"start": start / MODEL_RATE, "end": end / MODEL_RATE} for start, end in clips],
        language=language,
        multilingual=language is None,
        batch_size=MOST,
        **_OPTIONS,
    )
    starts = [start for start, _ in clips]
    for segment in segments:
        # A segment starts inside its clip; what rounds to the end of one belongs to it, so half a frame is added.
        index = int(np.searchsorted(starts, segment.start * MODEL_RATE + MODEL_RATE / 200, side="right")) - 1
        found[index].append(_heard(segment, clips[index][0] / MODEL_RATE))
    return found


class RemoteModel:
    """Model in another process, with the one method that a recognition calls.

    Parameters
    ----------
    ask
        Transcribes one utterance; it blocks, and is called in the engine's threads.
    """

    def __init__(self, ask: Callable[[Samples], list[HeardSegment]]) -> None:
        self._ask = ask

    def transcribe(self, audio: Samples, **options: Any) -> tuple[list[HeardSegment], None]:
        """Segments of one utterance; the options are those of the batch."""
        return self._ask(np.ascontiguousarray(audio)), None


class RemoteLibrary:
    """Stand-in for the module ``faster_whisper`` in a process that has no model."""

    def __init__(self, ask: Callable[[Samples], list[HeardSegment]]) -> None:
        self._ask = ask

    def WhisperModel(self, *arguments: Any, **options: Any) -> RemoteModel:  # noqa: N802  # the library's own name
        """The remote model; folder and device are the other process's."""
        return RemoteModel(self._ask)


def _heard(segment: Any, origin: float) -> HeardSegment:
    words = tuple(
        HeardWord(each.word, float(each.start) - origin, float(each.end) - origin) for each in segment.words or ()
    )
    return HeardSegment(segment.text, words, segment.no_speech_prob, segment.avg_logprob)

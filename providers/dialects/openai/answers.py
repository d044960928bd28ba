"""Transcripts of a file in the five formats of ``/v1/audio/transcriptions``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from providers.engines.base import Transcript

__all__ = ["MEDIA_TYPES", "joined", "written"]

MEDIA_TYPES = {
    "json": "application/json",
    "verbose_json": "application/json",
    "text": "text/plain; charset=utf-8",
    "srt": "text/plain; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}


def joined(finals: Sequence[Transcript]) -> str:
    """All text in one line."""
    return " ".join(final.text for final in finals)


def written(
    form: str, finals: Sequence[Transcript], *, seconds: float, language: str, words: bool, segments: bool
) -> bytes:
    """The body of an answer.

    Parameters
    ----------
    seconds
        Length of the file.
    language
        BCP 47 tag, for the verbose form.
    """
    match form:
        case "text":
            return joined(finals).encode() + b"\n"
        case "srt":
            return _subtitles(finals, _srt_time, numbered=True)
        case "vtt":
            return b"WEBVTT\n\n" + _subtitles(finals, _vtt_time, numbered=False)
    usage = {"type": "duration", "seconds": round(seconds, 3)}
    if form == "json":
        return msgspec.json.encode({"text": joined(finals), "usage": usage})
    verbose: dict[str, Any] = {
        "task": "transcribe",
        "language": language,
        "duration": round(seconds, 3),
        "text": joined(finals),
        "usage": usage,
    }
    if words:
        verbose["words"] = [_word(word.text, word.start, word.end) for final in finals for word in final.words]
    if segments:
        verbose["segments"] = [_segment(index, final) for index, final in enumerate(finals)]
    return msgspec.json.encode(verbose)


def _word(text: str, start: float, end: float) -> dict[str, Any]:
    return {"word": text, "start": round(start, 3), "end": round(end, 3)}


def _segment(index: int, final: Transcript) -> dict[str, Any]:
    """A segment; what only the vendor's model knows is zero."""
    unknown = {"avg_logprob": 0.0, "compression_ratio": 0.0, "no_speech_prob": 0.0, "temperature": 0.0}
    times = {"start": round(final.start, 3), "end": round(final.end, 3)}
    return {"id": index, "seek": 0, **times, "text": final.text, "tokens": [], **unknown}


def _subtitles(finals: Sequence[Transcript], time: Callable[[float], str], *, numbered: bool) -> bytes:
    blocks = []
    for number, final in enumerate(finals, 1):
        head = f"{number}\n" if numbered else ""
        blocks.append(f"{head}{time(final.start)} --> {time(max(final.end, final.start))}\n{final.text}\n\n")
    return "".join(blocks).encode()


def _srt_time(seconds: float) -> str:
    return _vtt_time(seconds).replace(".", ",")


def _vtt_time(seconds: float) -> str:
    """Hours, minutes, seconds and milliseconds.

    >>> _vtt_time(3725.0625)
    '01:02:05.062'
    """
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"

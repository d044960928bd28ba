"""Experimental answer with word times: one JSON object in each line instead of bare PCM.

The platform says that timestamped JSON frames are understood and has published no format. The names here are those of
its own ``assistant.speechStarted`` message; what it makes of them is not known.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import msgspec

from providers.engines.base import Word

__all__ = ["CONTENT_TYPE", "word_frame"]

CONTENT_TYPE = b"application/x-ndjson"


def word_frame(pcm: bytes, rate: int, words: Sequence[Word]) -> bytes:
    r"""One line: audio at ``rate`` in Hz, and the words that were told with it.

    Examples
    --------
    >>> word_frame(b"ab", 8000, [Word("Yes", 0.1, 0.25)])
    b'{"audio":"YWI=","sampleRate":8000,"words":[{"word":"Yes","startMs":100,"endMs":250}]}\n'
    """
    told = [{"word": word.text, "startMs": round(1000 * word.start), "endMs": round(1000 * word.end)} for word in words]
    frame = {"audio": base64.b64encode(pcm).decode(), "sampleRate": rate, "words": told}
    return msgspec.json.encode(frame) + b"\n"

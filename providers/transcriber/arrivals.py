"""Times at which the audio of a call arrived, to tell how late its transcripts are."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from operator import itemgetter

from providers.engines.base import Transcript

__all__ = ["Arrivals", "end_of_words"]

_STEP = 0.1
"""Seconds of audio between two marks."""
_KEPT = 600
"""Marks: one minute, which is longer than any engine takes."""
_Mark = tuple[int, float]


class Arrivals:
    """Marks along a call's audio, one every 0.1 s, for the last minute.

    Parameters
    ----------
    bytes_per_second
        Bytes per second of the call's PCM.
    clock
        Seconds, monotonic; the same that gives the times of `note`.
    """

    def __init__(self, bytes_per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._bytes_per_second = bytes_per_second
        self._clock = clock
        self._marks: deque[_Mark] = deque(maxlen=_KEPT)
        self.due = 0
        """Bytes of audio from which on the next mark is due."""

    def note(self, received: int, at: float) -> None:
        """Set a mark: so many bytes had come by this time."""
        if not self._marks:
            self._marks.append((0, at))
        self._marks.append((received, at))
        self.due = received + int(_STEP * self._bytes_per_second)

    def since(self, seconds: float) -> float | None:
        """Seconds since the audio up to this second of the call had come; None where that is not known."""
        position, marks = seconds * self._bytes_per_second, self._marks
        if seconds <= 0 or not marks or position < marks[0][0]:
            return None  # not told by the engine, or longer ago than the marks
        index = bisect_left(marks, position, key=itemgetter(0))
        if index == len(marks):
            return max(0.0, self._clock() - marks[-1][1])
        (before, early), (after, late) = marks[max(0, index - 1)], marks[index]
        share = (position - before) / (after - before) if after > before else 1.0
        return max(0.0, self._clock() - early - share * (late - early))


def end_of_words(transcript: Transcript) -> float:
    """Seconds of audio up to the end of the last word, or of the audio where the engine tells no words."""
    return transcript.words[-1].end if transcript.words else transcript.end

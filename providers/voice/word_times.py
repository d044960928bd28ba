"""Times of words in the audio that a caller gets.

An engine counts from the first sample of each unit, before its silence is trimmed.
"""

from __future__ import annotations

from collections.abc import Sequence

from providers.engines.base import Word

__all__ = ["WordPlacer"]


class WordPlacer:
    """Translator of word times, unit after unit."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """Length of the audio so far, pauses included."""
        self._origin = 0.0
        self._waiting: list[Word] = []
        self._placed: list[Word] = []

    def start_unit(self) -> None:
        """Begin a unit where the audio so far ends."""
        self._origin = self.seconds
        self._waiting.clear()

    def told(self, words: Sequence[Word]) -> None:
        """Take in words of the unit, with their times in the engine's audio."""
        self._waiting += words

    def settle(self, cut: float) -> None:
        """Place the words that wait, now that it is known how much of the unit's beginning was left out, in seconds."""
        shift = self._origin - cut
        for word in self._waiting:
            start = max(word.start + shift, self._origin)
            self._placed.append(Word(word.text, start, max(word.end + shift, start)))
        self._waiting.clear()

    def take(self) -> tuple[Word, ...]:
        """The words that were placed since the last call."""
        words = tuple(self._placed)
        self._placed.clear()
        return words

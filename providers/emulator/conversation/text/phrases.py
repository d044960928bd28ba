"""Phrases that never interrupt the assistant, or always do, found in what the caller said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

ACKNOWLEDGEMENTS = (
    "i understand", "i see", "i got it", "i hear you", "im listening", "im with you", "right", "okay", "ok", "sure",
    "alright", "got it", "understood", "yeah", "yes", "uh-huh", "mm-hmm", "gotcha", "mhmm", "ah", "yeah okay",
    "yeah sure",
)  # fmt: skip
"""The published default of ``acknowledgementPhrases``."""

INTERRUPTIONS = (
    "stop", "shut", "up", "enough", "quiet", "silence", "but", "dont", "not", "no", "hold", "wait", "cut", "pause",
    "nope", "nah", "nevermind", "never", "bad", "actually",
)  # fmt: skip
"""The published default of ``interruptionPhrases``."""

_APOSTROPHES = re.compile(r"['’`´]")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W_]+")
"""A word; in scripts without spaces between words, a character."""


def words(text: str) -> tuple[str, ...]:
    """Words of a text for comparison: without case, punctuation and apostrophes; a hyphen separates."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return tuple(_WORD.findall(_APOSTROPHES.sub("", plain)))


class Phrases:
    """A list of phrases."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = frozenset(spelled for phrase in phrases if (spelled := words(phrase)))
        self._lengths = sorted({len(phrase) for phrase in self._phrases})

    def matches(self, text: str) -> bool:
        """Whether one of the phrases occurs in the text, in whole words."""
        said = words(text)
        return any(said[at : at + length] in self._phrases for length in self._lengths for at in range(len(said)))

    def covers(self, text: str) -> bool:
        """Whether the text is made of these phrases alone; a text without words is not."""
        said = words(text)
        reached = [True] + [False] * len(said)
        for end in range(1, len(said) + 1):
            reached[end] = any(
                length <= end and reached[end - length] and said[end - length : end] in self._phrases
                for length in self._lengths
            )
        return len(said) > 0 and reached[-1]


def acknowledgements(phrases: Iterable[str] | None) -> Phrases:
    """The phrases of ``acknowledgementPhrases``; None is the published list."""
    return Phrases(ACKNOWLEDGEMENTS if phrases is None else phrases)


def interruptions(phrases: Iterable[str] | None) -> Phrases:
    """The phrases of ``interruptionPhrases``; None is the published list."""
    return Phrases(INTERRUPTIONS if phrases is None else phrases)

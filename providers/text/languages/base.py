"""Structure of one language's word lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["LanguageWords", "after", "words"]


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """Word lists of one language; all lower case."""

    open: frozenset[str]
    """Words that end no sentence, even with a closing mark: "the", "and", "um"."""
    leaning: frozenset[str]
    """Words that end a sentence only if a closing mark follows: "to", "for", "from"."""
    numbers: frozenset[str]
    """Words of a number that may continue; "un", also an article, counts after another number."""
    common: frozenset[str] = frozenset()
    """Frequent words, used only to find the language."""
    glue: frozenset[str] = frozenset()
    """Parts that join number words into one ("einundzwanzig"); empty where they are written apart."""
    alone: frozenset[str] = frozenset()
    """Words that are unfinished when they are the whole text: "so", "well"."""
    finished_after: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Exceptions: after these words a word of the classes above is an ordinary one ("come in", "this one")."""
    units: frozenset[str] = frozenset()
    """Words of single digits, zero to nine."""
    spaced: bool = True
    """False where words are not separated: endings are compared instead of words."""


def words(line: str) -> frozenset[str]:
    """The set of the words in a line."""
    return frozenset(line.split())


def after(**exceptions: str) -> dict[str, frozenset[str]]:
    """Exceptions: each word with the words before it."""
    return {word: words(before) for word, before in exceptions.items()}

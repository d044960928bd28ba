"""The words of one language that its endings are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["LanguageWords", "after", "words"]


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """What one language's endings are made of; all lower case."""

    open: frozenset[str]
    """Words that no sentence ends with, whatever mark stands behind them: "the", "and", "um"."""
    leaning: frozenset[str]
    """Words that rarely end a sentence, and may where a mark says so: "to", "for", "from"."""
    numbers: frozenset[str]
    """Words of a number that may go on; "un", which is an article as well, counts behind another number."""
    common: frozenset[str] = frozenset()
    """Frequent words that only tell the language."""
    glue: frozenset[str] = frozenset()
    """What joins number words into one ("einundzwanzig"); empty where they are written apart."""
    alone: frozenset[str] = frozenset()
    """Words that open a sentence when they are all that was said: "so", "well"."""
    finished_after: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Exceptions: a word of the classes above is an ordinary one behind these ("come in", "this one")."""
    spaced: bool = True
    """False where words are not separated: endings are compared instead of words."""


def words(line: str) -> frozenset[str]:
    """A set of words from a line of them."""
    return frozenset(line.split())


def after(**exceptions: str) -> dict[str, frozenset[str]]:
    """Exceptions, each word with those before it."""
    return {word: words(before) for word, before in exceptions.items()}

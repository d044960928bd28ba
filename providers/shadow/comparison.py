"""Comparison of two transcripts of the same audio: words, digits and names, as numbers without any text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, fields

__all__ = ["Agreement", "Comparison", "compared"]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_DIGIT_WORDS = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9",
}  # fmt: skip
"""Words of single digits in English; numerals count in every language."""
_SENTENCE = re.compile(r"[.!?…。！？]\s+")

_TOGETHER = 1.0
"""Seconds: two recognisers whose finals end within so long have reached the same place."""
MOST_WORDS = 48
"""Words compared at once: 2,300 steps, about a millisecond."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts over a stretch of speech."""

    agreed: int = 0
    """Words that both have."""
    changed: int = 0
    """Words in whose place the shadow has another one."""
    missing: int = 0
    """Words that the shadow has not."""
    added: int = 0
    """Words that only the shadow has."""
    digits_same: int = 0
    """1 where both have the same digits in the same order."""
    digits_different: int = 0
    names_same: int = 0
    """Names in the sent transcript that the shadow has too."""
    names_different: int = 0

    def __add__(self, other: Comparison) -> Comparison:
        values = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        return Comparison(**values)

    @property
    def words(self) -> int:
        """Words that were looked at."""
        return self.agreed + self.changed + self.missing + self.added


def compared(sent: str, shadow: str) -> Comparison:
    """Compare what was sent with what the shadow heard.

    >>> told = compared("My number is 5551, I am Ada.", "my number is five five five one I am either")
    >>> told.agreed, told.changed, told.digits_same, told.names_different
    (9, 1, 1, 1)
    """
    first, second = _words(sent), _words(shadow)
    agreed, changed, missing, added = _aligned(first, second)
    digits = _digits(first), _digits(second)
    any_digits, same_digits = any(digits), digits[0] == digits[1]
    heard = set(second)
    names = [name in heard for name in _names(sent)]
    return Comparison(
        agreed=agreed,
        changed=changed,
        missing=missing,
        added=added,
        digits_same=int(any_digits and same_digits),
        digits_different=int(any_digits and not same_digits),
        names_same=sum(names),
        names_different=len(names) - sum(names),
    )


class Agreement:
    """Pairing of two recognisers' finals: what they heard is compared where both have reached the same place."""

    def __init__(self) -> None:
        self._texts: tuple[list[str], list[str]] = ([], [])
        """Finals that wait, of what was sent and of the shadow."""
        self._ends = [0.0, 0.0]

    def sent(self, text: str, end: float) -> Comparison | None:
        """Take in a final that was sent; ``end`` is in seconds of audio."""
        return self._add(0, text, end)

    def shadow(self, text: str, end: float) -> Comparison | None:
        """Take in a final of the shadow."""
        return self._add(1, text, end)

    def rest(self) -> Comparison | None:
        """Compare what still waits; None when nothing does."""
        if not any(self._texts):
            return None
        first, second = (" ".join(texts) for texts in self._texts)
        self._texts = ([], [])
        return compared(first, second)

    def _add(self, which: int, text: str, end: float) -> Comparison | None:
        self._texts[which].append(text)
        self._ends[which] = end
        together = all(self._texts) and abs(self._ends[0] - self._ends[1]) <= _TOGETHER
        full = sum(text.count(" ") + 1 for text in self._texts[which]) >= MOST_WORDS
        return self.rest() if together or full else None


def _words(text: str) -> list[str]:
    """Words without case and marks; numerals and words of digits digit by digit."""
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("’", "'")):
        if word.isdecimal():
            found += word
        else:
            found.append(_DIGIT_WORDS.get(word, word))
    return found


def _digits(words: list[str]) -> str:
    return "".join(word for word in words if word.isdecimal())


def _names(text: str) -> list[str]:
    """Words in capitals inside sentences; a transcript without case has none."""
    inside = (word for sentence in _SENTENCE.split(text) for word in _WORD.findall(sentence)[1:])
    return [word.casefold() for word in inside if word[0].isupper() and word.partition("'")[0] != "I"]


def _aligned(first: list[str], second: list[str]) -> tuple[int, int, int, int]:
    """Words that agree, are changed, are missing and are added, along the shortest way from one to the other."""
    row = [(column, 0, 0, 0, column) for column in range(len(second) + 1)]
    for word in first:
        above, row = row, [_step(row[0], missing=1)]
        for column, other in enumerate(second, 1):
            same = word == other
            across = _step(above[column - 1], agreed=int(same), changed=int(not same))
            row.append(min(across, _step(above[column], missing=1), _step(row[column - 1], added=1)))
    _, agreed, changed, missing, added = row[-1]
    return -agreed, changed, missing, added


_Way = tuple[int, int, int, int, int]
"""Cost, then the counts; of two ways that cost the same the one with more words that agree comes first."""


def _step(way: _Way, *, agreed: int = 0, changed: int = 0, missing: int = 0, added: int = 0) -> _Way:
    cost, so_far, others, without, more = way
    return (cost + changed + missing + added, so_far - agreed, others + changed, without + missing, more + added)

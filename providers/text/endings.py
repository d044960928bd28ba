"""Ending of a caller's words: a number that may continue, a word that something follows, or finished.

The language is the given one, else the one whose words are most frequent in the text. Where several fit equally they
must agree, else the text counts as finished: a wrong guess must not make a caller wait.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from providers.text.ending_words import LANGUAGES

__all__ = ["DigitWords", "Ending", "digit_words", "ending", "likely_languages", "without_mark"]

_LOOKED_AT = 400
"""Characters at the end of a text that are read."""

_LONGEST_NUMBER_WORD = 60

_ENDS = frozenset(".!?…。！？．।॥؟۔።፧។៕။։།\u037e‼⁇⁈⁉")
_CLOSERS = "\"'”’»›)]}）】」』〉》"
_LOOSE = " \t\r\n,;:、，；：،؛-–—"
_ANY_LANGUAGE = frozenset(("multi", "mul", "und", "auto"))
_SAME_WORDS = {"no": "nb", "nn": "nb"}
_KANA = re.compile("[\u3040-\u30ff]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


class Ending(enum.Enum):
    """Kind of the last word."""

    NUMBER = "number"
    """Digits or a number word: more may follow."""
    OPEN = "open"
    """A word that ends no sentence: an article, a conjunction, a filler."""
    LEANING = "leaning"
    """A word that rarely ends a sentence: a preposition."""
    FINISHED = "finished"


def without_mark(text: str) -> tuple[str, str]:
    """The end of a text without quotes and closing marks, and the first of those marks, if any.

    >>> without_mark('He said "no."'), without_mark("Well, I")
    (('He said "no', '.'), ('Well, I', ''))
    """
    text = text[-_LOOKED_AT:].rstrip().rstrip(_CLOSERS).rstrip()
    begin = len(text)
    while begin and text[begin - 1] in _ENDS:
        begin -= 1
    return text[:begin].rstrip().rstrip(_CLOSERS), text[begin : begin + 1]


def ending(text: str, languages: Iterable[str] = ()) -> Ending:
    """The ending of a text without its closing mark.

    Parameters
    ----------
    languages
        BCP 47 tags of the languages it may be in; if empty or unknown here, the language is found from the words.

    >>> ending("I want to").name, ending("ich möchte eine").name, ending("555-1234").name, ending("that is all").name
    ('LEANING', 'OPEN', 'NUMBER', 'FINISHED')
    """
    text = unicodedata.normalize("NFC", text[-_LOOKED_AT:]).replace("’", "'").lower().rstrip(_LOOSE + _CLOSERS)
    if not text:
        return Ending.FINISHED
    if unicodedata.category(text[-1])[0] == "S" or text[-1] in "%‰":
        return Ending.FINISHED
    if text[-1].isnumeric() and not _HAN.match(text[-1]):
        return Ending.NUMBER
    words = [word for part in text.split() if (word := _bare(part))]
    found = {_in_language(tag, text, words) for tag in _candidates(text, words, languages)}
    if len(found) == 1:
        return found.pop()
    if not found or Ending.FINISHED in found:
        return Ending.FINISHED
    return Ending.NUMBER if Ending.NUMBER in found else Ending.LEANING


def _candidates(text: str, words: list[str], languages: Iterable[str]) -> set[str]:
    tags = {tag.lower().replace("_", "-").partition("-")[0] for tag in languages}
    if tags.isdisjoint(_ANY_LANGUAGE) and tags:
        return {_SAME_WORDS.get(tag, tag) for tag in tags} & LANGUAGES.keys()
    return _likely(text, words)


def likely_languages(text: str) -> set[str]:
    """The most likely languages of a text's end, among those with a word list; may be empty.

    >>> likely_languages("I would like a table"), likely_languages("ich hätte gern einen Tisch")
    ({'en'}, {'de'})
    """
    text = unicodedata.normalize("NFC", text[-_LOOKED_AT:]).replace("’", "'").lower()
    return _likely(text, [word for part in text.split() if (word := _bare(part))])


@dataclass(frozen=True, slots=True)
class DigitWords:
    """Number words of the languages that a text may be in."""

    units: frozenset[str]
    """Words of single digits."""
    numbers: frozenset[str]
    """All number words."""
    joined: tuple[str, ...]
    """Tags of the languages that write number words as one."""

    def is_number(self, word: str) -> bool:
        """True for a number word, or for several written as one."""
        return word in self.numbers or any(_is_joined_number(tag, word) for tag in self.joined)


def digit_words(text: str, languages: Iterable[str] = ()) -> DigitWords:
    """The number words that may stand in a text; the languages are found as for `ending`."""
    text = unicodedata.normalize("NFC", text[-_LOOKED_AT:]).replace("’", "'").lower()
    words = [word for part in text.split() if (word := _bare(part))]
    tags = tuple(sorted(_candidates(text, words, languages)))
    found = [LANGUAGES[tag] for tag in tags]
    return DigitWords(
        frozenset().union(*(one.units for one in found)),
        frozenset().union(*(one.numbers for one in found)),
        tags,
    )


def _bare(word: str) -> str:
    """A word without the marks around it; an apostrophe at its end belongs to it ("l'")."""
    begin, end = 0, len(word)
    while begin < end and unicodedata.category(word[begin])[0] in "PSZ":
        begin += 1
    while end > begin and unicodedata.category(word[end - 1])[0] in "PSZ" and word[end - 1] != "'":
        end -= 1
    return word[begin:end]


def _likely(text: str, words: list[str]) -> set[str]:
    """The languages with the most known words; empty where no word is known."""
    if _KANA.search(text):
        return {"ja"}
    if _HAN.search(text):
        return {"zh"}
    known = _tags_by_word()
    counts = Counter(tag for word in words for part in word.split("-") for tag in known.get(part) or _counted_in(part))
    most = max(counts.values(), default=0)
    return {tag for tag, count in counts.items() if count == most}


@cache
def _tags_by_word() -> dict[str, tuple[str, ...]]:
    tags = defaultdict(list)
    for tag, one in LANGUAGES.items():
        for word in one.open.union(one.leaning, one.numbers, one.common, one.alone, *one.finished_after.values()):
            tags[word].append(tag)
    return {word: tuple(found) for word, found in tags.items()}


def _counted_in(word: str) -> list[str]:
    """The languages in which a word is made of several number words."""
    return [tag for tag, one in LANGUAGES.items() if one.glue and one.spaced and _is_joined_number(tag, word)]


def _in_language(tag: str, text: str, words: list[str]) -> Ending:
    one = LANGUAGES[tag]
    if not one.spaced:
        return _last_letters(tag, text)
    last, before = (*words[::-1], "", "")[:2]
    if len(words) == 1 and last in one.alone:
        return Ending.OPEN
    if before in one.finished_after.get(last, ()):
        return Ending.FINISHED
    as_word = Ending.OPEN if last in one.open else Ending.LEANING if last in one.leaning else Ending.FINISHED
    if _is_number(tag, last.rpartition("-")[2]) and (as_word is Ending.FINISHED or _is_number(tag, before)):
        return Ending.NUMBER
    return as_word


def _is_number(tag: str, word: str) -> bool:
    return word in LANGUAGES[tag].numbers or word[-1:].isnumeric() or _is_joined_number(tag, word)


def _is_joined_number(tag: str, word: str) -> bool:
    joined = _joined_numbers(tag)
    return joined is not None and len(word) <= _LONGEST_NUMBER_WORD and joined.fullmatch(word) is not None


@cache
def _joined_numbers(tag: str) -> re.Pattern[str] | None:
    """Pattern of number words written as one; possessive, so each takes the longest part that fits."""
    one = LANGUAGES[tag]
    if not one.glue:
        return None
    parts = sorted(one.numbers | one.glue, key=len, reverse=True)
    return re.compile(f"(?:{'|'.join(map(re.escape, parts))})++")


def _last_letters(tag: str, text: str) -> Ending:
    """The ending in a language without spaces between words: the longest known one counts."""
    for last, kind in _known_endings(tag):
        if text.endswith(last):
            before = LANGUAGES[tag].finished_after.get(last)
            return Ending.FINISHED if before and text.removesuffix(last).endswith(tuple(before)) else kind
    return Ending.FINISHED


@cache
def _known_endings(tag: str) -> tuple[tuple[str, Ending], ...]:
    one = LANGUAGES[tag]
    kinds = ((one.open, Ending.OPEN), (one.leaning, Ending.LEANING), (one.numbers, Ending.NUMBER))
    return tuple(sorted(((last, kind) for words, kind in kinds for last in words), key=lambda known: -len(known[0])))

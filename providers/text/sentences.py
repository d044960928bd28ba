"""Division of a text into units for synthesis: sentences, the first one short, none too long.

Joined again, the units are the text except for white space between them. Where a sign is ambiguous (an unknown
abbreviation, an initial) the text is not cut, because a missing pause is noticed less than a wrong one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from providers.text.abbreviations import (
    BEFORE_NUMBERS,
    MONTHS,
    NEVER_LAST,
    SOMETIMES_LAST,
    STARTERS,
)

__all__ = ["has_words", "speakable", "units"]

LONGEST = 280
"""Columns of one unit, about 20 s of speech; a character of a wide script counts as `WIDE` columns."""

FIRST = 80
"""Columns of the first unit, if a clause ends early enough; it is short so that its audio is ready soon."""

SHORTEST_CLAUSE = 20
"""Columns; the engine needs that much text for the melody of a clause."""

WIDE = 3
"""Columns of a Chinese, Japanese or Korean character: it lasts about as long as three Latin letters."""

_SPOKEN_MARKS = frozenset("%&@#§‰†°+=<>")
_SILENT_SYMBOLS = frozenset("^`~|¨´¯¸")
_ALWAYS = "。！？｡।॥؟۔።፧។៕။։།\n\r\u2028\u2029"
_CLOSERS = "\"'”’»›)\\]}）】」』〉》］｝"
_STOP = re.compile(rf"[.!?…‼⁇⁈⁉{_ALWAYS}]+[{_CLOSERS}]*")
_CLAUSE = re.compile(rf"(?:[,;:—–،؛][{_CLOSERS}]*(?=\s)|\s[-–—](?=\s)|[、，；：])")
_OPENERS = "\"'“‘„«‹([{¿¡（「『*_-–—•"
_WORD = re.compile(r"[\w.&'’]*$")


def units(text: str, *, longest: int = LONGEST, first: int = FIRST) -> list[str]:
    """Cut a text into units for synthesis, in order, none empty, without white space around them.

    Parameters
    ----------
    longest
        Columns; a longer sentence is cut at a clause, else at white space, else between two characters.
    first
        Columns; a longer first sentence is cut at a clause if it has one, or at white space if it is far too long.

    >>> units("Dr. Ada owes $12.50. It is due at 5 p.m. today!")
    ['Dr. Ada owes $12.50.', 'It is due at 5 p.m. today!']
    """
    sentences = list(_sentences(text))
    opening = _opening(sentences[0], first) if sentences else []
    pieces = [piece for sentence in (*opening, *sentences[1:]) for piece in _bounded(sentence, longest)]
    return [piece for piece in pieces if piece]


def speakable(text: str) -> bool:
    """True when a text has anything that an engine can say: a letter, a digit, a symbol.

    >>> speakable("?! …"), speakable("5 %"), speakable("👍")
    (False, True, True)
    """
    return any(_spoken(letter) for letter in text)


def has_words(text: str) -> bool:
    """True when a text has a letter or a decimal digit: every engine must make a sound for it.

    Symbols are different: engines say some of them and skip others, and neither is a failure.

    >>> has_words("4 %"), has_words("\u2605"), has_words("\u2460 <")
    (True, False, False)
    """
    return any(unicodedata.category(letter)[0] == "L" or letter.isdecimal() for letter in text)


def _spoken(letter: str) -> bool:
    if letter in _SPOKEN_MARKS:
        return True
    category = unicodedata.category(letter)
    return category[0] in "LN" or (category in ("Sc", "Sm", "So") and letter not in _SILENT_SYMBOLS)


def _sentences(text: str) -> Iterator[str]:
    """Sentences without white space around them; a run that cannot be said is added to the sentence before it."""
    cuts = [stop.end() for stop in _STOP.finditer(text) if _ends_sentence(text, stop)]
    begin = last = 0
    begun = False
    for cut in (*cuts, len(text)):
        sayable = speakable(text[last:cut])
        if begun and sayable:
            yield text[begin:last].strip()
            begin = last
        begun = begun or sayable
        last = cut
    if rest := text[begin:].strip():
        yield rest


def _ends_sentence(text: str, stop: re.Match[str]) -> bool:
    marks = stop[0]
    if any(mark in _ALWAYS for mark in marks):
        return True
    after = text[stop.end() : stop.end() + 64]
    if not after.strip():
        return not after or stop.end() + len(after) >= len(text)
    if not after[0].isspace():
        return False
    following = after.lstrip().lstrip(_OPENERS)
    goes_on = following[:1].islower()
    bare = marks.rstrip(_CLOSERS.replace("\\", ""))
    if bare != ".":
        # "Well… maybe" and '"Really?" she said' go on; "Wow! that is great" does not.
        return not (goes_on and (bare != marks or bare.endswith(("..", "…"))))
    return _full_stop(text[max(0, stop.start() - 40) : stop.start()], following, goes_on=goes_on)


def _full_stop(before: str, following: str, *, goes_on: bool) -> bool:
    """True when a single "." between these texts ends a sentence rather than a word."""
    found = _WORD.search(before)
    word = found[0] if found else ""
    lowered = word.lower()
    next_word = re.split(r"[^\w'’]", following, maxsplit=1)[0].lower()
    starts_anew = not goes_on and next_word in STARTERS
    if not word:
        return True
    if lowered in NEVER_LAST:
        return False
    if lowered in BEFORE_NUMBERS and following[:1].isdigit():
        return False
    if lowered in SOMETIMES_LAST or _is_acronym(word):
        return starts_anew
    if word.isdigit():
        # An ordinal ("am 3. Mai") or the number of a list item ("1. First"), not the end of "It was 12."
        return not (goes_on or next_word in MONTHS or (len(word) <= 2 and _opens_list(before[: -len(word)])))
    return not (goes_on and len(word) <= 4)


def _opens_list(before: str) -> bool:
    """True when a number after this text begins a line or a sentence."""
    before = before.rstrip(" \t")
    if not before.endswith("."):
        return before[-1:] in ("", "\n", "!", "?")
    word = _WORD.search(before[:-1])
    return word is None or word[0].lower() not in NEVER_LAST | SOMETIMES_LAST | BEFORE_NUMBERS


def _is_acronym(word: str) -> bool:
    """True for an initial and for letters with stops between them: "J", "U.S", "p.m" – but not for "I"."""
    letters = word.split(".")
    return word != "I" and all(len(letter) <= 1 and not letter.isdigit() for letter in letters)


def _opening(sentence: str, first: int) -> list[str]:
    """The first sentence, cut early when it is long."""
    limit = _reach(sentence, first)
    if limit >= len(sentence):
        return [sentence]
    cut = next(_clauses(sentence, limit), 0)
    if not cut and len(sentence) > 2 * limit:
        cut = _white_space(sentence, limit)
    return [sentence[:cut].rstrip(), sentence[cut:].lstrip()] if cut else [sentence]


def _bounded(sentence: str, longest: int) -> Iterator[str]:
    """A sentence in pieces of at most ``longest`` columns."""
    begin = 0
    # A window: a copy of the whole remainder for each piece would cost quadratic time.
    while (limit := _reach(window := sentence[begin : begin + longest + 1], longest)) < len(window):
        # The last clause end in the window, but not in its first third: the remainder would soon be cut again.
        cuts = [cut for cut in _clauses(window, limit) if 3 * cut >= limit]
        cut = cuts[-1] if cuts else _white_space(window, limit) or _between_characters(window, limit)
        yield window[:cut].rstrip()
        begin += cut
        while sentence[begin : begin + 1].isspace():
            begin += 1
    yield window


def _reach(text: str, columns: int) -> int:
    """Number of characters from the start that fit; at least one."""
    used = 0
    for index, letter in enumerate(text):
        used += WIDE if letter >= "\u1100" and unicodedata.east_asian_width(letter) in "WF" else 1
        if used > columns:
            return max(index, 1)
    return len(text)


def _clauses(text: str, limit: int) -> Iterator[int]:
    shortest = min(_reach(text, SHORTEST_CLAUSE), limit // 2)
    return (mark.end() for mark in _CLAUSE.finditer(text, 0, limit) if mark.end() >= shortest)


def _white_space(text: str, limit: int) -> int:
    """The last white space in the second half of what fits; 0 when there is none."""
    return next((at for at in range(limit, limit // 2, -1) if text[at].isspace()), 0)


def _between_characters(text: str, limit: int) -> int:
    """The last position that does not split a character of several code points; the limit itself if there is none."""
    return next((at for at in range(limit, limit // 2, -1) if not _belong_together(text[at - 1], text[at])), limit)


def _belong_together(left: str, right: str) -> bool:
    """True when a cut between two code points would split a character or the start of a Thai syllable."""
    return (
        unicodedata.category(right)[0] == "M"
        or unicodedata.combining(left) == 9  # a virama joins the consonant after it
        or "\u200d" in (left, right)  # zero width joiner
        or "\U0001f3fb" <= right <= "\U0001f3ff"  # skin tones
        or ("\U0001f1e6" <= left <= "\U0001f1ff" and "\U0001f1e6" <= right <= "\U0001f1ff")  # flags are pairs
        or "\u1160" <= right <= "\u11ff"  # Hangul vowels and finals
        or left in "เแโใไເແໂໃໄ"  # Thai and Lao vowels written before their consonant
        or right in "ะาำๅๆฯະາຳໆ"  # and those written after it
    )

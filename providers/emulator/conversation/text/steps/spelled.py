"""Numbers in English words.

inflect says the same words and is what the tests compare with; its import takes seconds of a processor, which the first
number of a call would wait for.
"""

from __future__ import annotations

LONGEST = 15
"""Digits of the longest number that is said in words."""

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))


def whole(number: int) -> str:
    """Words of a whole number of zero or more: "forty two", "twelve hundred", "thirty thousand and three"."""
    if 1100 <= number < 10_000 and number % 100 == 0 and number % 1000 != 0:
        return f"{_words(number // 100)} hundred"
    return _words(number)


def _words(number: int) -> str:
    for value, name in _SCALES:
        if number >= value:
            rest = number % value
            joined = f" and {_words(rest)}" if rest < 100 else f" {_words(rest)}"
            return f"{_words(number // value)} {name}{joined if rest else ''}"
    if number >= 100:
        rest = number % 100
        return f"{_SMALL[number // 100]} hundred{f' and {_words(rest)}' if rest else ''}"
    if number >= 20:
        return f"{_TENS[number // 10 - 2]}{f' {_SMALL[number % 10]}' if number % 10 else ''}"
    return _SMALL[number]


def decimal(number: str) -> str:
    """Words of digits that may hold a point: "two point five"."""
    before, _, after = number.partition(".")
    words = whole(int(before or "0"))
    return f"{words} point {' '.join(_SMALL[int(digit)] for digit in after)}" if after else words


def digits(number: str) -> str:
    """The digits of a number, spaced: "1 2 3 4 5"."""
    return " ".join(character for character in number if character.isdecimal())


def plural(unit: str, number: str) -> str:
    """A unit's name beside a number: its first word is in the plural unless the number is one."""
    if number.replace(",", "") in ("1", "1.0") or unit.endswith("hertz"):
        return unit
    first, space, rest = unit.partition(" ")
    return f"{'feet' if first == 'foot' else first + 's'}{space}{rest}"

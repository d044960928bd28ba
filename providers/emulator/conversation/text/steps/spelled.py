"""Numbers and plurals in English words."""

from __future__ import annotations

import functools
import re
from typing import Any

from providers.emulator.conversation.text.faults import package_missing

LONGEST = 15
"""Digits of the longest number that is said in words."""

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@functools.cache
def _grammar() -> Any:
    try:
        import inflect
    except ImportError as fault:
        raise package_missing("the formatting plan", "inflect") from fault
    return inflect.engine()


def whole(number: int) -> str:
    """Words of a whole number of zero or more: "forty two", "twelve hundred", "thirty thousand and three"."""
    if 1100 <= number < 10_000 and number % 100 == 0 and number % 1000 != 0:
        return f"{_words(number // 100)} hundred"
    return _words(number)


@functools.lru_cache(1024)
def _words(number: int) -> str:
    return re.sub(r"[-,]", " ", str(_grammar().number_to_words(number))).replace("  ", " ")


def decimal(number: str) -> str:
    """Words of digits that may hold a point: "two point five"."""
    before, _, after = number.partition(".")
    words = whole(int(before or "0"))
    return f"{words} point {' '.join(_DIGITS[int(digit)] for digit in after)}" if after else words


def digits(number: str) -> str:
    """The digits of a number, spaced: "1 2 3 4 5"."""
    return " ".join(character for character in number if character.isdecimal())


def plural(unit: str, number: str) -> str:
    """A unit's name beside a number: its first word is in the plural unless the number is one."""
    if number.replace(",", "") in ("1", "1.0"):
        return unit
    first, space, rest = unit.partition(" ")
    return f"{_plural(first)}{space}{rest}"


@functools.lru_cache(256)
def _plural(noun: str) -> str:
    return str(_grammar().plural_noun(noun))

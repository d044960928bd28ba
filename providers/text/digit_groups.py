"""Telephone, card and account numbers, written so that every engine reads them digit by digit."""

from __future__ import annotations

import re

__all__ = ["with_digits_apart"]

_CANDIDATE = re.compile(
    r"(?<![\w.,/$€£¥₹+-])(\+ ?)?(\(?\d[\d ().–-]{1,38}\d)(?![\w%°€£]|[,:/]\d|[ ().–-]{0,3}\d|[ ][€£$])"
)
"""Digits in groups, some perhaps in brackets; not where they touch a letter, a decimal or a currency."""

_PLAIN_RUN = re.compile(r"(?<![\w.,$€£¥₹])\d{10,}(?![\w%]|[,.]\d)")

_SEPARATORS = re.compile(r"[ ().–-]+")
_DATE = re.compile(r"\d{4}([-. ])\d{1,2}\1\d{1,2}|\d{1,2}([-. ])\d{1,2}\2(?:\d{4}|\d{2})")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[. ]\d{3})+")
_YEARS = re.compile(r"(?:1[5-9]|20)\d\d ?[-–] ?(?:1[5-9]|20)\d\d")
_ROUND_RANGE = re.compile(r"\d+00 ?[-–] ?\d+00")

_FEWEST, _MOST = 7, 19
"""Number of digits of a telephone number without its area code, and of the longest card number."""


def with_digits_apart(text: str) -> str:
    """Text in which such numbers are single digits, with commas between groups.

    Dates, thousands and ranges stay as they are.

    >>> with_digits_apart("Call (555) 123-4567 by 2026-11-21, ref 40012345678.")
    'Call 5 5 5, 1 2 3, 4 5 6 7 by 2026-11-21, ref 4 0 0, 1 2 3, 4 5 6, 7 8.'
    """
    return _PLAIN_RUN.sub(_run, _CANDIDATE.sub(_groups, text))


def _groups(found: re.Match[str]) -> str:
    number = found[2]
    groups = [group for group in _SEPARATORS.split(number) if group]
    digits = sum(map(len, groups))
    if not _FEWEST <= digits <= _MOST or max(map(len, groups)) == 1:
        return found[0]
    if not found[1] and _is_quantity(number, len(groups)):
        return found[0]
    apart = ", ".join(" ".join(group) for group in (groups if len(groups) > 1 else _threes(groups[0])))
    return ("+" if found[1] else "") + apart


def _is_quantity(number: str, groups: int) -> bool:
    """True for a plain number, a date, years, thousands or a range of round numbers."""
    if groups == 1 and not number.startswith("0"):
        return len(number) < 10
    return any(kind.fullmatch(number) for kind in (_DATE, _YEARS, _ROUND_RANGE, _THOUSANDS))


def _run(found: re.Match[str]) -> str:
    return ", ".join(" ".join(group) for group in _threes(found[0]))


def _threes(digits: str) -> list[str]:
    """Groups of three digits, the last of up to four, as people read a long number out."""
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return groups

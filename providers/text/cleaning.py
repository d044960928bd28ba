"""Cleaning of text for engines that read every sign literally.

Markup, web addresses and emoji are removed, and long numbers are split, in every language. Amounts, dates and
abbreviations are written out in English only: in other languages the engines do it, and text whose language is not
certain stays as it is.
"""

from __future__ import annotations

import re

from providers.text.digit_groups import with_digits_apart
from providers.text.endings import likely_languages
from providers.text.english import in_spoken_english
from providers.text.markup import without_markup
from providers.text.scripts import voice_for

__all__ = ["cleaned"]

_LANGUAGE_TAG = re.compile(r"[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8}){0,3}(?:\+\w+)?")
_DAY_FIRST = frozenset(("en-gb", "en-au", "en-nz", "en-ie", "en-in", "en-za"))


def cleaned(text: str, voice: str = "") -> str:
    """Text without signs that engines read wrongly.

    Parameters
    ----------
    voice
        The voice that will speak, where its name is a language tag ("de", "en-us+f5"); other names give no language.

    >>> cleaned("**Total:** $42.50, call 555-123-4567 👍")
    'Total: 42 dollars and 50 cents, call 5 5 5, 1 2 3, 4 5 6 7'
    """
    plain = with_digits_apart(without_markup(text))
    tag = voice.lower().partition("+")[0] if _LANGUAGE_TAG.fullmatch(voice) else ""
    if _is_english(plain, tag):
        plain = in_spoken_english(plain, day_first=tag in _DAY_FIRST)
    return text if plain == text else plain.strip()


def _is_english(text: str, tag: str) -> bool:
    """True for an English voice with Latin text, and for a voice of unknown language with words that are English."""
    if tag:
        return tag.partition("-")[0] == "en" and voice_for(text, tag, lambda name: True) == tag
    likely = likely_languages(text)
    return "en" in likely if likely else not any(letter.isalpha() and not letter.isascii() for letter in text)

"""Acronyms and e-mail addresses."""

from __future__ import annotations

import re

_SPOKEN = frozenset(
    ".NET NASA NATO UNICEF UNESCO OPEC FEMA OSHA HIPAA NAFTA ASEAN SWAT SCUBA LASER RADAR GIF JPEG RAM ROM SIM PIN"
    " ASAP AWOL".split()
)
"""Acronyms that are said as words. The platform's list is not published, its examples are NASA and .NET."""
_ABBREVIATIONS = frozenset("ST RD DR LN CT SQ BLVD PKWY HWY MR MRS MS JR SR PM".split())
"""Words in capitals without a vowel that are no acronyms: streets, titles and the time of day."""

_ACRONYM = re.compile(r"(?P<email>(?<![\w.+-])[\w.+-]+@[\w.-]+)|(?<![\w.])(?:\.NET|[A-Z]{2,})(?!\w)")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_EMAIL_WORDS = {"@": " at ", ".": " dot ", "_": " underscore ", "-": " dash ", "+": " plus "}


def format_acronyms(text: str) -> str:
    """Known acronyms in lower case; unknown words in capitals without a vowel letter by letter."""

    def said(found: re.Match[str]) -> str:
        word = found[0]
        if found["email"] or word in _ABBREVIATIONS:
            return word
        if word in _SPOKEN:
            return word.lower()
        return word if set(word) & set("AEIOU") else " ".join(word)

    return _ACRONYM.sub(said, text)


def format_emails(text: str) -> str:
    """E-mail addresses with their signs as words."""
    return _EMAIL.sub(_said_email, text)


def _said_email(found: re.Match[str]) -> str:
    return "".join(_EMAIL_WORDS.get(sign, sign) for sign in found[0]).strip()

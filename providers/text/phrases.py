"""Phrases of a sentence: where a voice may begin to speak before it has read all of it."""

from __future__ import annotations

import re

__all__ = ["opening"]

_SHORT = 24
"""Characters of a sentence that is read at once."""

_LONG = 45
"""Characters beyond which a sentence without a mark is cut before a conjunction."""

_LEAST = 15
"""Characters before such a cut."""

_MARK = re.compile(r"(?<=[,;:–—])\s+(?=\S)|(?<=[、，；：])(?=\S)")
_CONJUNCTION = re.compile(r"\s+(?=(?:and|but|or|so|because|which|while|und|aber|oder|weil|et|mais|ou|y|pero|o)\s)")
_WORDS_AFTER = 2


def opening(sentence: str) -> tuple[str, str]:
    """The first phrase and the rest, which is empty where the sentence stays whole.

    The first phrase ends with the mark at its end, or with a comma where there was none: that keeps the voice up.

    Examples
    --------
    >>> opening("Your appointment is on Friday, and we will send you a reminder.")
    ('Your appointment is on Friday,', 'and we will send you a reminder.')
    >>> opening("Yes, of course.")
    ('Yes, of course.', '')
    """
    sentence = sentence.strip()
    if len(sentence) <= _SHORT:
        return sentence, ""
    for mark in _MARK.finditer(sentence):
        first, rest = sentence[: mark.start()], sentence[mark.end() :]
        if not first[-2:-1].isdigit() and len(rest.split()) >= _WORDS_AFTER:
            return first, rest
    if len(sentence) > _LONG:
        for place in _CONJUNCTION.finditer(sentence):
            if place.start() >= _LEAST:
                return sentence[: place.start()] + ",", sentence[place.end() :]
    return sentence, ""

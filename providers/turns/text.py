"""Turn engine ``text``: the ending of the words, the question before them, digits and letters that are dictated."""

from __future__ import annotations

from collections.abc import Mapping

from providers.text.digits import more_digits_expected, number_complete
from providers.text.endings import Ending, ending, without_mark
from providers.text.short_answers import is_short_answer
from providers.text.spelling import more_letters_expected
from providers.turns.base import Opinion, Reason, TurnQuestion
from providers.turns.weights import TEXT

__all__ = ["TextTurns", "reason_of"]

_COMPLETE = 2.0
"""Log-odds that a number is over that has all its digits."""
_DECIDING_MARKS = frozenset("?!？！؟‼⁇⁈⁉")
"""Marks that end a sentence after any word; a full stop may be an engine's guess."""


_TRAILING_OFF = ("...", "…", "..", "。。。")
"""Marks that engines write where a voice trails off."""


class TextTurns:
    """Engine that reads the words alone.

    Parameters
    ----------
    log_odds
        Log-odds that the caller has finished, by the reason that the words give.
    """

    name = "text"

    def __init__(self, log_odds: Mapping[Reason, float] = TEXT) -> None:
        self._log_odds = log_odds

    async def start(self) -> None:
        """Do nothing: the word lists are part of the program."""

    def opinion(self, question: TurnQuestion) -> Opinion:
        """The opinion of the words."""
        reason = reason_of(question)
        if reason is Reason.NUMBER and number_complete(
            without_mark(question.user)[0], question.assistant, question.languages
        ):
            return Opinion(_COMPLETE, reason)
        return Opinion(self._log_odds[reason], reason)

    async def aclose(self) -> None:
        """Do nothing."""


def reason_of(question: TurnQuestion) -> Reason:
    """What the words say: a number first, as on the platform, then the mark, then the last word.

    Dots that trail off end nothing. A full stop after a word that ends no sentence ("and.", "the.") is ignored, and so
    is one inside a dictated number: engines punctuate every group of it.

    >>> reason_of(TurnQuestion("That is all.")).value, reason_of(TurnQuestion("And um.")).value
    ('punctuation', 'unfinished')
    >>> reason_of(TurnQuestion("555 123.", "What is your phone number?")).value
    'digits'
    """
    words, mark = without_mark(question.user)
    if not words and not mark:
        return Reason.NOTHING_SAID
    last = ending(words, question.languages)
    if last is Ending.NUMBER:
        dictated = more_digits_expected(words, question.assistant, question.languages)
        return Reason.DIGITS if dictated else Reason.NUMBER
    if question.user.rstrip().endswith(_TRAILING_OFF):
        return Reason.UNFINISHED
    if mark and mark in _DECIDING_MARKS:
        return Reason.PUNCTUATION
    if more_letters_expected(question.user, question.assistant):
        return Reason.SPELLING
    if mark and last is not Ending.OPEN:
        return Reason.PUNCTUATION
    if last in (Ending.OPEN, Ending.LEANING) or question.user.rstrip()[-1:] in _LOOSE:
        return Reason.UNFINISHED
    return Reason.SHORT_ANSWER if is_short_answer(words, question.assistant) else Reason.NO_PUNCTUATION


_LOOSE = frozenset(",;:、，；：،؛-–—")
"""Marks inside a sentence."""

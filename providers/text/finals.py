"""Case and closing marks for transcripts of engines that give none.

The platform waits 0.1 s after a transcript that ends in punctuation and 1.5 s after one that does not, so a final
without a mark costs the caller 1.4 s of silence at every turn, and a mark behind "I want to" makes the assistant
interrupt. So a mark is written only where a sentence may end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from providers.text.endings import Ending, ending

__all__ = ["punctuated"]

_ENDS = frozenset(".!?…。！？｡।॥؟۔።፧។៕။։།\u037e‼⁇⁈⁉")
_CLOSERS = "\"'”’»›)]}）】」』〉》"
_LOOSE = " \t\r\n,;:、，；：،؛-–—"

_CLOSING_MARKS = (
    (re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"), "。"),
    (re.compile("[\u0900-\u09ff\u0a00-\u0a7f\u0b00-\u0b7f]"), "।"),  # Devanagari, Bengali, Gurmukhi, Odia
    (re.compile("[\u1200-\u137f]"), "።"),
    (re.compile("[\u1780-\u17ff]"), "។"),
    (re.compile("[\u1000-\u109f]"), "။"),
    (re.compile("[\u0530-\u058f]"), "։"),
)
"""Closing mark by the script of the last letter; Arabic, Hebrew, Thai, Korean and all others take the full stop."""

_ARABIC = re.compile("[\u0600-\u06ff]")
_URDU = re.compile("[ٹڈڑےںہھ]")

_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_I = re.compile(r"(?<![\w.'’-])i(?=(?:['’](?:m|ll|ve|d))?(?![\w.'’-]))")
_ENGLISH = frozenset(
    "the my you your am want would could should was were think what where this that these there they please thanks"
    " thank with not don't can't didn't i'm i'll i've i'd it's that's and".split()
)
"""English words that no language with a word "i" (Polish, Italian, Swedish, Croatian, Catalan …) has."""

_AFTER_I = frozenset(
    "am was have had want need think would will can could should do did don't didn't can't know like just see said"
    " also live work got get feel guess hope mean".split()
)

_PRONOUNS = frozenset("i you he she we they".split())
_SUBJECTS = _PRONOUNS | frozenset("it this that these those there the a an my your our his her their anyone".split())
_BE = frozenset("is are was were am isn't aren't wasn't weren't".split())
_HELP = frozenset("can could will would should shall may might can't couldn't won't wouldn't shouldn't".split())
_DO = frozenset("do does did don't doesn't didn't have has haven't hasn't".split())
_ASKS = frozenset("what where when why who how whose".split())
_ASKED = frozenset("what's where's who's how's when's why's what're where're".split())
_MEASURES = frozenset(
    "how much,how many,how long,how far,how old,how often,how soon,how late,how about,how come,what time,what day"
    ",what kind,what sort,what about,what date,which one,which ones,why not,why don't".split(",")
)
_FILLERS = frozenset("and so but well um uh er oh ok okay hi hello hey yes yeah no sorry then please now".split())


def punctuated(text: str, languages: Iterable[str] = ()) -> str:
    """Text in sentence case, with a closing mark that fits the script unless the sentence is unfinished.

    Text that already ends in a mark stays as it is. ``languages`` are the BCP 47 tags that it may be in, if known.

    >>> punctuated("hi what time do you open"), punctuated("so i said yes to the man"), punctuated("आप कैसे हैं")
    ('Hi what time do you open?', 'So I said yes to the man.', 'आप कैसे हैं।')
    >>> punctuated("i want to"), punctuated("my number is five five five")
    ('I want to', 'My number is five five five')
    """
    if text.rstrip().rstrip(_CLOSERS)[-1:] in _ENDS:
        return text
    while (shorter := text.strip().rstrip(_LOOSE)) != text:  # loose marks and white space may alternate
        text = shorter
    if not any(letter.isalnum() for letter in text):
        return text
    last = ending(text, languages)
    words = _WORDS.findall(text.replace("’", "'").lower())
    if _is_english(text, words):
        text = _I.sub("I", text)
        if _asks(words) and last in (Ending.LEANING, Ending.FINISHED):  # "where are you from?"
            return _sentence_case(text) + "?"
    return _sentence_case(text) + (_closing_mark(text) if last is Ending.FINISHED else "")


def _sentence_case(text: str) -> str:
    """The first letter in upper case, unless its word has inner capitals ("iPhone")."""
    first = _WORDS.search(text)
    if first is None or first[0][1:] != first[0][1:].lower():
        return text
    letter = first[0][0]
    upper = letter.upper()
    return text[: first.start()] + upper + text[first.start() + 1 :] if len(upper) == 1 else text


def _closing_mark(text: str) -> str:
    last = next(letter for letter in reversed(text) if letter.isalnum())
    if _ARABIC.match(last):
        return "۔" if _URDU.search(text) else "."
    return next((mark for script, mark in _CLOSING_MARKS if script.match(last)), ".")


def _is_english(text: str, words: list[str]) -> bool:
    """True when ASCII text holds a word, or a pair of words, that only English has."""
    if not text.replace("’", "'").isascii():
        return False
    if not _ENGLISH.isdisjoint(words):
        return True
    return _asks(words) or any(a == "i" and b in _AFTER_I for a, b in zip(words, words[1:], strict=False))


def _asks(words: list[str]) -> bool:
    """True when the words begin like an English question: "is it", "can you", "where are", "how much".

    Orders ("do it again", "have a seat"), clauses ("when I get home", "what I want") and exclamations ("what a day")
    begin differently.
    """
    start = next((index for index, word in enumerate(words[:3]) if word not in _FILLERS), min(3, len(words)))
    first, second = (*words[start : start + 2], "", "")[:2]
    if first in _BE or first in _HELP or first in _DO:
        # Two words alone may be an answer ("so do I") as well.
        return second in (_PRONOUNS if first in _DO else _SUBJECTS) and len(words) > start + 2
    if first in _ASKS and second in _BE | _HELP | _DO:
        return True
    return first in _ASKED or f"{first} {second}" in _MEASURES

"""How long to wait before the caller has finished: the assistant's own rules first, then how the words end.

The numbers are the platform's transcription endpointing plan: 0.1 s after punctuation, 0.5 s after a number (more
digits may follow), 1.5 s after anything else.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex

from providers.endpointing.wire import Rule, Turn

_LONGEST_PATTERN = 1000
_LONGEST_TEXT = 4000
"""Characters. Rules look at the last ones of a message, where a turn's end shows."""

_REGEX_SECONDS = 0.002
"""A pattern that backtracks longer than this counts as no match: it must not hold up other callers."""

_CLOSING_QUOTES = "\"'”’»)]}」』"
_ENDS_A_SENTENCE = frozenset(".!?…。！？．।॥۔؟։።")

_NUMBER_WORDS = frozenset(
    """zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million
    first second third double triple""".split()
)


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds to wait after each kind of ending."""

    punctuation: float = 0.1
    number: float = 0.5
    no_punctuation: float = 1.5


def timeout(turn: Turn, waits: Waits) -> float:
    """Seconds until the caller has finished, not yet clamped."""
    for rule in turn.rules:
        if _applies(rule, turn):
            return rule.timeout
    return after(turn.user, waits)


def after(text: str, waits: Waits) -> float:
    """Seconds to wait after a text, from how it ends.

    >>> waits = Waits()
    >>> after("That is all.", waits), after("It is four four seven", waits), after("Well I", waits)
    (0.1, 0.5, 1.5)
    """
    ending = text.rstrip().rstrip(_CLOSING_QUOTES)
    if not ending:
        return waits.no_punctuation
    if ending[-1] in _ENDS_A_SENTENCE:
        return waits.punctuation
    last_word = ending.split()[-1].lower().rpartition("-")[2]
    if last_word[-1].isnumeric() or last_word in _NUMBER_WORDS:
        return waits.number
    return waits.no_punctuation


def _applies(rule: Rule, turn: Turn) -> bool:
    asked = [(rule.assistant_pattern, turn.assistant), (rule.user_pattern, turn.user)]
    patterns = [(pattern, text) for pattern, text in asked if pattern]
    return bool(patterns) and all(_matches(pattern, text) for pattern, text in patterns)


def _matches(pattern: str, text: str) -> bool:
    if len(pattern) > _LONGEST_PATTERN:
        return False
    try:
        return regex.search(pattern, text[-_LONGEST_TEXT:], timeout=_REGEX_SECONDS) is not None
    except (regex.error, TimeoutError, RecursionError):
        return False

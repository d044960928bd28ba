"""Decision on how long to wait until the caller has finished: the assistant's own rules first, then the words' ending.

The numbers are the platform's transcription endpointing plan: 0.1 s after punctuation, 0.5 s after a number (more
digits may follow), 1.5 s after anything else.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from providers.endpointing.patterns import PatternCache, UnusablePattern, search
from providers.endpointing.wire import Pattern, Rule, Turn
from providers.text.endings import Ending, ending, without_mark

_SECONDS_PER_PATTERN = 0.002
"""Seconds of one search; a pattern that takes longer is unusable."""

_SECONDS_PER_REQUEST = 0.005
"""Seconds of all searches of a request."""

_SECONDS_TO_COMPILE = 0.05
"""Seconds to compile new patterns of a request; 100 plain ones take 15 ms, once. Later requests compile the rest."""

_DECIDING_MARKS = frozenset("?!？！؟‼⁇⁈⁉")
"""Marks that end a sentence after any word; a full stop may be an engine's guess."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds to wait after each kind of ending."""

    punctuation: float = 0.1
    number: float = 0.5
    no_punctuation: float = 1.5


@dataclass(frozen=True, slots=True)
class Decision:
    """Seconds until the caller has finished, not yet clamped, and why."""

    seconds: float
    rule: int | None = None
    """Number of the rule that decided, from 1; None when the words did."""
    unusable: tuple[str, ...] = ()
    """The rules that could not be used: "rule 3: expected …, found …"."""
    reason: str = "default"
    """What decided, one of `providers.operations.labels.EndpointingReason`."""


@dataclass(frozen=True, slots=True)
class _TimeLimits:
    """Time limits that the rules of one request share."""

    searching: _TimeLimit
    compiling: _TimeLimit


class RuleMatcher:
    """Matcher for the assistant's rules, in order and within a time limit. One thread at a time may use it."""

    def __init__(self) -> None:
        self._patterns = PatternCache()

    def decide(self, turn: Turn, waits: Waits) -> Decision:
        """Decide by the first rule that matches, else by the end of the caller's words."""
        limits = _TimeLimits(_TimeLimit(_SECONDS_PER_REQUEST), _TimeLimit(_SECONDS_TO_COMPILE))
        unusable: list[str] = []
        for number, rule in enumerate(turn.rules, 1):
            try:
                if self._applies(rule, turn, limits):
                    return Decision(rule.timeout, number, tuple(unusable), "rule")
            except UnusablePattern as reason:
                unusable.append(f"rule {number}: {reason}")
        if turn.rules_beyond:
            unusable.append(f"rules: expected at most {len(turn.rules)}, found {turn.rules_beyond} more")
        return by_words(turn, waits, tuple(unusable))

    def _applies(self, rule: Rule, turn: Turn, limits: _TimeLimits) -> bool:
        pairs = [(rule.assistant_pattern, turn.assistant), (rule.user_pattern, turn.user)]
        asked = [(pattern, text) for pattern, text in pairs if pattern is not None]
        return bool(asked) and all(self._matches(pattern, text, limits) for pattern, text in asked)

    def _matches(self, pattern: Pattern, text: str, limits: _TimeLimits) -> bool:
        if pattern not in self._patterns:
            limits.compiling.require("compiled")
        with limits.compiling:
            compiled = self._patterns.compiled(pattern)
        with limits.searching:
            return search(compiled, text, seconds=min(_SECONDS_PER_PATTERN, limits.searching.require("searched")))


class _TimeLimit:
    """Time limit on this thread's processor time, counted inside ``with``."""

    def __init__(self, seconds: float) -> None:
        self._whole = self._left = seconds
        self._begun = 0.0

    def __enter__(self) -> None:
        self._begun = time.thread_time()

    def __exit__(self, *_: object) -> None:
        self._left -= time.thread_time() - self._begun

    def require(self, what: str) -> float:
        """The seconds that are left.

        Raises
        ------
        UnusablePattern
            No time is left.
        """
        if self._left <= 0:
            milliseconds = round(self._whole * 1000)
            raise UnusablePattern(
                f"expected the rules before it to be {what} within {milliseconds} ms, found slower ones"
            )
        return self._left


def by_words(turn: Turn, waits: Waits, unusable: tuple[str, ...] = ()) -> Decision:
    """Decide by the end of the caller's words."""
    seconds, reason = _after(turn.user, waits, turn.languages)
    return Decision(seconds, None, unusable, reason)


def after(text: str, waits: Waits, languages: tuple[str, ...] = ()) -> float:
    """Seconds to wait after a text: a number first, as on the platform, then the mark, then anything else.

    A full stop after a word that ends no sentence ("and.", "the.") is ignored.

    >>> waits = Waits()
    >>> after("That is all.", waits), after("It is 555-1234.", waits), after("Well I", waits), after("And um.", waits)
    (0.1, 0.5, 1.5, 1.5)
    """
    return _after(text, waits, languages)[0]


def _after(text: str, waits: Waits, languages: tuple[str, ...]) -> tuple[float, str]:
    """Seconds to wait after a text, and why."""
    words, mark = without_mark(text)
    last = ending(words, languages)
    if last is Ending.NUMBER:
        return waits.number, "number"
    if mark and (mark in _DECIDING_MARKS or last is not Ending.OPEN):
        return waits.punctuation, "punctuation"
    return waits.no_punctuation, "no-punctuation"

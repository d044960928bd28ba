"""The assistant's own rules: the first one that matches decides, within a time limit."""

from __future__ import annotations

import time
from dataclasses import dataclass

from providers.endpointing.patterns import PatternCache, UnusablePattern, search
from providers.endpointing.plan import Pattern, Rule
from providers.endpointing.wire import Turn

_SECONDS_PER_PATTERN = 0.002
"""Seconds of one search; a pattern that takes longer is unusable."""

_SECONDS_PER_REQUEST = 0.005
"""Seconds of all searches of a request."""

_SECONDS_TO_COMPILE = 0.05
"""Seconds to compile new patterns of a request; 100 plain ones take 15 ms, once. Later requests compile the rest."""


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """The rule that matched, if one did, and the rules that could not be used."""

    rule: int | None = None
    """Number of the rule, from 1."""
    seconds: float = 0.0
    """Its time-out, not yet clamped."""
    unusable: tuple[str, ...] = ()
    """The rules that could not be used: "rule 3: expected …, found …"."""


@dataclass(frozen=True, slots=True)
class _TimeLimits:
    """Time limits that the rules of one request share."""

    searching: _TimeLimit
    compiling: _TimeLimit


class RuleMatcher:
    """Matcher for the assistant's rules, in order and within a time limit. One thread at a time may use it."""

    def __init__(self) -> None:
        self._patterns = PatternCache()

    def match(self, turn: Turn) -> RuleMatch:
        """The first rule that matches."""
        limits = _TimeLimits(_TimeLimit(_SECONDS_PER_REQUEST), _TimeLimit(_SECONDS_TO_COMPILE))
        unusable: list[str] = []
        for number, rule in enumerate(turn.rules, 1):
            try:
                if self._applies(rule, turn, limits):
                    return RuleMatch(number, rule.timeout, tuple(unusable))
            except UnusablePattern as reason:
                unusable.append(f"rule {number}: {reason}")
        if turn.rules_beyond:
            unusable.append(f"rules: expected at most {len(turn.rules)}, found {turn.rules_beyond} more")
        return RuleMatch(unusable=tuple(unusable))

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

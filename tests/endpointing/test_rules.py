"""How long to wait before the caller has finished."""

from __future__ import annotations

import time

import pytest

from providers.endpointing.rules import Waits, after, timeout
from providers.endpointing.wire import Rule, Turn

WAITS = Waits()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("That is all.", 0.1),
        ("Really?", 0.1),
        ('He said "no."', 0.1),
        ("はい。", 0.1),
        ("ठीक है।", 0.1),
        ("نعم؟", 0.1),
        ("wait…", 0.1),
        ("It is 447", 0.5),
        ("It is four four seven", 0.5),
        ("twenty-one", 0.5),
        ("٤٤٧", 0.5),
        ("Well I", 1.5),
        ("first, then,", 1.5),
        ("done (", 1.5),
        ("", 1.5),
        ("   ", 1.5),
    ],
)
def test_the_ending_decides(text: str, seconds: float) -> None:
    assert after(text, WAITS) == seconds


def turn(*rules: Rule, user: str = "yes", assistant: str = "Your number?") -> Turn:
    return Turn(user, assistant, rules, "")


def test_the_first_rule_that_matches_wins_over_the_ending() -> None:
    rules = (Rule(9, "(?i)never", None), Rule(3, "number", None), Rule(5, "number", None))
    assert timeout(turn(*rules, user="Done."), WAITS) == 3


def test_rules_may_look_at_the_user_or_at_both() -> None:
    assert timeout(turn(Rule(2, None, "^yes$")), WAITS) == 2
    assert timeout(turn(Rule(2, "number", "^yes$")), WAITS) == 2
    assert timeout(turn(Rule(2, "number", "^no$")), WAITS) == 1.5


@pytest.mark.parametrize("pattern", ["(", "*", "(?P<", "x" * 1001, "[[:nope:]"])
def test_a_broken_pattern_is_no_match(pattern: str) -> None:
    assert timeout(turn(Rule(2, None, pattern)), WAITS) == 1.5


def test_a_pattern_that_backtracks_for_ever_does_not_hold_up_others() -> None:
    begun = time.perf_counter()
    assert timeout(turn(Rule(2, None, "(a|aa)+$"), user="a" * 5000 + "b"), WAITS) == 1.5
    assert time.perf_counter() - begun < 1


def test_a_rule_without_pattern_never_applies() -> None:
    assert timeout(turn(Rule(2, None, None)), WAITS) == 1.5

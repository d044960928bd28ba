"""Decisions on how long to wait for the caller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.endpointing.rules import RuleMatcher, Waits, after
from providers.endpointing.wire import Pattern, Rule, Turn

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
        ("I would like a-", 1.5),
        ("-", 1.5),
        ("My number is 555-1234.", 0.5),
        ("My number is five five five.", 0.5),
        ("Is it five?", 0.5),
        ("I want to", 1.5),
        ("um", 1.5),
        ("And um.", 1.5),
        ("I need the.", 1.5),
        ("Where are you from?", 0.1),
        ("That is what I came for.", 0.1),
        ("50%.", 0.1),
        ("It was five dollars.", 0.1),
        ("I would like this one.", 0.1),
        ("Ich möchte bitte eine.", 1.5),
        ("Meine Nummer ist null eins sieben sechs.", 0.5),
        ("我的电话是一三八。", 0.5),
        ("", 1.5),
        ("   ", 1.5),
    ],
)
def test_the_ending_of_the_words_decides(text: str, seconds: float) -> None:
    assert after(text, WAITS) == seconds


@given(st.text())
def test_any_text_has_one_of_the_waits(text: str) -> None:
    assert after(text, WAITS) in (0.1, 0.5, 1.5)


def rule(seconds: float, assistant: str | None = None, user: str | None = None) -> Rule:
    return Rule(seconds, Pattern(assistant) if assistant else None, Pattern(user) if user else None)


def turn(*rules: Rule, user: str = "yes", assistant: str = "Your number?", beyond: int = 0) -> Turn:
    return Turn(user, assistant, rules, "", beyond)


def timeout(asked: Turn) -> float:
    decision = RuleMatcher().decide(asked, WAITS)
    assert decision.unusable == ()
    return decision.seconds


def test_the_first_rule_that_matches_wins_over_the_ending() -> None:
    rules = (rule(9, "(?i)never"), rule(3, "number"), rule(5, "number"))
    decision = RuleMatcher().decide(turn(*rules, user="Done."), WAITS)
    assert (decision.seconds, decision.rule) == (3, 2)


def test_rules_may_match_the_user_or_both_sides() -> None:
    assert timeout(turn(rule(2, None, "^yes$"))) == 2
    assert timeout(turn(rule(2, "number", "^yes$"))) == 2
    assert timeout(turn(rule(2, "number", "^no$"))) == 1.5


def test_a_rule_without_pattern_never_applies() -> None:
    assert timeout(turn(rule(2))) == 1.5


def test_an_unusable_pattern_is_named_and_the_next_rule_decides() -> None:
    decision = RuleMatcher().decide(turn(rule(2, None, "("), rule(3, None, "a" * 1001), rule(4, None, "yes")), WAITS)
    assert (decision.seconds, decision.rule) == (4, 3)
    assert decision.unusable == (
        "rule 1: expected closed groups, found an open one",
        "rule 2: expected at most 1000 characters, found 1001",
    )


def test_a_pattern_with_endless_backtracking_is_named() -> None:
    decision = RuleMatcher().decide(turn(rule(2, None, "(a|aa)+$"), user="a" * 5000 + "b"), WAITS)
    assert decision.seconds == 1.5
    assert decision.unusable == ("rule 1: expected an answer within 2 ms, found none",)


def test_many_slow_patterns_share_one_limit() -> None:
    slow = [rule(2, None, f"(a|aa)+{number}$") for number in range(100)]
    decision = RuleMatcher().decide(turn(*slow, user="a" * 5000), WAITS)
    assert len(decision.unusable) == 100
    assert decision.unusable[-1] == (
        "rule 100: expected the rules before it to be searched within 5 ms, found slower ones"
    )


def test_patterns_not_compiled_in_time_are_ready_for_the_next_request() -> None:
    costly = [rule(2, None, "|".join(["a"] * 490) + f"|{number}") for number in range(60)]
    matcher = RuleMatcher()
    first = matcher.decide(turn(*costly), WAITS)
    assert any("compiled within 50 ms" in reason for reason in first.unusable)
    later = [matcher.decide(turn(*costly), WAITS) for _ in range(60)]
    assert not any("compiled" in reason for reason in later[-1].unusable)


def test_rules_beyond_the_limit_are_counted() -> None:
    decision = RuleMatcher().decide(turn(rule(2), beyond=900), WAITS)
    assert decision.unusable == ("rules: expected at most 1, found 900 more",)

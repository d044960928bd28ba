"""The assistant's own rules."""

from __future__ import annotations

from providers.endpointing.plan import Pattern, Rule
from providers.endpointing.rules import RuleMatcher
from providers.endpointing.wire import Turn


def rule(seconds: float, assistant: str | None = None, user: str | None = None) -> Rule:
    return Rule(seconds, Pattern(assistant) if assistant else None, Pattern(user) if user else None)


def turn(*rules: Rule, user: str = "yes", assistant: str = "Your number?", beyond: int = 0) -> Turn:
    return Turn(user, assistant, rules, "", beyond)


def timeout(asked: Turn) -> float | None:
    match = RuleMatcher().match(asked)
    assert match.unusable == ()
    return match.seconds if match.rule is not None else None


def test_the_first_rule_that_matches_wins_over_the_ending() -> None:
    rules = (rule(9, "(?i)never"), rule(3, "number"), rule(5, "number"))
    decision = RuleMatcher().match(turn(*rules, user="Done."))
    assert (decision.seconds, decision.rule) == (3, 2)


def test_rules_may_match_the_user_or_both_sides() -> None:
    assert timeout(turn(rule(2, None, "^yes$"))) == 2
    assert timeout(turn(rule(2, "number", "^yes$"))) == 2
    assert timeout(turn(rule(2, "number", "^no$"))) is None


def test_a_rule_without_pattern_never_applies() -> None:
    assert timeout(turn(rule(2))) is None


def test_an_unusable_pattern_is_named_and_the_next_rule_decides() -> None:
    decision = RuleMatcher().match(turn(rule(2, None, "("), rule(3, None, "a" * 1001), rule(4, None, "yes")))
    assert (decision.seconds, decision.rule) == (4, 3)
    assert decision.unusable == (
        "rule 1: expected closed groups, found an open one",
        "rule 2: expected at most 1000 characters, found 1001",
    )


def test_a_pattern_with_endless_backtracking_is_named() -> None:
    decision = RuleMatcher().match(turn(rule(2, None, "(a|aa)+$"), user="a" * 5000 + "b"))
    assert decision.rule is None
    assert decision.unusable == ("rule 1: expected an answer within 2 ms, found none",)


def test_many_slow_patterns_share_one_limit() -> None:
    slow = [rule(2, None, f"(a|aa)+{number}$") for number in range(100)]
    matcher = RuleMatcher()
    for _ in range(20):  # what a busy machine does not compile in time is ready for the next request
        decision = matcher.match(turn(*slow, user="a" * 5000))
        if "compiled" not in decision.unusable[-1]:
            break
    assert len(decision.unusable) == 100
    assert decision.unusable[-1] == (
        "rule 100: expected the rules before it to be searched within 5 ms, found slower ones"
    )


def test_patterns_not_compiled_in_time_are_ready_for_the_next_request() -> None:
    costly = [rule(2, None, "|".join(["a"] * 490) + f"|{number}") for number in range(60)]
    matcher = RuleMatcher()
    first = matcher.match(turn(*costly))
    assert any("compiled within 50 ms" in reason for reason in first.unusable)
    later = [matcher.match(turn(*costly)) for _ in range(60)]
    assert not any("compiled" in reason for reason in later[-1].unusable)


def test_rules_beyond_the_limit_are_counted() -> None:
    decision = RuleMatcher().match(turn(rule(2), beyond=900))
    assert decision.unusable == ("rules: expected at most 1, found 900 more",)

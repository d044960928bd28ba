"""Patterns: checked before they are compiled, with the meaning that they have in JavaScript."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.endpointing.patterns import LONGEST_TEXT, PatternCache, UnusablePattern, search
from providers.endpointing.plan import Pattern


def found(pattern: Pattern | str, text: str) -> bool:
    pattern = Pattern(pattern) if isinstance(pattern, str) else pattern
    return search(PatternCache().compiled(pattern), text, seconds=1.0)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\bnumber\b", "your number please"),
        (r"^(?:yes|no)$", "yes"),
        (r"(?<!\d)(?:\d{3}-?){2}\d{4}", "call 555-123-4567"),
        (r"phone(?= number)", "phone number"),
        (r"phone(?! number)", "phone call"),
        (r"(?<twice>a+)-\k<twice>", "aa-aa"),
        (r"\u{1f600}", "\U0001f600"),
        (r"\u00e9", "é"),
        (r"a[^]b", "a\nb"),
        (r"[[]x", "[x"),
        (r"[\[\]]x", "]x"),
        (r"[\\[]x", "\\x"),
        (r"x{", "x{"),
        (r"a{,3}", "a{,3}"),
        (r"a{e<=2}", "a{e<=2}"),
        (r"\p{Script=Greek}+", "λόγος"),
        (r"[A-Z]{2,}\/", "AB/"),
        ("(?i)NUMBER", "number"),
        ("(?-i:a)", "a"),
        (r"\(", "("),
    ],
)
def test_a_pattern_means_what_it_means_in_javascript(pattern: str, text: str) -> None:
    assert found(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"), [(r"a{e<=2}", "ab"), (r"a{,3}", "aa"), ("[]", "a"), ("[[:alpha:]]", "x"), ("a.b", "a\nb")]
)
def test_syntax_of_other_dialects_is_taken_literally(pattern: str, text: str) -> None:
    assert not found(pattern, text)


def test_the_options_of_a_rule_are_obeyed() -> None:
    assert found(Pattern("number", ignore_case=True), "NUMBER")
    assert not found(Pattern("number"), "NUMBER")
    assert not found(Pattern("art|car", whole_word=True), "start carts")
    assert found(Pattern("art|car", whole_word=True), "a car")
    assert found(Pattern("^two$", multi_line=True), "one\ntwo")
    assert not found(Pattern("^two$"), "one\ntwo")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?:(?:(?:(?:a){99}){99}){99}){99}", "2000 parts"),
        ("a{1,99999}", "2000 parts"),
        ("a{" + "9" * 900 + "}", "2000 parts"),
        ("(?:" + "ab?" * 300 + "){1000}", "2000 parts"),
        ("(a{40}){60}", "2000 parts"),
        ("x" * 1001, "1000 characters"),
        ("(" * 40 + ")" * 40, "39 groups"),
        ("(", "closed groups"),
        (")", "opened group"),
        ("[a", "closed brackets"),
        ("\\", "last backslash"),
        ("*", "regular expression"),
        ("a{3}{4}", "regular expression"),
        (r"\u{110000}", "U[+]10FFFF"),
        ("(?R)", "JavaScript"),
        ("(a)(?1)", "JavaScript"),
        ("(?|a)", "JavaScript"),
        ("(?P<", "JavaScript"),
        ("(*PRUNE)", "JavaScript"),
        (r"\L<names>", "JavaScript"),
    ],
)
def test_a_pattern_that_is_broken_or_too_costly_is_refused_with_its_reason(pattern: str, reason: str) -> None:
    cache = PatternCache()
    for _ in range(2):  # the reason is cached
        with pytest.raises(UnusablePattern, match=reason):
            cache.compiled(Pattern(pattern))


def test_a_reason_never_quotes_the_pattern() -> None:
    with pytest.raises(UnusablePattern) as caught:
        PatternCache().compiled(Pattern("(secret"))
    assert "secret" not in str(caught.value)


def test_only_the_end_of_a_long_text_is_searched() -> None:
    assert not found("^start", "start" + "x" * LONGEST_TEXT)
    assert found("end$", "x" * LONGEST_TEXT + "end")


def test_the_least_recently_used_pattern_is_dropped() -> None:
    cache = PatternCache(kept=2)
    first, second, third = Pattern("a"), Pattern("b"), Pattern("c")
    for pattern in (first, second, first, third):
        cache.compiled(pattern)
    assert first in cache
    assert second not in cache
    assert third in cache


_PIECES = [
    "a",
    ".",
    "[ab]",
    "[",
    "?",
    "*",
    "+",
    "{3}",
    "{40}",
    "{",
    "(",
    "(?:",
    "(?=",
    ")",
    "|",
    "\\d",
    "\\",
    "^",
    "$",
    "é",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=300).map("".join), st.text(max_size=50))
def test_any_pattern_is_searched_for_or_refused(pattern: str, text: str) -> None:
    try:
        search(PatternCache().compiled(Pattern(pattern)), text, seconds=0.002)
    except UnusablePattern as reason:
        assert str(reason).startswith("expected ")


@given(st.text(max_size=100), st.text(max_size=50))
def test_any_text_as_a_pattern_is_searched_for_or_refused(pattern: str, text: str) -> None:
    try:
        search(PatternCache().compiled(Pattern(pattern)), text, seconds=0.002)
    except UnusablePattern as reason:
        assert str(reason).startswith("expected ")

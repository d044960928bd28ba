"""Wait functions: the published ones by their formulas, the grammar, the bounds."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.turns.wait_function import LONGEST, UnusableWaitFunction, wait_function

POINTS = [at / 20 for at in range(21)]

PUBLISHED: dict[str, Callable[[float], float]] = {
    "200 + 8000 * x": lambda x: 200 + 8000 * x,
    "20 + 500 * sqrt(x) + 2500 * x^3": lambda x: 20 + 500 * math.sqrt(x) + 2500 * x**3,
    "2000 / (1 + exp(-10 * (x - 0.5)))": lambda x: 2000 / (1 + math.exp(-10 * (x - 0.5))),
    "(20 + 500 * sqrt(x) + 2500 * x^3 + 700 + 4000 * max(0, x-0.5)) / 2": lambda x: (
        (20 + 500 * math.sqrt(x) + 2500 * x**3 + 700 + 4000 * max(0, x - 0.5)) / 2
    ),
    "700 + 4000 * max(0, x-0.5)": lambda x: 700 + 4000 * max(0, x - 0.5),
    "4000 * (1 - cos(pi * x))": lambda x: 4000 * (1 - math.cos(math.pi * x)),
    "200 + 8000x": lambda x: 200 + 8000 * x,
    "20 + 500√x + 2500x³": lambda x: 20 + 500 * math.sqrt(x) + 2500 * x**3,
}


@pytest.mark.parametrize("expression", PUBLISHED)
def test_the_published_functions_are_their_formulas(expression: str) -> None:
    function = wait_function(expression)
    assert [function(x) for x in POINTS] == pytest.approx([PUBLISHED[expression](x) / 1000 for x in POINTS])


@pytest.mark.parametrize(
    ("expression", "milliseconds"),
    [
        ("7", 7),
        ("1000 - 100 - 10", 890),
        ("1000 / 10 / 5", 20),
        ("2 ^ 3 ^ 2", 512),
        ("100 - -2^2", 104),
        ("100 + -2^2", 96),
        ("2^-1 * 100", 50),
        ("--5", 5),
        ("+5", 5),
        ("5e2 + .5e1", 505),
        ("e * 0 + log(e)", 1),
        ("abs(-3) + min(4, 2, 9) + pow(2, 3)", 13),
        ("max(1, 2, 3)", 3),
        ("2(3)(4)", 24),
        ("2pi", 2 * math.pi),
        ("10 / 4 x + 9", 9 + 2.5 * 0.5),
        ("√(16)²", 16),
        ("sin(0) + cos(0)", 1),
        ("1 / (x - 0.5)^2", 15_000),
        ("exp(1000)", 15_000),
        ("(x - 0.5)^-1", 15_000),
        ("-100", 0),
        ("99999999999999999999999999", 15_000),
    ],
)
def test_the_grammar_at_one_half(expression: str, milliseconds: float) -> None:
    assert wait_function(expression)(0.5) * 1000 == pytest.approx(milliseconds)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "expected a number or one of x, pi, e"),
        ("200 +", "expected a number or one of x, pi, e"),
        ("(1", "expected ')'"),
        ("1)", "expected an operator at the 2. part"),
        ("1 2", "expected an operator at the 2. part"),
        ("y", "expected a number or one of x, pi, e"),
        ("sqrt", "expected '('"),
        ("sqrt(1, 2)", "expected one value for sqrt, found 2"),
        ("pow(2)", "expected two values for pow, found 1"),
        ("max(2)", "expected two values or more for max, found 1"),
        ("__import__('os')", "expected a number, a name or an operator at 1"),
        ("x.real", "expected a number, a name or an operator at 2"),
        ("sqrt(x - 2)", "expected a number for every x from 0 to 1"),
        ("log(x - 0.5)", "expected a number for every x from 0 to 1"),
        ("0 / 0", "expected a number for every x from 0 to 1"),
        ("(" * 60 + "1" + ")" * 60, "expected at most 40 parentheses in parentheses, found more"),
        ("2" + "^2" * 100, "expected at most 40 powers in powers, found more"),
        ("√√2", "expected a number, a name or a parenthesis after √"),
        ("1" * (LONGEST + 1), f"expected at most {LONGEST} characters, found {LONGEST + 1}"),
    ],
)
def test_anything_else_is_refused_with_its_reason(expression: str, reason: str) -> None:
    with pytest.raises(UnusableWaitFunction) as refused:
        wait_function(expression)
    assert reason in str(refused.value)


_PIECES = st.sampled_from(
    "0 1 2.5 700 1e308 x pi e + - * / ^ ( ) , √ ² ³ sqrt( exp( log( abs( min( max( sin( cos( pow( (1 2, ) ))".split()
)


@given(st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=60).map(" ".join)), st.floats(0, 1))
def test_any_text_is_refused_or_gives_seconds_in_range(expression: str, still_speaking: float) -> None:
    try:
        seconds = wait_function(expression)(still_speaking)
    except UnusableWaitFunction:
        return
    assert 0 <= seconds <= 15


_NESTED = st.recursive(
    st.sampled_from(["x", "1", "2.5"]),
    lambda parts: st.tuples(parts, parts).map(lambda two: f"({two[0]}*{two[1]}+1)"),
    max_leaves=12,
)


@given(_NESTED)
def test_nested_expressions_have_python_s_value(expression: str) -> None:
    expected = eval(expression, {"x": 0.3})  # built above from three operands and two operators
    assert wait_function(expression)(0.3) * 1000 == pytest.approx(min(expected, 15_000))

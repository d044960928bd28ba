"""Wait function: an expression in x, the probability that the caller is still speaking, that gives milliseconds.

The syntax is the platform's: numbers, ``+ - * / ^``, parentheses, ``x``, ``pi``, ``e`` and the functions of
`FUNCTIONS`. ``^`` is right-associative and binds more than a minus before it. A number may stand directly before a
name or a parenthesis (``8000x``), and ``√``, ``²`` and ``³`` are read as well. The expression is parsed by recursive
descent into closures; nothing is ever evaluated as Python::

    sum     = product (("+" | "-") product)*
    product = sign (("*" | "/") sign | sign without "-")*
    sign    = "-" sign | "+" sign | power
    power   = atom ("²" | "³" | "^" sign)?
    atom    = number | name | function "(" sum ("," sum)* ")" | "(" sum ")" | "√" atom
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

__all__ = ["LONGEST", "MOST_SECONDS", "UnusableWaitFunction", "WaitFunction", "wait_function"]

LONGEST = 500
"""Characters of an expression; the published ones have at most 70."""

MOST_SECONDS = 15.0
"""Seconds; the platform takes 0 … 15."""

_DEEPEST = 40
"""Expressions in expressions."""

_Value = Callable[[float], float]

_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TOKEN = re.compile(rf"\s*(?:{_NUMBER}|[A-Za-z][A-Za-z0-9_]*|[-+*/^(),√²³])")


class UnusableWaitFunction(ValueError):
    """Expression that is no wait function; the message says what was expected and found, and never quotes it."""


class WaitFunction:
    """Seconds to wait, by the probability that the caller is still speaking.

    >>> wait_function("200 + 8000 * x")(0.1)
    1.0
    """

    def __init__(self, value: _Value) -> None:
        self._value = value

    def __call__(self, still_speaking: float) -> float:
        """Seconds, 0 … `MOST_SECONDS`, for a probability from 0 to 1.

        Raises
        ------
        UnusableWaitFunction
            The expression has no value there, such as the square root of a negative number.
        """
        try:
            milliseconds = self._value(min(max(still_speaking, 0.0), 1.0))
        except (ValueError, OverflowError):
            milliseconds = math.nan
        if math.isnan(milliseconds):
            raise UnusableWaitFunction("expected a number for every x from 0 to 1, found a place without one")
        return min(max(milliseconds / 1000, 0.0), MOST_SECONDS)


@lru_cache(256)
def wait_function(expression: str) -> WaitFunction:
    """The function that an expression describes.

    Raises
    ------
    UnusableWaitFunction
        Not an expression of the platform's syntax, or a too long one.
    """
    if len(expression) > LONGEST:
        raise UnusableWaitFunction(f"expected at most {LONGEST} characters, found {len(expression)}")
    function = WaitFunction(_Parser(_tokens(expression)).parse())
    for still_speaking in (0.0, 0.25, 0.5, 0.75, 1.0):
        function(still_speaking)
    return function


def _divided(dividend: float, divisor: float) -> float:
    """Quotient as in JavaScript, where a division by zero is infinite."""
    if divisor:
        return dividend / divisor
    return math.nan if not dividend or math.isnan(dividend) else math.copysign(math.inf, dividend)


def _power(base: float, exponent: float) -> float:
    if base == 0 and exponent < 0:
        return math.inf
    return math.pow(base, exponent)


def _log(value: float) -> float:
    return math.log(value) if value else -math.inf


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


_CONSTANTS = {"pi": math.pi, "e": math.e}
_ONE_ARGUMENT: dict[str, _Value] = {
    "sqrt": math.sqrt, "exp": _exp, "log": _log, "abs": abs, "sin": math.sin, "cos": math.cos,
}  # fmt: skip
_TWO_ARGUMENTS: dict[str, Callable[[float, float], float]] = {"pow": _power, "min": min, "max": max}
FUNCTIONS = (*_ONE_ARGUMENT, *_TWO_ARGUMENTS)
"""Names of the functions; min and max take two values or more."""


def _tokens(expression: str) -> list[str]:
    found: list[str] = []
    position, end = 0, len(expression.rstrip())
    while position < end:
        token = _TOKEN.match(expression, position)
        if token is None:
            raise UnusableWaitFunction(f"expected a number, a name or an operator at {position + 1}, found neither")
        found.append(token[0].strip())
        position = token.end()
    return found


class _Parser:
    """Parser of one expression, from left to right."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0

    def parse(self) -> _Value:
        value = self._sum()
        if self._next:
            raise UnusableWaitFunction(f"expected an operator at the {self._position + 1}. part, found something else")
        return value

    @property
    def _next(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _took(self, *tokens: str) -> str:
        token = self._next
        if token and token in tokens:
            self._position += 1
            return token
        return ""

    def _require(self, token: str) -> None:
        if not self._took(token):
            raise UnusableWaitFunction(f"expected {token!r} at the {self._position + 1}. part, found something else")

    def _sum(self) -> _Value:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnusableWaitFunction(f"expected at most {_DEEPEST} parentheses in parentheses, found more")
        value = self._product()
        while operator := self._took("+", "-"):
            value = _added(value, self._product(), -1.0 if operator == "-" else 1.0)
        self._depth -= 1
        return value

    def _product(self) -> _Value:
        value = self._sign()
        while True:
            if self._took("/"):
                value = _joined(_divided, value, self._sign())
            elif self._took("*") or self._next in ("(", "√") or self._next[:1].isalpha():
                value = _joined(_times, value, self._sign())
            else:
                return value

    def _sign(self) -> _Value:
        negative = False
        while sign := self._took("-", "+"):
            negative ^= sign == "-"
        value = self._power()
        return (lambda x: -value(x)) if negative else value

    def _power(self) -> _Value:
        value = self._atom()
        if raised := self._took("²", "³"):
            exponent = 2.0 if raised == "²" else 3.0
            return _joined(_power, value, lambda _: exponent)
        if self._took("^"):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise UnusableWaitFunction(f"expected at most {_DEEPEST} powers in powers, found more")
            value = _joined(_power, value, self._sign())
            self._depth -= 1
        return value

    def _atom(self) -> _Value:
        if self._took("("):
            value = self._sum()
            self._require(")")
            return value
        if self._took("√"):
            return _composed(math.sqrt, self._atom_after_root())
        word = self._next
        self._position += 1
        if word == "x":
            return lambda x: x
        if word in _CONSTANTS:
            constant = _CONSTANTS[word]
            return lambda _: constant
        if word in FUNCTIONS:
            return self._call(word)
        if word and word[0] in "0123456789.":
            number = float(word)
            return lambda _: number
        self._position -= 1
        known = ", ".join(("x", *_CONSTANTS, *FUNCTIONS))
        raise UnusableWaitFunction(f"expected a number or one of {known} at the {self._position + 1}. part")

    def _atom_after_root(self) -> _Value:
        if self._next == "√":
            raise UnusableWaitFunction("expected a number, a name or a parenthesis after √, found another √")
        return self._atom()

    def _call(self, name: str) -> _Value:
        self._require("(")
        arguments = [self._sum()]
        while self._took(","):
            arguments.append(self._sum())
        self._require(")")
        if name in _ONE_ARGUMENT and len(arguments) == 1:
            return _composed(_ONE_ARGUMENT[name], arguments[0])
        if name in _TWO_ARGUMENTS and (len(arguments) == 2 or (len(arguments) > 2 and name != "pow")):
            value = arguments[0]
            for other in arguments[1:]:
                value = _joined(_TWO_ARGUMENTS[name], value, other)
            return value
        expected = "one value" if name in _ONE_ARGUMENT else "two values" if name == "pow" else "two values or more"
        raise UnusableWaitFunction(f"expected {expected} for {name}, found {len(arguments)}")


def _times(one: float, other: float) -> float:
    return one * other


def _added(one: _Value, other: _Value, sign: float) -> _Value:
    return lambda x: one(x) + sign * other(x)


def _joined(operation: Callable[[float, float], float], one: _Value, other: _Value) -> _Value:
    return lambda x: operation(one(x), other(x))


def _composed(function: _Value, argument: _Value) -> _Value:
    return lambda x: function(argument(x))

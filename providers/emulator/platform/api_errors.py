"""Errors of the platform's HTTP API, in its shape and its words."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import inspect
from starlette.responses import JSONResponse

from providers.emulator.failures import EmulatorError

_NUMBER = "a number conforming to the specified constraints"
_NOUNS = {
    "str": "a string", "int": "an integer number", "float": _NUMBER, "bool": "a boolean value", "array": "an array",
    "object": "an object",
}  # fmt: skip
_LIMITS = (
    (re.compile(r"Expected `(?:int|float)` >= (\S+)"), "must not be less than {}"),
    (re.compile(r"Expected `(?:int|float)` <= (\S+)"), "must not be greater than {}"),
    (re.compile(r"Expected `str` of length <= (\d+)"), "must be shorter than or equal to {} characters"),
    (re.compile(r"Expected `(?:array|object)` of length <= (\d+)"), "must contain no more than {} elements"),
)
_MISSING = re.compile(r"missing required field `([^`]+)`")
_EXPECTED = re.compile(r"Expected `([^`]+)`")


class ApiError(EmulatorError):
    """A request that the API refuses; ``messages`` is a list where fields are at fault."""

    def __init__(self, status: int, messages: str | list[str]) -> None:
        super().__init__(messages if isinstance(messages, str) else "; ".join(messages))
        self.status = status
        self.messages = messages

    def response(self) -> JSONResponse:
        """The answer's body as the platform shapes it."""
        phrase = HTTPStatus(self.status).phrase
        return JSONResponse({"message": self.messages, "error": phrase, "statusCode": self.status}, self.status)


def invalid(root: str, fault: msgspec.ValidationError, wanted: Any) -> ApiError:
    """The refusal of a value that is not what ``wanted`` asks for; ``root`` names it, empty for the whole body."""
    told, _, where = str(fault).partition(" - at `$")
    inner = re.sub(r"\[[^\]]*\]", "", where.rstrip("`")).strip(".")
    if missing := _MISSING.search(told):
        inner = ".".join(filter(None, (inner, missing[1])))
        sentence = "should not be empty"
    else:
        sentence = _sentence(told, wanted, inner)
    name = ".".join(filter(None, (root, inner))) or "body"
    return ApiError(400, [f"{name} {sentence}"])


def _sentence(told: str, wanted: Any, path: str) -> str:
    for pattern, words in _LIMITS:
        if found := pattern.search(told):
            return words.format(found[1].removesuffix(".0"))
    if told.startswith("Invalid enum value"):
        return f"must be one of the following values: {', '.join(_values(wanted, path))}"
    expected = _EXPECTED.search(told)
    kinds = expected[1].split(" | ") if expected else []
    nouns = [_NOUNS[kind] for kind in kinds if kind in _NOUNS]
    return f"must be {' or '.join(nouns)}" if nouns else "is not valid"


def _values(wanted: Any, path: str) -> list[str]:
    """The values that a field may have; none where it cannot be found."""
    found: Any = inspect.type_info(wanted)
    for name in filter(None, path.split(".")):
        found = next((field.type for part in _parts(found) for field in part.fields if field.encode_name == name), None)
    choices = [choice for kind in _options(found) if isinstance(kind, inspect.LiteralType) for choice in kind.values]
    return [str(choice) for choice in choices]


def _options(found: Any) -> list[Any]:
    """The types that a value may have, within optional values, lists and metadata."""
    if isinstance(found, inspect.UnionType):
        return [kind for each in found.types for kind in _options(each)]
    if isinstance(found, inspect.Metadata):
        return _options(found.type)
    if isinstance(found, inspect.VarTupleType | inspect.ListType):
        return _options(found.item_type)
    return [found]


def _parts(found: Any) -> list[inspect.StructType]:
    return [kind for kind in _options(found) if isinstance(kind, inspect.StructType)]

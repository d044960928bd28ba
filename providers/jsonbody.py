"""JSON bytes to typed values, with errors that name the field, what was expected and what came, and quote nothing."""

from __future__ import annotations

from typing import Any

import msgspec

from providers.errors import BadRequest


def decode(body: bytes, shape: type[Any]) -> Any:
    """Decode a whole body.

    Raises
    ------
    BadRequest
        Not JSON, or not of this shape.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        what, where = sentence(error)
        raise BadRequest(f"{where.lstrip('.') or 'body'}: {what}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest("body: expected JSON, found something else or a part of it") from None
    except RecursionError:
        raise BadRequest("body: expected JSON of moderate depth, found deeper nesting") from None


def field(raw: msgspec.Raw, shape: Any, path: str) -> Any:
    """Decode one field that was left raw; ``path`` names it in errors.

    Raises
    ------
    BadRequest
        Missing, or not of this shape.
    """
    if not bytes(raw):
        raise BadRequest(f"{path}: expected a value, found none")
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        what, where = sentence(error)
        raise BadRequest(f"{path}{where}: {what}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(f"{path}: expected well-formed JSON in UTF-8, found something else") from None
    except RecursionError:
        raise BadRequest(f"{path}: expected JSON of moderate depth, found deeper nesting") from None


_OUT_OF_RANGE = {"Number out of range", "Integer value out of range"}
_MISSING = "Object missing required field "


def sentence(error: msgspec.ValidationError) -> tuple[str, str]:
    """Msgspec's words for what is wrong in ours, and the path of the field (``.call.id``, empty for the whole)."""
    what, _, where = str(error).partition(" - at ")
    if what in _OUT_OF_RANGE:
        what = "expected a number of moderate size, found a larger one"
    elif what.startswith(_MISSING):
        what = f"expected field {what.removeprefix(_MISSING).strip('`')}, found none"
    return what.replace("Expected ", "expected ").replace(", got ", ", found "), where.strip("`$")

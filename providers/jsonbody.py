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
        what, _, where = str(error).partition(" - at ")
        raise BadRequest(f"{where.strip('`$.') or 'body'}: {_sentence(what)}") from None
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
        what, _, where = str(error).partition(" - at ")
        raise BadRequest(f"{path}{where.strip('`$')}: {_sentence(what)}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(f"{path}: expected well-formed JSON in UTF-8, found something else") from None
    except RecursionError:
        raise BadRequest(f"{path}: expected JSON of moderate depth, found deeper nesting") from None


def _sentence(text: str) -> str:
    return text.replace("Expected ", "expected ").replace(", got ", ", found ")

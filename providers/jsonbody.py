"""JSON bytes to typed values, with errors that name the field, what was expected and what came, and quote nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

import msgspec

from providers.errors import BadRequest


@dataclass(frozen=True, slots=True)
class OtherMessage:
    """A message of a type that an endpoint does not serve; its URL may also be the assistant's general webhook."""

    type: str


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


class Fields:
    """Fields of one message, each decoded when it is asked for: the big ones are passed over once and never copied.

    Parameters
    ----------
    raw
        An instance of `raw_fields` of the message type.
    message
        The type that says what each field holds; the same one describes the endpoint in ``/openapi.json``.
    path
        What stands before a field's name in errors.
    """

    def __init__(self, raw: Any, message: type[msgspec.Struct], path: str) -> None:
        self._raw = raw
        self._types = _types(message)
        self.path = path

    def take(self, name: str, shape: Any = None) -> Any:
        """Decode one field, as its own type or as ``shape``.

        Raises
        ------
        BadRequest
            Missing, or not of this type.
        """
        return field(getattr(self._raw, name), shape or self._types[name], self.path + name)


@cache
def _types(message: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(message, include_extras=True)


def raw_fields(message: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The fields of a message type, each left raw; one that may be missing is null then."""
    fields = [
        (known.name, msgspec.Raw, msgspec.Raw() if known.required else msgspec.Raw(b"null"))
        for known in msgspec.structs.fields(message)
    ]
    return msgspec.defstruct(f"Raw{message.__name__}", fields)


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

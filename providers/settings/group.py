"""Group of settings: the small struct of one room, and the types that its fields share."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

SECRET: dict[str, object] = {"secret": True}
"""Marks a field that is never printed and can also be read from a file."""

Seconds = Annotated[float, Meta(ge=0, le=3600)]
"""A length of time where 0 means at once, or off."""
Duration = Annotated[float, Meta(ge=0.001, le=3600)]
"""A length of time where 0 would make something impossible, in seconds."""
Count = Annotated[int, Meta(ge=1)]


def secret_from(variable: str) -> dict[str, object]:
    """Mark a secret that is also read from the variable its vendor's own tools read."""
    return {"secret": True, "variable": variable}


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one room. The description of each field is its ``--help`` text.

    The public name of a field is `prefix` and the field's name: ``wpm`` of the prefix ``espeak_`` is ``--espeak-wpm``.
    """

    heading: ClassVar[str] = ""
    """What stands above the group in ``--help``."""
    prefix: ClassVar[str] = ""

    def faults(self) -> Iterator[str]:
        """Sentences about values that do not fit together."""
        yield from ()

    def __repr__(self) -> str:
        secrets = secret_fields(type(self))
        shown = (
            f"{name}={'***' if name in secrets and value else repr(value)}"
            for name, value in msgspec.structs.asdict(self).items()
        )
        return f"{type(self).__name__}({', '.join(shown)})"


@lru_cache
def secret_fields(group: type[Group]) -> frozenset[str]:
    """Names of a group's secret fields."""
    hints = typing.get_type_hints(group, include_extras=True)
    return frozenset(name for name in group.__struct_fields__ if described(hints[name])[1].get("secret"))


def described(hint: Any) -> tuple[str, dict[str, Any]]:
    """A field's description, and the marks of `SECRET` and `secret_from`."""
    metas = [meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, Meta)]
    description = next((meta.description for meta in metas if meta.description), "")
    return description, {key: value for meta in metas for key, value in (meta.extra or {}).items()}

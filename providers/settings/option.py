"""Option: one setting as the command line, the environment and the README show it."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from providers.settings.group import Group, described

PREFIX = "PROVIDERS_"
"""Of every environment variable."""


@dataclass(frozen=True, slots=True)
class Option:
    """One setting by its public name."""

    name: str
    type: Any
    default: Any
    description: str
    secret: bool
    group: str
    """The field of `Settings` that holds its group."""
    field: str
    """Its name inside the group."""
    heading: str
    vendor_variable: str | None = None
    """The variable that the vendor's own tools read."""
    is_file: bool = False
    """Whether it names the file that holds a secret; group and field are the secret's own."""

    @property
    def file(self) -> Option:
        """The setting that names the file of this secret."""
        variable = f"{self.vendor_variable}_FILE" if self.vendor_variable else None
        told = f"File that holds {self.flag}, which is then in no process list and no environment."
        return replace(
            self,
            name=f"{self.name}_file",
            type=str,
            description=told,
            secret=False,
            vendor_variable=variable,
            is_file=True,
        )

    @property
    def flag(self) -> str:
        """The spelling on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The spelling in the environment."""
        return PREFIX + self.name.upper()

    @property
    def is_switch(self) -> bool:
        """Whether the flag takes no value."""
        return isinstance(self.default, bool)

    @property
    def metavar(self) -> str:
        """What stands for the value in ``--help``."""
        if self.name.endswith("_seconds"):
            return "SECONDS"
        if self.is_file:
            return "FILE"
        if choices := choices_of(self.type):
            return "|".join(choices)
        return "N" if isinstance(self.default, int | float) else "TEXT"


def options_of(settings: type[msgspec.Struct]) -> Iterator[Option]:
    """The options of a struct of groups; each secret is followed by the option of its file."""
    for group, kind in typing.get_type_hints(settings).items():
        if not (isinstance(kind, type) and issubclass(kind, Group)):
            continue
        hints = typing.get_type_hints(kind, include_extras=True)
        for field in msgspec.structs.fields(kind):
            option = _option(group, kind, field, hints[field.name])
            yield option
            if option.secret:
                yield option.file


def expected(hint: Any) -> str:
    """What a value of this type is, for people: ``a whole number from 0 to 65535``."""
    if choices := choices_of(hint):
        return f"one of {', '.join(choices)}"
    return _expected(msgspec.inspect.type_info(hint))


def choices_of(hint: Any) -> tuple[str, ...]:
    """The values of a setting that knows only some, in their order."""
    while typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    return tuple(map(str, typing.get_args(hint))) if typing.get_origin(hint) is typing.Literal else ()


def _expected(found: msgspec.inspect.Type) -> str:
    while isinstance(found, msgspec.inspect.Metadata):
        found = found.type
    match found:
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.IntType() | msgspec.inspect.FloatType():
            noun = "a whole number" if isinstance(found, msgspec.inspect.IntType) else "a number"
            return noun + _range(found.ge, found.le)
        case msgspec.inspect.UnionType(types=types):
            kinds = [kind for kind in types if not isinstance(kind, msgspec.inspect.NoneType)]
            return " or ".join(map(_expected, kinds))
    return "text" if isinstance(found, msgspec.inspect.StrType) else "a value of another type"


def _range(least: float | None, most: float | None) -> str:
    match least, most:
        case None, None:
            return ""
        case _, None:
            return f" of at least {least:g}"
        case None, _:
            return f" of at most {most:g}"
    return f" from {least:g} to {most:g}"


def _option(group: str, kind: type[Group], field: msgspec.structs.FieldInfo, hint: Any) -> Option:
    description, extra = described(hint)
    return Option(
        name=kind.prefix + field.name,
        type=hint,
        default=field.default,
        description=description,
        secret=bool(extra.get("secret")),
        group=group,
        field=field.name,
        heading=kind.heading,
        vendor_variable=extra.get("variable"),
    )

"""Sources of a setting, in order of precedence, and the conversion of what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from providers.errors import SettingsError
from providers.settings.option import Option, expected

_SWITCHES = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_SHOWN = 80
"""Characters of a wrong value."""
_LARGEST_SECRET = 64 * 1024
"""Bytes of a file that may hold a secret; a larger one is another file."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value as one source holds it."""

    source: str
    """For people: the flag, the variable, or the key and its file."""
    value: Any
    lax: bool
    """Whether the source knows text only, so that ``"8080"`` is a number."""

    def converted(self, option: Option) -> Any:
        """The value in the setting's own type.

        Raises
        ------
        SettingsError
            It is of another type, or out of range; a secret is not quoted.
        """
        value = self.value
        if self.lax and option.is_switch and isinstance(value, str):
            value = _SWITCHES.get(value.lower(), value)
        try:
            return msgspec.convert(value, option.type, strict=not self.lax)
        except msgspec.ValidationError:
            found = "something else" if option.secret else repr(value)[:_SHOWN]
            raise SettingsError([f"{self.source}: expected {expected(option.type)}, found {found}"]) from None


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that was given: flags, environment (with ``.env`` below it), TOML file."""

    flags: Mapping[str, Any]
    variables: Mapping[str, str]
    table: Mapping[str, Any]
    config: str
    """Name of the TOML file."""

    def first(self, option: Option) -> Given | None:
        """The value of the source that wins; None when no source has one."""
        return next((given for given in self._levels(option) if given is not None), None)

    def secret(self, option: Option) -> Given | None:
        """The same for a secret, which may stand in a file; a source that has both is at fault.

        Raises
        ------
        SettingsError
            One source has both, or the file cannot be read.
        """
        for given, file in zip(self._levels(option), self._levels(option.file), strict=True):
            if given is not None and file is not None:
                raise SettingsError([f"{given.source} and {file.source}: expected one of them, found both"])
            if file is not None:
                return Given(file.source, _read_secret(file), lax=True)
            if given is not None:
                return given
        return None

    def _levels(self, option: Option) -> Iterator[Given | None]:
        """What each source has, the winning one first."""
        vendor = option.vendor_variable or ""
        for source, value, lax in (
            (option.flag, self.flags.get(option.name), True),
            (option.variable, self.variables.get(option.variable), True),
            (vendor, self.variables.get(vendor), True),
            (f"{option.name} in {self.config}", self.table.get(option.name), False),
        ):
            yield None if value is None else Given(source, value, lax)


def _read_secret(file: Given) -> str:
    """The text of a file, without the white space around it."""
    shown = repr(str(file.value))
    try:
        with Path(str(file.value)).open("rb") as stream:
            content = stream.read(_LARGEST_SECRET + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise SettingsError([f"{file.source}: cannot read {shown}: {error.strerror or error}"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{file.source}: cannot read {shown}: it is not UTF-8 text"]) from None
    if len(content) > _LARGEST_SECRET:
        raise SettingsError([f"{file.source}: cannot read {shown}: it is larger than {_LARGEST_SECRET} bytes"])
    return text.strip()

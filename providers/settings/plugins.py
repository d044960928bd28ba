"""Settings of plugins: what the environment and the TOML file hold for an engine of another package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Any, TypeVar

import msgspec

from providers.errors import SettingsError
from providers.jsonbody import sentence
from providers.settings.option import PREFIX

VOICES_GROUP = "vapi_providers.voices"
TRANSCRIBERS_GROUP = "vapi_providers.transcribers"
TURNS_GROUP = "vapi_providers.turns"

_Shape = TypeVar("_Shape", bound=msgspec.Struct)

_SECRET_NAME = re.compile("key|secret|token|password")


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """The values for one plugin, not yet checked: its own struct says what they mean."""

    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By name in lower case, without ``PROVIDERS_`` and the plugin's name."""
    table: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Its table of the TOML file."""

    def read(self, name: str, shape: type[_Shape]) -> _Shape:
        """The values as a struct; the environment beats the file.

        Raises
        ------
        SettingsError
            A value is of the wrong type, or has a name that the struct does not know. No value is quoted: it may be a
            secret.
        """
        merged = {**self.table, **self.variables}
        known = [each.encode_name for each in msgspec.structs.fields(shape)]
        unknown = [f"{self._source(name, key)}: no such setting{nearest(key, known)}" for key in set(merged) - {*known}]
        if unknown:
            raise SettingsError(sorted(unknown))
        try:
            return msgspec.convert(merged, shape, strict=False)
        except msgspec.ValidationError as error:
            what, where = sentence(error)
            key = where.strip(".")
            raise SettingsError([f"{self._source(name, key) if key else f'[{name}]'}: {what}"]) from None

    def told(self) -> dict[str, str]:
        """What may change how an engine sounds: every value that is not a secret by its name."""
        merged = {**self.table, **self.variables}
        return {key: repr(value) for key, value in sorted(merged.items()) if not _SECRET_NAME.search(key)}

    def _source(self, name: str, key: str) -> str:
        if key.partition(".")[0] in self.variables:
            return f"{PREFIX}{normalised(name)}_{key}".upper()
        return f"{key} in [{name}]"


def plugin_names() -> tuple[str, ...]:
    """Names of all installed engines of other packages, longest first."""
    points = {
        point.name for group in (VOICES_GROUP, TRANSCRIBERS_GROUP, TURNS_GROUP) for point in entry_points(group=group)
    }
    return tuple(sorted(points, key=lambda name: (-len(name), name)))


def normalised(name: str) -> str:
    """A plugin's name as it stands in an environment variable, in lower case."""
    return re.sub(r"\W", "_", name.lower())


def variables_of(plugin: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment's values for one plugin, by their name in lower case."""
    prefix = f"{PREFIX}{normalised(plugin)}_".upper()
    return {name[len(prefix) :].lower(): value for name, value in variables.items() if name.startswith(prefix)}


def nearest(name: str, known: Iterable[str]) -> str:
    """A question after the name that was probably meant; empty when none is near."""
    found = get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f"; did you mean {found[0]}?" if found else ""

"""Entry of the registry: what an engine needs, which settings it takes, how it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from typing import Any, Generic, TypeVar

import msgspec

from providers.engines.base import SpeechToText, TextToSpeech
from providers.errors import EngineUnavailable, ProvidersError, one_line
from providers.installing import install_command
from providers.models.catalogue import CATALOGUE
from providers.models.store import ModelStore
from providers.settings import Settings
from providers.settings.group import Group, secret_fields
from providers.settings.plugins import PluginSettings

_Engine = TypeVar("_Engine", TextToSpeech, SpeechToText)

_MEMBERS = ("name", "capabilities", "start", "aclose")
"""What every engine has."""


@dataclass(frozen=True, slots=True)
class EngineEntry(Generic[_Engine]):
    """One engine that can be named."""

    factory: Callable[..., _Engine]
    """Called with the groups of ``takes``, in their order."""
    takes: tuple[type[Group], ...] = ()
    package: str = ""
    """Import name of what it cannot do without."""
    extra: str = ""
    """Extra of this distribution that brings the package."""
    setting: str = ""
    """Public name of a setting that has to have a value."""
    model: str = ""
    """Name under which the catalogue of models knows it; a pulled model makes up for the setting."""
    unless: str = ""
    """A setting whose changed value makes up for that: a server of one's own needs no key."""
    bare: bool = False
    """For tests and load: nothing to cache, nothing to reconnect."""

    def make(self, settings: Settings) -> _Engine:
        """The engine as the settings say."""
        return self.factory(*(settings.group(kind) for kind in self.takes))

    def missing(self, settings: Settings) -> str:
        """What to install or set before this engine can start; empty when nothing is missing."""
        steps = []
        if self.package and find_spec(self.package) is None:
            steps.append(install_command(self.extra))
        made_up_for = self.unless and settings.get(self.unless) != Settings().get(self.unless)
        if self.setting and not settings.get(self.setting) and not made_up_for and not self._is_pulled(settings):
            steps.append(f"set --{self.setting.replace('_', '-')}" + self._pull_command())
        return ", ".join(steps)

    def _is_pulled(self, settings: Settings) -> bool:
        return bool(self.model) and ModelStore.at(settings.models.folder).model_of(self.model) is not None

    def _pull_command(self) -> str:
        found = next((name for name, model in CATALOGUE.items() if model.engine == self.model), None)
        return f" or run vapi-providers models pull {found}" if found else ""

    def digest(self, settings: Settings) -> str:
        """A digest of the engine's own settings, without its secrets: what may change how it sounds."""
        taken = [_without_secrets(settings.group(kind)) for kind in self.takes]
        return hashlib.sha256(msgspec.json.encode(taken)).hexdigest()


@dataclass(frozen=True, slots=True)
class PluginEntry(EngineEntry[_Engine]):
    """An engine of another package. Every fault of it is one `EngineUnavailable`."""

    name: str = ""
    version: str = ""
    """Name and version of its distribution: another version may sound different."""

    def make(self, settings: Settings) -> _Engine:
        """The engine as its package makes it.

        Raises
        ------
        EngineUnavailable
            The package does not import, its callable fails, or what that returns is no engine.
        """
        try:
            engine = self.factory(settings)
            absent = [member for member in _MEMBERS if not hasattr(engine, member)]
        except ProvidersError:
            raise
        except (Exception, SystemExit) as error:
            raise EngineUnavailable(
                f"plugin {self.name} of {self.version}: {one_line(error)}", engine=self.name
            ) from error
        if absent:
            found = f"expected an engine, found {type(engine).__name__} without {', '.join(absent)}"
            raise EngineUnavailable(f"plugin {self.name} of {self.version}: {found}", engine=self.name)
        return engine

    def digest(self, settings: Settings) -> str:
        """A digest of the package's version and of the plugin's own settings."""
        told = settings.plugins.get(self.name, PluginSettings()).told()
        return hashlib.sha256(msgspec.json.encode([self.version, told])).hexdigest()


def plugin_entry(point: EntryPoint) -> PluginEntry[Any]:
    """The engine of an entry point, which is loaded when the engine is made."""
    version = f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value
    return PluginEntry(partial(_plugged_in, point), name=point.name, version=version)


def _plugged_in(point: EntryPoint, settings: Settings) -> Any:
    return point.load()(settings)


def _without_secrets(group: Group) -> dict[str, Any]:
    secrets = secret_fields(type(group))
    return {name: value for name, value in msgspec.structs.asdict(group).items() if name not in secrets}

"""Settings read once from flags, environment, ``.env`` and a TOML file; all faults are reported together.

One public name in four spellings: the setting ``max_calls`` is the flag ``--max-calls``, the environment variable
``PROVIDERS_MAX_CALLS`` (also in ``.env``) and the TOML key ``max_calls``. Flags beat the environment, the environment
beats ``.env``, ``.env`` beats the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dotenv
import msgspec

from providers.errors import SettingsError
from providers.settings.option import PREFIX
from providers.settings.plugins import PluginSettings, nearest, normalised, plugin_names, variables_of
from providers.settings.root import Settings, options
from providers.settings.sources import Sources


def load(flags: Mapping[str, Any], environ: Mapping[str, str], *, folder: Path) -> Settings:
    """Merge the four sources into one checked `Settings`.

    Parameters
    ----------
    flags
        Values given on the command line by public name; None counts as not given. ``config`` names the TOML file.
    environ
        The environment.
    folder
        Where ``.env`` is looked for.

    Raises
    ------
    SettingsError
        Everything that is wrong, one sentence each, without any secret's value.
    """
    variables = {**_dotenv(folder), **environ}
    faults: list[str] = []
    config = flags.get("config") or variables.get(PREFIX + "CONFIG")
    table = _toml(Path(config), faults) if config else {}
    sources = Sources(flags, variables, table, config or "")
    values: dict[str, Any] = {}
    for option in options():
        if option.is_file:
            continue
        try:
            given = sources.secret(option) if option.secret else sources.first(option)
            if given is not None:
                values[option.name] = given.converted(option)
        except SettingsError as error:
            faults += error.faults
    plugins = _plugins(variables, table)
    faults += _misspelt(sources, plugins)
    if faults:
        raise SettingsError(faults)
    settings = msgspec.structs.replace(Settings.of(**values), plugins=plugins)
    if faults := list(settings.faults()):
        raise SettingsError(faults)
    return settings


def _dotenv(folder: Path) -> dict[str, str]:
    file = folder / ".env"
    return (
        {key: value for key, value in dotenv.dotenv_values(file).items() if value is not None} if file.is_file() else {}
    )


def _toml(path: Path, faults: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        faults.append(f"--config: cannot read {str(path)!r}: {reason}")
        return {}


def _plugins(variables: Mapping[str, str], table: Mapping[str, Any]) -> dict[str, PluginSettings]:
    """What each installed plugin was given; only looked for when something is there that is no setting of ours."""
    known = {option.variable for option in options()}
    others = {name: value for name, value in variables.items() if name.startswith(PREFIX) and name not in known}
    if not others and not any(isinstance(value, dict) for value in table.values()):
        return {}
    found = {}
    for plugin in plugin_names():
        own = table.get(plugin)
        given = variables_of(plugin, others)
        if given or isinstance(own, dict):
            found[plugin] = PluginSettings(given, own if isinstance(own, dict) else {})
            others = {
                name: value for name, value in others.items() if name[len(PREFIX) :].lower() not in _full(plugin, given)
            }
    return found


def _misspelt(sources: Sources, plugins: Mapping[str, PluginSettings]) -> Iterator[str]:
    """Variables and keys that are nothing's name, each with the name that is nearest."""
    variables = {option.variable for option in options()} | {PREFIX + "CONFIG", PREFIX + "RUNTIME_DIR"}
    taken = {PREFIX + name.upper() for plugin, own in plugins.items() for name in _full(plugin, own.variables)}
    for variable in sorted(sources.variables):
        if variable.startswith(PREFIX) and variable not in variables | taken:
            yield f"{variable}: no such setting{nearest(variable, variables)}"
    names = {option.name for option in options()}
    for key in sorted(set(sources.table) - names - set(plugins)):
        yield f"{key} in {sources.config}: no such setting{nearest(key, names)}"


def _full(plugin: str, given: Iterable[str]) -> set[str]:
    return {f"{normalised(plugin)}_{name}" for name in given}

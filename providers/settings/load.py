"""Settings read once from flags, environment, ``.env`` and a TOML file; all faults are reported together.

One public name in four spellings: the setting ``max_calls`` is the flag ``--max-calls``, the environment variable
``PROVIDERS_MAX_CALLS`` (also in ``.env``) and the TOML key ``max_calls``. Flags beat the environment, the environment
beats ``.env``, ``.env`` beats the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dotenv

from providers.errors import SettingsError
from providers.settings.root import PREFIX, Settings, options
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
    faults += _misspelt(variables, table, config)
    if faults:
        raise SettingsError(faults)
    settings = Settings.of(**values)
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


def _misspelt(variables: Mapping[str, str], table: Mapping[str, Any], config: str | None) -> Iterator[str]:
    names = {option.name for option in options()}
    known = {PREFIX + name.upper() for name in names} | {PREFIX + "CONFIG", PREFIX + "RUNTIME_DIR"}
    for variable in sorted(variables):
        if variable.startswith(PREFIX) and variable not in known:
            yield f"{variable}: no such setting"
    for key in sorted(set(table) - names):
        yield f"{key} in {config}: no such setting"

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
import msgspec

from providers.errors import SettingsError
from providers.settings.root import PREFIX, Option, Settings, options


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
    values: dict[str, Any] = {}
    for option in options():
        for source, value, lax in (
            (option.flag, flags.get(option.name), True),
            (option.variable, variables.get(option.variable), True),
            (option.vendor_variable or "", variables.get(option.vendor_variable or ""), True),
            (f"{option.name} in {config}", table.get(option.name), False),
        ):
            if value is not None:
                _take(option, source, value, lax=lax, values=values, faults=faults)
                break
    faults += _misspelt(variables, table, config)
    if faults:
        raise SettingsError(faults)
    settings = Settings.of(**values)
    if faults := [fault for group in settings.all_groups() for fault in group.faults()]:
        raise SettingsError(faults)
    return settings


def _take(option: Option, source: str, value: Any, *, lax: bool, values: dict[str, Any], faults: list[str]) -> None:
    if lax and option.is_switch and isinstance(value, str):
        value = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(value.lower(), value)
    try:
        values[option.name] = msgspec.convert(value, option.type, strict=not lax)
    except msgspec.ValidationError as error:
        found = "" if option.secret else f", found {value!r}"
        faults.append(f"{source}: {error}{found}")


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

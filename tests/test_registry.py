"""Engines of other packages: what is wrong with one is one sentence, and each reads settings of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from providers import engines_command, registry, settings
from providers.errors import EngineUnavailable, SettingsError
from providers.settings import Settings
from tests import broken_plugins
from tests.test_cli import run


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "site"
    folder.mkdir()
    broken_plugins.install(folder)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    broken_plugins.forget()


@pytest.mark.parametrize("name", [name for name in broken_plugins.WHY if name != "startless"])
def test_a_plugin_that_cannot_be_made_is_one_line_in_the_list(plugins: Path, name: str) -> None:
    entry = next(entry for entry in engines_command.entries(Settings()) if entry.name == name)
    assert entry.state == f"plugin {name} of broken-plugins 2.0: {broken_plugins.WHY[name]}"
    assert not entry.ready
    with pytest.raises(EngineUnavailable, match="broken-plugins"):
        registry.voices()[name].make(Settings())


def test_a_plugin_that_cannot_start_is_not_ready_once_it_is_probed(plugins: Path) -> None:
    listed = [entry for entry in engines_command.entries(Settings()) if entry.name == "startless"]
    assert listed[0].ready
    (probed,) = asyncio.run(engines_command.probed(Settings(), listed))
    assert (probed.ready, probed.state) == (False, "cannot start: KeyError: 'model'")


@pytest.mark.parametrize("name", broken_plugins.WHY)
def test_serve_says_in_one_sentence_what_is_wrong_with_the_plugin_that_was_asked_for(
    plugins: Path, tmp_path: Path, name: str
) -> None:
    path = os.pathsep.join(filter(None, (str(plugins), os.environ.get("PYTHONPATH"))))
    ended = run("serve", "--port", "0", "--transcriber", "null", "--voice", name, folder=tmp_path, PYTHONPATH=path)
    assert ended.returncode == 1
    assert broken_plugins.WHY[name] in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def load(folder: Path, toml: str = "", **environ: str) -> Settings:
    (folder / "p.toml").write_text(toml)
    return settings.load({"config": str(folder / "p.toml")}, environ, folder=folder)


def pitched(chosen: Settings) -> Any:
    return registry.voices()["pitched"].make(chosen)


def test_a_plugin_reads_its_own_table_and_its_own_variables(plugins: Path, tmp_path: Path) -> None:
    assert pitched(load(tmp_path)).own.hertz == 150
    assert pitched(load(tmp_path, "[pitched]\nhertz = 90.0")).own.hertz == 90
    both = load(tmp_path, "[pitched]\nhertz = 90.0\napi_key = 'hunter2'", PROVIDERS_PITCHED_HERTZ="200")
    assert (pitched(both).own.hertz, pitched(both).own.api_key) == (200, "hunter2")
    assert "hunter2" not in repr(both)


@pytest.mark.parametrize(
    ("toml", "environ", "told"),
    [
        ("[pitched]\nhertz = 'hunter2'", {}, "hertz in [pitched]: expected `float`, found `str`"),
        ("", {"PROVIDERS_PITCHED_HERTZ": "hunter2"}, "PROVIDERS_PITCHED_HERTZ: expected `float`, found `str`"),
        ("[pitched]\nherz = 1.0", {}, "herz in [pitched]: no such setting; did you mean hertz?"),
        ("", {"PROVIDERS_PITCHED_HERZ": "1"}, "PROVIDERS_PITCHED_HERZ: no such setting; did you mean hertz?"),
    ],
)
def test_a_wrong_setting_of_a_plugin_is_named_and_not_quoted(
    plugins: Path, tmp_path: Path, toml: str, environ: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingsError) as error:
        pitched(load(tmp_path, toml, **environ))
    assert error.value.faults == (told,)


def test_a_variable_of_no_plugin_is_still_unknown(plugins: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PROVIDERS_PITCHER_HERTZ: no such setting"):
        load(tmp_path, PROVIDERS_PITCHER_HERTZ="1")


def test_a_cached_recording_depends_on_the_plugins_own_settings_and_not_on_its_keys(
    plugins: Path, tmp_path: Path
) -> None:
    def digest(toml: str) -> str:
        return registry.voices()["pitched"].digest(load(tmp_path, toml))

    assert digest("[pitched]\nhertz = 90.0") != digest("[pitched]\nhertz = 91.0")
    assert digest("[pitched]\napi_key = 'a'") == digest("[pitched]\napi_key = 'b'")

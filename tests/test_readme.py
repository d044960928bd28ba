"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

import click

import providers.cli
from providers import registry, settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 255


def test_every_setting_it_names_exists() -> None:
    flags = {option.flag for option in settings.options()} | {"--config"}
    main = providers.cli.main
    context = click.Context(main)
    commands = [main.get_command(context, name) for name in main.list_commands(context)]
    flags |= {name for command in commands if command for parameter in command.params for name in parameter.opts}
    elsewhere = {"--help", "--plot", "--target"}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", README)) - {"--hmac", "--bearer"}
    assert named <= flags | elsewhere


def test_every_engine_is_in_its_table() -> None:
    table = README.partition("## Engines")[2].partition("`vapi-providers engines")[0]
    for name in {*registry.VOICES, *registry.TRANSCRIBERS}:
        assert name in table


def test_ci_runs_its_test_command_to_the_letter() -> None:
    (command,) = re.findall(r"^python3 -m venv .*pytest$", README, re.MULTILINE)
    assert command in (ROOT / ".ci" / "run").read_text()

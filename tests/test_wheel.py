"""The wheel and the source archive: what is in them, and a server started from them alone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent


def run(*command: str, **environ: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROVIDERS_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, *command], env=kept | environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source archive of a clean copy of the tracked files, and the wheel that is built from the archive."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("needs git, which knows which files belong to the project")
    for name in listed.stdout.decode().split("\0"):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = "import os, setuptools.build_meta as b; os.chdir({!r}); print(b.{}({!r}))"
    sdist = folder / run("-c", build.format(str(source), "build_sdist", str(folder))).split()[-1]
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    wheel = folder / run("-c", build.format(str(unpacked), "build_wheel", str(folder))).split()[-1]
    return sdist, wheel


def test_the_wheel_has_the_packages_and_their_data_and_nothing_else(archives: tuple[Path, Path]) -> None:
    names = zipfile.ZipFile(archives[1]).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"providers", "dsp"}
    assert not [name for name in names if name.endswith((".c", ".h"))]
    assert {"providers/py.typed", "dsp/py.typed", "providers/pages/docs.html", "providers/pages/docs.js"} <= set(names)
    metadata = zipfile.ZipFile(archives[1]).read(next(name for name in names if name.endswith("METADATA"))).decode()
    assert "License-Expression: MIT" in metadata
    assert not re.search(r"\]\((?!https?://|#)", metadata), "a relative link or picture is broken on a package page"


def test_the_source_archive_has_the_kernels_sources(archives: tuple[Path, Path]) -> None:
    with tarfile.open(archives[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"dsp/kernels/{path.name}" for path in (ROOT / "dsp" / "kernels").iterdir()} <= names
    assert "setup.py" in names


def test_without_a_compiler_the_wheel_is_built_and_has_no_kernels(archives: tuple[Path, Path], tmp_path: Path) -> None:
    with tarfile.open(archives[0]) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    build = "import os, setuptools.build_meta as b; os.chdir({!r}); print(b.build_wheel({!r}))"
    wheel = tmp_path / run("-c", build.format(str(unpacked), str(tmp_path)), CC="false").split()[-1]
    names = zipfile.ZipFile(wheel).namelist()
    assert "dsp/live.py" in names
    assert not [name for name in names if "_native" in name]


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_with_a_compiler_the_wheel_has_kernels_for_every_python_from_3_11(archives: tuple[Path, Path]) -> None:
    assert "dsp/_native.abi3.so" in zipfile.ZipFile(archives[1]).namelist()
    assert "-cp311-abi3-" in archives[1].name


def test_a_server_runs_from_the_wheel_alone(archives: tuple[Path, Path], tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    zipfile.ZipFile(archives[1]).extractall(installed)  # what an installer does with a wheel
    start = "import providers; print(providers.__file__, flush=True); from providers.cli import main; main()"
    command = [sys.executable, "-c", start, "serve", "--port", "0", "--no-auth", "--voice", "tone"]
    environment = os.environ | {"PYTHONPATH": str(installed), "PROVIDERS_RUNTIME_DIR": str(tmp_path)}
    with subprocess.Popen(
        [*command, "--transcriber", "null"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            assert Path(server.stdout.readline().strip()).is_relative_to(installed)
            url = next(found[0] for line in server.stdout if (found := re.search(r"http://[\d.]+:\d+", line)))
            message = {"type": "voice-request", "text": "Hello.", "sampleRate": 8000}
            spoken = httpx.post(url + "/api/custom-voice", json={"message": message}, timeout=20)
            assert spoken.status_code == 200
            assert len(spoken.content) > 1000
            assert "docs.js" in httpx.get(url + "/docs").text
        finally:
            server.send_signal(signal.SIGINT)

"""Programs that the tests of deploy/ run, where this machine has them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
COMMAND = [sys.executable, "-c", "from providers.cli import main; main()"]
"""The command line, in a process of its own."""


def tool(name: str, package: str) -> str:
    """Path of a program beside this Python or on the PATH; without it the test is skipped, with what to install."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name} ({package})")
    return found


def run(*command: str | Path, timeout: float = 60, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; the caller judges its exit code."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environ},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )

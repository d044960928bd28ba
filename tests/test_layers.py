"""The rooms import each other as drawn: the contracts of pyproject.toml hold, and can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_import_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout


def test_signal_code_and_words_know_no_clock_and_no_loop() -> None:
    for room in ("dsp", "providers/text"):
        for file in (ROOT / room).glob("*.py"):
            source = file.read_text()
            for banned in ("import time", "import asyncio", "import logging", "open("):
                assert banned not in source, f"{file}: {banned}"

"""The rooms import each other as drawn: the contracts of pyproject.toml hold, and can fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_import_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("providers/voice/wire.py", "import providers.transcriber.wire", "the house has layers BROKEN"),
        ("providers/engines/base.py", "import providers.settings", "engines know no endpoint BROKEN"),
        ("providers/stray.py", "", "providers.stray"),
        (
            "providers/errors.py",
            "import typing\nif typing.TYPE_CHECKING:\n    import providers.jsonbody",
            "the house has layers BROKEN",
        ),
        (
            "providers/voice/wire.py",
            "import typing\nif typing.TYPE_CHECKING:\n    import providers.voice.endpoint",
            "in a circle, not for types either BROKEN",
        ),
        ("providers/emulator/page.py", "import providers.settings", "the emulator spells the protocol itself BROKEN"),
    ],
)
def test_an_import_that_is_not_drawn_breaks_a_contract(tmp_path: Path, file: str, line: str, broken: str) -> None:
    for room in ("providers", "dsp"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a") as module:
        module.write(f"\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode != 0
    assert broken in done.stdout


def test_signal_code_and_words_know_no_clock_and_no_loop() -> None:
    for room in ("dsp", "providers/text"):
        for file in (ROOT / room).glob("*.py"):
            source = file.read_text()
            for banned in ("import time", "import asyncio", "import logging", "open("):
                assert banned not in source, f"{file}: {banned}"

"""A third party's engine is found by its entry point and keeps the same rules as ours."""

from __future__ import annotations

import importlib.util
import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from providers.settings import Settings
from tests.engines.conformance import SpeakingCase, SpeakingConformance, kept

EXAMPLE = Path(__file__).parent / "plugin_example"


def hum() -> Any:
    spec = importlib.util.spec_from_file_location("vapi_hum", EXAMPLE / "vapi_hum.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Hum(Settings())


class TestHum(SpeakingConformance):
    case = SpeakingCase(opened=lambda: kept(hum()), unknown_voice=None)


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The interpreter of a fresh environment that sees this one's packages and downloads nothing."""
    environment = tmp_path / "venv"
    venv.create(environment, symlinks=os.name != "nt")
    interpreter = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    own = run(interpreter, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    beside = [path for path in site.getsitepackages() if Path(path).is_dir()]
    lines = [f"import site; site.addsitedir({path!r})" for path in beside]
    (Path(own) / "beside.pth").write_text("\n".join(lines))
    return interpreter


def run(interpreter: Path | str, *arguments: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PROVIDERS_", "DEEPGRAM_"))}
    done = subprocess.run([str(interpreter), *arguments], env=clean, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="needs pip, which installs the example")
def test_an_installed_package_appears_among_the_engines(python: Path, tmp_path: Path) -> None:
    package = shutil.copytree(EXAMPLE, tmp_path / "package")
    pip = ("-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "--quiet")
    run(sys.executable, *pip, "--no-index", "--no-deps", "--no-build-isolation", str(package))
    listed = run(python, "-c", "from providers.cli import main; main()", "engines")
    assert "hum" in listed.split() or "hum," in listed.split()
    made = "from providers.assembly import make_voice; from providers.settings import Settings; "
    assert run(python, "-c", made + "print(make_voice(Settings.of(voice='hum')).name)").strip() == "hum"


def test_the_example_is_as_short_as_promised() -> None:
    code = (EXAMPLE / "vapi_hum.py").read_text().splitlines()
    assert sum(1 for line in code if line.strip()) <= 20

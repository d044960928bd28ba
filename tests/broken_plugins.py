"""Engines of other packages that are installed and wrong, each in its own way, and one that reads settings."""

from __future__ import annotations

import sys
from pathlib import Path

_MODULES = {
    "absent": "import a_package_that_nobody_has\n",
    "raising": "def make(settings):\n    raise RuntimeError('no licence\\nwas found')\n",
    "leaving": "def make(settings):\n    raise SystemExit(3)\n",
    "hollow": "def make(settings):\n    return object()\n",
    "startless": """
from providers.engines.tone import Tone

class Startless(Tone):
    name = "startless"
    async def start(self):
        raise KeyError("model")

def make(settings):
    return Startless()
""",
    "pitched": """
import msgspec
from providers.engines.base import SpeakingCapabilities

class Pitch(msgspec.Struct):
    hertz: float = 150.0
    api_key: str = ""

class Pitched:
    name = "pitched"
    capabilities = SpeakingCapabilities()

    def __init__(self, settings):
        self.own = settings.plugin("pitched", Pitch)

    async def start(self): ...
    async def aclose(self): ...

make = Pitched
""",
}

WHY = {
    "absent": "ModuleNotFoundError: No module named 'a_package_that_nobody_has'",
    "raising": "RuntimeError: no licence was found",
    "leaving": "SystemExit: 3",
    "hollow": "expected an engine, found object without name, capabilities, start, aclose",
    "startless": "KeyError: 'model'",
}
"""What is said of each."""


def install(folder: Path) -> None:
    """Make them a distribution in this folder, to be put on the path."""
    for name, source in _MODULES.items():
        (folder / f"broken_{name}.py").write_text(source)
    described = folder / "broken_plugins-2.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-plugins\nVersion: 2.0\n")
    points = "\n".join(f"{name} = broken_{name}:make" for name in _MODULES)
    (described / "entry_points.txt").write_text(f"[vapi_providers.voices]\n{points}\n")


def forget() -> None:
    """Take the modules out of this process again."""
    for name in _MODULES:
        sys.modules.pop(f"broken_{name}", None)

"""Finding case files: every module of a package that has ``CASES``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any


def cases_in(package: str) -> Iterator[tuple[str, Any]]:
    """Module name and case, in the order in which the package's ``ORDER`` names the modules, then by name."""
    home = importlib.import_module(package)
    order: tuple[str, ...] = getattr(home, "ORDER", ())
    names = sorted(
        (module.name for module in pkgutil.iter_modules(home.__path__)),
        key=lambda name: (order.index(name) if name in order else len(order), name),
    )
    for name in names:
        module = importlib.import_module(f"{package}.{name}")
        for case in getattr(module, "CASES", ()):
            yield module.__name__, case

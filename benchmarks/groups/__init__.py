"""The groups of benchmarks: every module in here with a ``GROUP`` is one."""

from __future__ import annotations

import importlib
import pkgutil

from benchmarks.report import CaseGroup


def load() -> dict[str, CaseGroup]:
    """All groups by name, in the order of their module names."""
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    groups: list[CaseGroup] = [module.GROUP for module in modules if hasattr(module, "GROUP")]
    return {group.name: group for group in groups}

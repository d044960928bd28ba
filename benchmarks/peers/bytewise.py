"""The module audioop: in the standard library up to Python 3.12, ``audioop-lts`` from 3.13 on."""

from __future__ import annotations

import importlib
import warnings
from typing import Any


def audioop() -> Any:
    """The module, without the warning that announces its removal from the standard library."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module("audioop")

"""How an extra of this distribution is installed, for errors that say what to do next."""

from __future__ import annotations

import json
import shlex
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["install_command"]

_NAME = "vapi-providers"


def install_command(extra: str) -> str:
    """The command that brings an extra: from the package index, or from the checkout that is installed here."""
    checkout, options = _checkout()
    if checkout is None:
        return f"pip install '{_NAME}[{extra}]'"
    here = "." if checkout == Path.cwd() else str(checkout)
    return f"pip install {options}{shlex.quote(f'{here}[{extra}]')}"


@cache
def _checkout() -> tuple[Path | None, str]:
    """The folder that this distribution was installed from, and pip's options (PEP 610)."""
    # A checkout has metadata of its own, from its build, beside what pip wrote when it was installed.
    records = (found.read_text("direct_url.json") for found in distributions(name=_NAME))
    origin = json.loads(next(filter(None, records), "{}"))
    address = urlsplit(origin.get("url", ""))
    if address.scheme != "file" or "dir_info" not in origin:
        return None, ""
    return Path(unquote(address.path)), "-e " if origin["dir_info"].get("editable") else ""

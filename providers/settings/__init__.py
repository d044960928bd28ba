"""Settings, from flags, environment, ``.env`` and a TOML file: one small struct for each room."""

from __future__ import annotations

from providers.settings.listed import names
from providers.settings.load import load
from providers.settings.option import PREFIX, Option
from providers.settings.root import Settings, headings, options

__all__ = ["PREFIX", "Option", "Settings", "headings", "load", "names", "options"]

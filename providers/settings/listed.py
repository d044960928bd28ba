"""Comma-separated settings."""

from __future__ import annotations


def names(listed: str) -> tuple[str, ...]:
    """The names in a comma-separated setting."""
    return tuple(name.strip() for name in listed.split(",") if name.strip())

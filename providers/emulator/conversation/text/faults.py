"""The error of a plan or template that cannot be used, and the one of a package that it needs."""

from __future__ import annotations

from providers.errors import ProvidersError


class PlanError(ProvidersError):
    """A field of an assistant cannot be used; the message names it, what was expected and what came."""


def package_missing(what: str, package: str) -> PlanError:
    """What to install for a part of the plans."""
    return PlanError(f"{what} needs the package {package}: pip install 'vapi-providers[emulator]'")

"""Error of the models."""

from __future__ import annotations

from providers.errors import ProvidersError


class ModelError(ProvidersError):
    """A model cannot be fetched or kept; the message says why and what to do."""

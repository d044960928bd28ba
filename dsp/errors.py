"""The two errors of signal code: a parameter that makes no sense, and a signal that cannot be processed."""

from __future__ import annotations


class ParameterError(ValueError):
    """A parameter is outside its range; the message names it, what was expected and what came."""


class SignalError(ValueError):
    """Samples have the wrong shape or dtype, or are not finite; the message says what was expected and what came."""

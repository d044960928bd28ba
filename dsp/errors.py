"""Errors of signal code: an invalid parameter, and a signal that cannot be processed."""

from __future__ import annotations


class ParameterError(ValueError):
    """A parameter is outside its range; the message has its name, what was expected and what was found."""


class SignalError(ValueError):
    """Samples have the wrong shape or dtype, or are not finite; the message has what was expected and found."""

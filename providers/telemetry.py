"""Spans and measurements for OpenTelemetry, where its API is installed; without it nothing is done.

The API alone records nothing: spans go somewhere once an SDK is configured, by ``serve --otel`` or by the program that
starts the server. Attributes never hold a text, a transcript or a secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol, TypeAlias

try:
    from opentelemetry import context, metrics, propagate, trace
except ImportError:
    INSTALLED = False
else:
    INSTALLED = True

__all__ = ["INSTALLED", "NO_SPAN", "OtelHistogram", "Span", "Value", "distribution", "note", "part", "serving", "start"]

Value: TypeAlias = str | int | float | bool | None
"""Value of an attribute; one that is None is left out."""

_SCOPE = "vapi_providers"


class Span(Protocol):
    """One piece of work, with its beginning and its end."""

    def set(self, **attributes: Value) -> None:
        """Add attributes."""

    def event(self, name: str, **attributes: Value) -> None:
        """Add something that happened now."""

    def fail(self, message: str) -> None:
        """Mark it as failed."""

    def end(self) -> None:
        """End it."""


class _NoSpan:
    def set(self, **attributes: Value) -> None:
        pass

    def event(self, name: str, **attributes: Value) -> None:
        pass

    def fail(self, message: str) -> None:
        pass

    def end(self) -> None:
        pass


NO_SPAN: Span = _NoSpan()
_NO_SERVING: AbstractContextManager[Span] = nullcontext(NO_SPAN)


class OtelHistogram(Protocol):
    """Histogram of OpenTelemetry."""

    def record(self, amount: float, attributes: Mapping[str, str]) -> None:
        """Take in a value."""


def serving(name: str, headers: Mapping[str, str], **attributes: Value) -> AbstractContextManager[Span]:
    """A request as the current span, continued from the caller's ``traceparent`` if one came along."""
    return _serving(name, headers, attributes) if INSTALLED else _NO_SERVING


def start(name: str, **attributes: Value) -> Span:
    """A part of the current request; whoever starts it ends it."""
    return _Recorded(_tracer().start_span(name, attributes=_known(attributes))) if INSTALLED else NO_SPAN


def part(name: str, **attributes: Value) -> AbstractContextManager[Span]:
    """A part of the current request, until its block ends; an exception marks it as failed."""
    return _part(name, attributes) if INSTALLED else _NO_SERVING


def note(name: str, **attributes: Value) -> None:
    """Add something that happened now to the current request."""
    if INSTALLED:
        span = trace.get_current_span()
        if span.is_recording():  # a probe that a request began may outlive it
            span.add_event(name, _known(attributes))


def distribution(name: str, description: str, unit: str) -> OtelHistogram | None:
    """A histogram of OpenTelemetry; None where its API is not installed."""
    return metrics.get_meter(_SCOPE).create_histogram(name, unit, description) if INSTALLED else None


@contextmanager
def _serving(name: str, headers: Mapping[str, str], attributes: dict[str, Value]) -> Iterator[Span]:
    caller = propagate.extract(headers)
    span = _tracer().start_span(name, caller, kind=trace.SpanKind.SERVER, attributes=_known(attributes))
    token = context.attach(trace.set_span_in_context(span, caller))
    recorded = _Recorded(span)
    try:
        yield recorded
    except Exception as error:
        recorded.fail(type(error).__name__)
        raise
    finally:
        context.detach(token)
        span.end()


@contextmanager
def _part(name: str, attributes: dict[str, Value]) -> Iterator[Span]:
    span = start(name, **attributes)
    try:
        yield span
    except Exception as error:
        span.fail(type(error).__name__)
        raise
    finally:
        span.end()


class _Recorded:
    """A span of OpenTelemetry; its first failure is the one that is told."""

    def __init__(self, span: Any) -> None:
        self._span = span
        self._failed = False

    def set(self, **attributes: Value) -> None:
        self._span.set_attributes(_known(attributes))

    def event(self, name: str, **attributes: Value) -> None:
        self._span.add_event(name, _known(attributes))

    def fail(self, message: str) -> None:
        if not self._failed:
            self._failed = True
            self._span.set_status(trace.StatusCode.ERROR, message)

    def end(self) -> None:
        self._span.end()


def _tracer() -> Any:
    return trace.get_tracer(_SCOPE)


def _known(attributes: dict[str, Value]) -> dict[str, Any]:
    return {f"providers.{name}": value for name, value in attributes.items() if value is not None}

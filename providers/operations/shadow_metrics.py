"""Instruments of the shadow: how far it agrees with what was sent, and how soon it knows."""

from __future__ import annotations

from typing import Protocol

from prometheus_client import CollectorRegistry, Counter

from providers.operations.instruments import LAGS, Distribution

__all__ = ["ShadowMetrics"]

WORDS = ("agreed", "changed", "missing", "added")
TERMS = ("digits", "names")


class ComparedCounts(Protocol):
    """Counts over a stretch of speech (`providers.shadow.comparison.Comparison`)."""

    @property
    def agreed(self) -> int: ...  # they are described where they are made
    @property
    def changed(self) -> int: ...
    @property
    def missing(self) -> int: ...
    @property
    def added(self) -> int: ...
    @property
    def digits_same(self) -> int: ...
    @property
    def digits_different(self) -> int: ...
    @property
    def names_same(self) -> int: ...
    @property
    def names_different(self) -> int: ...


class ShadowMetrics:
    """Comparisons with a second recogniser that is never sent."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._words = Counter(
            "providers_shadow_words",
            "Words of calls that a shadow heard too, by what it made of them",
            ["engine", "outcome"],
            registry=registry,
        )
        self._terms = Counter(
            "providers_shadow_terms",
            "Digits of a stretch of speech and names in it, by whether the shadow has the same",
            ["engine", "kind", "outcome"],
            registry=registry,
        )
        self._calls = Counter(
            "providers_shadow_calls", "Recognitions that a shadow heard", ["engine", "outcome"], registry=registry
        )
        self._lag = Distribution(
            "providers_shadow_lag_seconds",
            "From the arrival of the last audio that a shadow's final covers until it is there",
            ["engine"],
            registry=registry,
            buckets=LAGS,
        )

    def compared(self, engine: str, comparison: ComparedCounts) -> None:
        """Count a stretch of speech."""
        for outcome in WORDS:
            self._words.labels(engine, outcome).inc(getattr(comparison, outcome))
        for kind in TERMS:
            for outcome in ("same", "different"):
                self._terms.labels(engine, kind, outcome).inc(getattr(comparison, f"{kind}_{outcome}"))

    def final(self, engine: str, lag: float) -> None:
        """Count a final of the shadow."""
        self._lag.observe(lag, engine)

    def ended(self, engine: str, outcome: str) -> None:
        """Count a recognition that a shadow heard."""
        self._calls.labels(engine, outcome).inc()

"""Page of metrics: counters, gauges and histograms of one moment, and what changed since an earlier one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

__all__ = ["MetricsPage", "quantile"]

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """Samples of one scrape."""

    at: float
    """Seconds, monotonic."""
    samples: Mapping[str, Mapping[Labels, float]] = field(default_factory=dict)
    """Values by name and labels."""

    @classmethod
    def parse(cls, text: str, at: float) -> MetricsPage:
        """Read Prometheus' text format.

        Raises
        ------
        ValueError
            It is something else.
        """
        found: dict[str, dict[Labels, float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
        return cls(at, found)

    def total(self, name: str, **labels: str) -> float:
        """Sum of the samples with these labels."""
        return sum(value for key, value in self.samples.get(name, {}).items() if labels.items() <= dict(key).items())

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Sums of the samples with these labels, by the values of one label."""
        sums: dict[str, float] = {}
        for key, value in self.samples.get(name, {}).items():
            found = dict(key)
            if labels.items() <= found.items() and label in found:
                sums[found[label]] = sums.get(found[label], 0.0) + value
        return sums

    def since(self, earlier: MetricsPage) -> MetricsPage:
        """What was added since an earlier page; gauges are differences too. A server that restarted begins anew."""
        samples = {
            name: {key: _grown(value, earlier.samples.get(name, {}).get(key, 0.0)) for key, value in values.items()}
            for name, values in self.samples.items()
        }
        return MetricsPage(self.at - earlier.at, samples)

    def quantile(self, share: float, name: str, **labels: str) -> float | None:
        """A quantile of a histogram, interpolated within its bucket as Prometheus does; None without observations."""
        buckets = self.by(f"{name}_bucket", "le", **labels)
        return quantile(share, {float(bound): count for bound, count in buckets.items()})

    def label_values(self, name: str, label: str) -> Iterator[str]:
        """Values of a label, sorted."""
        yield from sorted(self.by(name, label))


def _grown(now: float, before: float) -> float:
    return now - before if now >= before else now


def quantile(share: float, buckets: Mapping[float, float]) -> float | None:
    """A quantile of cumulative counts by upper bound; the last finite bound where it lies beyond that.

    >>> quantile(0.5, {0.1: 0, 0.2: 10, math.inf: 10}), quantile(0.5, {math.inf: 0})
    (0.15000000000000002, None)
    """
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0.0
    if not total > 0:
        return None
    wanted, lower, below = share * total, 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= wanted:
            if math.isinf(bound):
                return lower
            inside = buckets[bound] - below
            return lower + (bound - lower) * ((wanted - below) / inside if inside else 1.0)
        lower, below = bound, buckets[bound]
    return lower

"""What a load showed: values as they came, merged over callers and processes, never sorted before the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_STEP = 0.0005
"""Seconds, the width of a bin of `Lateness`."""
_BINS = 2000


@dataclass(slots=True)
class Lateness:
    """How late the generator itself was with its frames: a histogram, because there are a million of them."""

    counts: list[int] = field(default_factory=lambda: [0] * _BINS)

    def add(self, seconds: float) -> None:
        """Count one frame."""
        self.counts[min(_BINS - 1, max(0, int(seconds / _STEP)))] += 1

    def percentile(self, share: float) -> float:
        """Seconds; the upper edge of the bin in which this share of all frames lies."""
        wanted, seen = share * sum(self.counts), 0
        for index, count in enumerate(self.counts):
            seen += count
            if count and seen >= wanted:
                return (index + 1) * _STEP
        return 0.0


@dataclass(slots=True)
class Measures:
    """Everything that is measured; times in seconds."""

    calls: int = 0
    """Calls that opened."""
    first_byte: list[float] = field(default_factory=list)
    first_audible: list[float] = field(default_factory=list)
    sound: float = 0.0
    """Seconds of speech that were played."""
    stalled: float = 0.0
    """Seconds of dead air in between."""
    interrupted: int = 0
    """Answers cut off by barge-in."""
    lags: list[float] = field(default_factory=list)
    partials: int = 0
    finals: int = 0
    endpointing: list[float] = field(default_factory=list)
    frames: int = 0
    not_accepted: int = 0
    """Frames that found the ones before them still waiting."""
    dropped: int = 0
    """Frames of those that were not sent at all."""
    errors: Counter[str] = field(default_factory=Counter)
    lateness: Lateness = field(default_factory=Lateness)
    cpu: list[float] = field(default_factory=list)
    """Share of a core, one value per process of the generator."""

    def absorb(self, other: Measures) -> None:
        """Add what another process measured."""
        for name in (
            "calls",
            "sound",
            "stalled",
            "interrupted",
            "partials",
            "finals",
            "frames",
            "not_accepted",
            "dropped",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("first_byte", "first_audible", "lags", "endpointing", "cpu"):
            getattr(self, name).extend(getattr(other, name))
        self.errors.update(other.errors)
        self.lateness.counts = [
            mine + its for mine, its in zip(self.lateness.counts, other.lateness.counts, strict=True)
        ]

    @property
    def continuity(self) -> float:
        """Share of playing time without dead air, 0 … 1."""
        return self.sound / (self.sound + self.stalled) if self.sound else 1.0

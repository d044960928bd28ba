"""What a load showed: values as they came, merged over calls and processes, never sorted before the end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from providers.emulator.formatting import percentile

_STEP = 0.0005
"""Seconds, the width of a bin of `Lateness`."""
_LAST_BIN = 1999
_KINDS = 50
"""Kinds of errors that are told apart."""


@dataclass(slots=True)
class Lateness:
    """How late the generator itself was with its frames: a histogram, because there are a million of them."""

    counts: Counter[int] = field(default_factory=Counter)
    """Frames by bin."""

    def add(self, seconds: float) -> None:
        """Count one frame."""
        self.counts[min(_LAST_BIN, max(0, int(seconds / _STEP)))] += 1

    def percentile(self, share: float) -> float:
        """Seconds; the upper edge of the bin in which this share of all frames lies."""
        wanted, seen = share * sum(self.counts.values()), 0
        for index, count in sorted(self.counts.items()):
            seen += count
            if seen >= wanted:
                return (index + 1) * _STEP
        return 0.0


@dataclass(slots=True)
class Times:
    """Durations in seconds, and those that were still open when last seen: they count as at least their age."""

    values: list[float] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    """Seconds of the load at which each value was there."""
    open: list[float] = field(default_factory=list)
    """Ages of what had not come."""

    def add(self, seconds: float, at: float = 0.0) -> None:
        """Note one duration."""
        self.values.append(seconds)
        self.at.append(at)

    def percentile(self, share: float) -> float:
        """Seconds, NaN for no values; a lower bound where `is_bound` says so."""
        return percentile(self._all(), share)

    def is_bound(self, share: float) -> bool:
        """True where the percentile would be higher if what is open never came."""
        never = [*self.values, *([math.inf] * len(self.open))]
        return bool(self.open) and percentile(never, share) != self.percentile(share)

    def _all(self) -> Sequence[float]:
        return [*self.values, *self.open]


@dataclass(slots=True)
class VoiceMeasures:
    """The voice endpoint's answers."""

    connect: Times = field(default_factory=Times)
    first_byte: Times = field(default_factory=Times)
    first_audible: Times = field(default_factory=Times)
    sound: float = 0.0
    """Seconds of speech that were played."""
    stalled: float = 0.0
    """Seconds of dead air in between."""
    interrupted: int = 0
    """Answers cut off by barge-in."""

    @property
    def continuity(self) -> float:
        """Share of playing time without dead air, 0 … 1."""
        return self.sound / (self.sound + self.stalled) if self.sound else 1.0


@dataclass(slots=True)
class TranscriberMeasures:
    """The calls to the transcriber endpoint."""

    opened: Times = field(default_factory=Times)
    """One per call that opened."""
    lags: Times = field(default_factory=Times)
    """From the end of an utterance to its last final."""
    partials: int = 0
    finals: int = 0
    unmatched: int = 0
    """Finals that could not be matched with an utterance."""
    in_speech: int = 0
    """Finals that came while their utterance was still spoken."""
    frames: int = 0
    not_accepted: int = 0
    """Frames that found the ones before them still waiting."""
    dropped: int = 0
    """Frames of those that were not sent at all."""


@dataclass(slots=True)
class Measures:
    """Everything that is measured."""

    voice: VoiceMeasures = field(default_factory=VoiceMeasures)
    transcriber: TranscriberMeasures = field(default_factory=TranscriberMeasures)
    endpointing: Times = field(default_factory=Times)
    errors: Counter[str] = field(default_factory=Counter)
    error_times: list[float] = field(default_factory=list)
    """Seconds of the load at which errors came."""
    lateness: Lateness = field(default_factory=Lateness)
    cpu: list[float] = field(default_factory=list)
    """Share of a core, one value per process of the generator."""

    def error(self, kind: str, at: float) -> None:
        """Count one error; kinds beyond the first fifty are one."""
        known = kind in self.errors or len(self.errors) < _KINDS
        self.errors[kind if known else "other errors"] += 1
        self.error_times.append(at)

    def absorb(self, other: Measures) -> None:
        """Add what another process measured."""
        _absorb(self, other)


def _absorb(mine: Any, other: Any) -> None:
    """Add each field of another object of the same class."""
    for each in fields(mine):
        own, its = getattr(mine, each.name), getattr(other, each.name)
        if is_dataclass(own):
            _absorb(own, its)
        elif isinstance(own, Counter):
            own.update(its)
        elif isinstance(own, list):
            own.extend(its)
        else:
            setattr(mine, each.name, own + its)

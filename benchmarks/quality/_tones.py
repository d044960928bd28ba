"""Measurement of resamplers by tones: the output is split into the tone and everything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from benchmarks.peers.stream import Stream

Make: TypeAlias = Callable[[int, int], Stream]
"""From input and output rate in Hz to a fresh stream."""

SECONDS = 0.4
"""Length of a test tone."""
EDGE = 0.1
"""Seconds at either end of the output that are left out: filters settle there."""
LEVEL = 0.5
"""Amplitude of a test tone."""
FEED = 0.02
"""Seconds per call, as on a telephone line."""


@dataclass(frozen=True)
class Heard:
    """One tone after the resampler, relative to the tone that went in."""

    tone_db: float
    """Level at the tone's own frequency."""
    rest_db: float
    """Level of everything else: aliases, images, distortion, noise."""
    total_db: float
    phase: float
    """Radians, of the tone."""


def hear(stream: Stream, hertz: float, in_rate: int, out_rate: int) -> Heard:
    """Response to one tone, split by least squares."""
    time = np.arange(round(in_rate * SECONDS)) / in_rate
    tone = (LEVEL * np.sin(2 * np.pi * hertz * time)).astype(np.float32)
    out = stream.run(tone, round(in_rate * FEED)).astype(np.float64)
    edge = round(EDGE * out_rate)
    kept = out[edge : round(SECONDS * out_rate) - edge]
    angle = 2 * np.pi * hertz * (np.arange(len(kept)) + edge) / out_rate
    basis = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    (sine, cosine), *_ = np.linalg.lstsq(basis, kept, rcond=None)
    rest = kept - basis @ (sine, cosine)
    return Heard(
        tone_db=_db(np.hypot(sine, cosine) / LEVEL),
        rest_db=_db(np.sqrt(2 * np.mean(rest**2)) / LEVEL),
        total_db=_db(np.sqrt(2 * np.mean(kept**2)) / LEVEL),
        phase=float(np.arctan2(cosine, sine)),
    )


def _db(amplitude: float) -> float:
    return float(20 * np.log10(max(amplitude, 1e-9)))


def group_delay(make: Make, in_rate: int, out_rate: int) -> float:
    """Seconds by which the output trails the input around 500 Hz, from the phases of two neighbouring tones."""
    low, high = 490.0, 510.0
    phases = [hear(make(in_rate, out_rate), hertz, in_rate, out_rate).phase for hertz in (low, high)]
    turned = (phases[0] - phases[1] + np.pi) % (2 * np.pi) - np.pi
    return float(turned / (2 * np.pi * (high - low)))


def latency(make: Make, in_rate: int, out_rate: int) -> float:
    """Seconds from a sound's arrival to its way out, at worst, on a live line that brings 20 ms at a time."""
    stream, size = make(in_rate, out_rate), round(in_rate * FEED)
    block = stream.native(np.zeros(size, dtype=np.float32))
    fed = made = behind = 0.0
    for _ in range(100):
        fed += size / in_rate
        made += len(stream.float32(stream.feed(block))) / out_rate
        behind = max(behind, fed - made)
    return behind + group_delay(make, in_rate, out_rate)


def pass_band(in_rate: int, out_rate: int, points: int = 24) -> list[float]:
    """Hz, from 100 to 0.7 of the lower Nyquist frequency."""
    return [float(hertz) for hertz in np.linspace(100, 0.35 * min(in_rate, out_rate), points)]


def alias_band(in_rate: int, out_rate: int, points: int = 24) -> list[float]:
    """Hz, what would fold into the pass band: from 1.3 times the lower Nyquist frequency up; empty when going up."""
    start, stop = 0.65 * out_rate, 0.49 * in_rate
    return [float(hertz) for hertz in np.linspace(start, stop, points)] if start < stop else []


def sweep(make: Make, in_rate: int, out_rate: int, tones: Sequence[float]) -> list[Heard]:
    """Every tone through a stream of its own."""
    return [hear(make(in_rate, out_rate), hertz, in_rate, out_rate) for hertz in tones]

"""Alignment of a processed signal with its input, for comparison sample by sample."""

from __future__ import annotations

import numpy as np

from dsp import Samples

LATEST = 0.1
"""Seconds of delay that are looked for."""


def lag(clean: Samples, answer: Samples, rate: int) -> int:
    """Samples by which the answer is late, by correlation."""
    size = 1 << (2 * clean.size).bit_length()
    match = np.fft.irfft(np.conj(np.fft.rfft(clean, size)) * np.fft.rfft(answer, size), size)
    return int(match[: round(LATEST * rate)].argmax())


def in_step(answer: Samples, late: int, length: int) -> Samples:
    """The answer without its delay, at the length of what was asked."""
    moved = answer[late:][:length]
    return np.pad(moved, (0, length - moved.size)).astype(np.float32)

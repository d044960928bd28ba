"""A ruler for what takes things away: how late the answer is, how much of the wanted is left, how much of the rest."""

from __future__ import annotations

import numpy as np

from benchmarks.signals import Floats, Frames
from dsp import Samples

EMPHASIS = 0.9
"""First-order pre-emphasis before the loss of speech is measured: without it the lowest formant alone would decide."""
LATEST = 0.1
"""Seconds of delay that are looked for."""
SETTLED = 4.0
"""Seconds after which something that adapts is judged."""
REACH = 10
"""Frames of 10 ms around speech that do not count as background: hang-over, reverberation of the analysis window."""


def lag(clean: Samples, answer: Samples, rate: int) -> int:
    """Samples by which the answer is late, by correlation."""
    size = 1 << (2 * clean.size).bit_length()
    match = np.fft.irfft(np.conj(np.fft.rfft(clean, size)) * np.fft.rfft(answer, size), size)
    return int(match[: round(LATEST * rate)].argmax())


def in_step(answer: Samples, late: int, length: int) -> Samples:
    """The answer without its delay, at the length of what was asked."""
    moved = answer[late:][:length]
    return np.pad(moved, (0, length - moved.size)).astype(np.float32)


def kept_db(clean: Samples, answer: Samples) -> float:
    """How much of the clean signal is in the answer, dB; a projection, so other sound in it does not count."""
    wanted, found = _emphasised(clean), _emphasised(answer)
    share = float(wanted @ found) / float(wanted @ wanted)
    return 20 * float(np.log10(max(share, 1e-5)))


def removed_db(before: Samples, after: Samples, truth: Frames, rate: int) -> float:
    """How much weaker the pauses between speech have become, dB, once everything has settled."""
    near_speech = np.convolve(truth, np.ones(2 * REACH + 1), mode="same") > 0.5
    pauses = ~near_speech
    pauses[: round(SETTLED * 100)] = False
    chosen = np.repeat(pauses, rate // 100)
    levels = [float(np.square(one[: chosen.size][chosen], dtype=np.float64).mean()) for one in (before, after)]
    return 10 * float(np.log10(levels[0] / max(levels[1], 1e-12)))


def _emphasised(samples: Samples) -> Floats:
    wide = samples.astype(np.float64)
    wide[1:] -= EMPHASIS * samples[:-1]
    return wide
